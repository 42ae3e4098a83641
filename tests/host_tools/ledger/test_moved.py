"""What a run of settling moved: from whom to whom, added up, and each time only what that run did."""

from collections import Counter

from sealwright.ledger import Moved, Movement

from tests.host_tools.factory import DAY
from tests.host_tools.ledger.conftest import raws


def moved(ledger, messages):
    found = Moved()
    verdicts = list(ledger.settle(raws(messages), moved=found))
    assert all(verdict.ok for verdict in verdicts), verdicts
    return list(found)


def test_what_a_trade_moves(world):
    ledger, payer, payee = world.ledger(), world.payer.id, world.payee.id
    channel, other = world.payer.open(world.payee, 300), world.payer.open(world.payee, 50)
    last = world.payer.voucher(channel, 200, seq=2)
    first = [world.owner.deposit(world.payer, 700), world.owner.deposit(world.payer, 300), channel, other]
    vouchers = [world.payer.voucher(channel, 120, seq=1), last, world.payer.voucher(other, 7)]
    bundle = [*world.certificates, *first, *vouchers, world.payee.close(channel, claims=(last,))]
    assert moved(ledger, bundle) == [
        Movement("paid", payer, payee, "credit", 207),
        Movement("refunded", payer, payee, "credit", 100),
        Movement("locked", payer, payee, "credit", 350),
        Movement("deposited", None, payer, "credit", 1000),
    ]
    assert moved(ledger, bundle) == []
    world.at += 40 * DAY  # the other claim has ended: the next run refunds what is left of it
    more = [
        world.owner.deposit(world.payee, 60),
        world.network.grant(world.payee),
        world.owner.withdraw(world.payee, 40),
    ]
    assert moved(ledger, more) == [
        Movement("refunded", payer, payee, "credit", 43),
        Movement("deposited", None, payee, "credit", 60),
        Movement("withdrawn", payee, None, "credit", 40),
    ]


def test_it_is_what_the_entries_say(world):
    ledger = world.ledger()
    channel = world.payer.open(world.payee, 300)
    found = moved(
        ledger, [*world.certificates, world.owner.deposit(world.payer, 500), channel, world.payer.voucher(channel, 9)]
    )
    given = Counter()
    for entry in ledger.entries():
        given[entry.type] += max(0, entry.amount)
    assert {one.kind: one.amount for one in found} == {
        "paid": given["voucher"],
        "locked": given["channel-open"],
        "deposited": given["command"],
    }
