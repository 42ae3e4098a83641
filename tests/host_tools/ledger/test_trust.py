"""Who may bring money in, whose word counts, and when."""

import pytest
from sealwright.errors import Malformed, WrongType

from tests.host_tools.factory import DAY, NOW, Network, hash32, ledger_id
from tests.host_tools.ledger.conftest import holds, raw_of


def test_deposits(world):
    ledger = world.ledger()
    most = 2**63 - 1
    order = world.owner.deposit(world.payer, 5)
    assert [ledger.deposit(order.raw).code for _ in range(2)] == ["ok", "already_settled"]
    assert ledger.deposit(world.owner.deposit(world.payer, 6, seq=1).raw).code == "replay"
    assert ledger.deposit(world.owner.deposit(world.payee, 6, seq=1).raw).code == "ok"
    assert ledger.deposit(world.network.owner("other").deposit(world.payer, 6).raw).code == "unknown_signer"
    assert ledger.deposit(world.owner.deposit(world.payer, most - 10).raw).code == "over_supply"
    assert ledger.deposit(world.owner.deposit(world.payer, most - 11).raw).code == "ok"
    assert ledger.deposit(world.owner.deposit(world.payer, most, asset="Wh").raw).code == "ok"
    assert holds(ledger, world.payer) == most - 6
    assert ledger.audit().ok


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        {},
        {1: "credit"},
        {1: "credit", 2: 0},
        {1: "", 2: 5},
        {1: "credit", 2: 2**63},
        {1: 5, 2: 5},
        {1: "credit", 2: True},
        {1: "credit", 2: -1},
        {1: "credit", 2: 5, 3: 0},
        {1: "two words", 2: 5},
        {1: "\u20ac", 2: 5},
        {1: "x" * 33, 2: 5},
        ["credit", 5],
    ],
)
def test_deposits_that_say_nothing_clear(world, arguments):
    if isinstance(arguments, dict):
        arguments = {3: ledger_id(), **arguments}
    assert world.ledger().deposit(world.owner.command(world.payer, "deposit", arguments).raw).code == "bad_deposit"


def test_deposit_takes_deposits_only(world):
    ledger = world.ledger()
    for raw, error in (
        (b"\x01", Malformed),
        (world.payer.reading().raw, WrongType),
        (world.owner.command(world.payer, "pause").raw, WrongType),
    ):
        with pytest.raises(error):
            ledger.deposit(raw)


def test_a_deposit_and_a_channel_count_in_the_ledger_they_name_alone(world):
    ledger = world.funded(100)
    theirs = ledger_id("another ledger")
    assert ledger.deposit(world.owner.deposit(world.payer, 5, ledger=theirs).raw).code == "wrong_ledger"
    unnamed = world.owner.command(world.payer, "deposit", {1: "credit", 2: 5})
    assert ledger.deposit(unnamed.raw).code == "wrong_ledger"
    opens = [world.payer.open(world.payee, 10, ledger=named) for named in (theirs, None)]
    assert world.codes(ledger, opens) == ["wrong_ledger"] * 2
    assert holds(ledger, world.payer) == 100 and ledger.channels() == []
    assert ledger.audit().ok


def test_time(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    early, late = pay(channel, 1, not_before=NOW + 1), pay(channel, 2, seq=2, not_after=NOW - 1)
    assert world.codes(ledger, [early, late]) == ["not_yet_valid", "expired"]
    world.at = NOW + 1
    assert world.codes(ledger, [early]) == ["ok"]
    old = world.network.device("old", expires=NOW + 10)
    assert world.codes(ledger, [old.certificate]) == ["ok"]
    world.at = NOW + 10
    assert world.codes(ledger, [old.open(world.payee, 1)]) == ["expired_certificate"]
    assert world.codes(ledger, [world.payer.open(world.payee, 1, expires=NOW - 3 * DAY)]) == ["expired"]
    assert ledger.audit().ok


def test_time_moves_on_between_batches(world):
    """A long settlement: each batch is judged and logged as of its own time."""
    ledger, channel = world.opened()
    ticking = iter(range(NOW, NOW + 100))
    slow = world.ledger(clock=lambda: next(ticking))
    assert slow.head() == ledger.head()
    vouchers = [world.payer.voucher(channel, n, seq=n, not_after=NOW + 5) for n in range(1, 10)]
    codes = world.codes(slow, vouchers, batch=1)
    taken = codes.count("ok")
    assert 0 < taken < 6 and codes == ["ok"] * taken + ["expired"] * (9 - taken)
    assert slow.audit().ok


def test_whom_to_trust(world):
    emulated = Network("emulated net", "emulated root", model="emulated")
    device = emulated.device("e")
    ledger = world.ledger()
    both = [world.network.root, emulated.root]
    given = {"identity": world.identity, "clock": lambda: NOW}
    plain = type(ledger)(world.path, both, [world.owner.key.public], **given)
    allowed = type(ledger)(world.path, both, [world.owner.key.public], **given, allow_test=True)
    bundle = [world.owner.deposit(device, 9), device.certificate, device.open(world.payee, 9)]
    assert world.codes(ledger, bundle) == ["ok", "unknown_signer", "unknown_signer"]
    assert world.codes(plain, bundle) == ["already_settled", "test_root", "test_root"]
    assert world.codes(allowed, bundle) == ["already_settled", "ok", "ok"]
    assert allowed.audit().ok
    assert {finding.code for finding in plain.audit().findings} == {"unacceptable_message", "view_differs"}
    assert not world.ledger(owners=[]).audit().ok


def test_custody_and_network(world):
    weak = world.network.device("weak", custody=0)
    strict = world.ledger(custody_floor=1)
    money = world.owner.deposit(weak, 100)
    assert world.codes(strict, [money, weak.certificate, weak.open(world.payee, 1)]) == ["ok"] + ["custody_too_low"] * 2
    ledger = world.ledger()
    assert world.codes(ledger, [weak.certificate, weak.open(world.payee, 1)]) == ["ok", "ok"]
    assert world.codes(strict, [weak.open(world.payee, 1, nonce=bytes(16))]) == ["custody_too_low"]
    assert strict.audit().ok  # it was taken when nobody demanded more
    elsewhere = world.ledger(network=hash32("another"))
    assert world.codes(elsewhere, [world.payer.certificate]) == ["wrong_network"]


def test_a_renewed_certificate(world):
    """The newer one counts whichever comes first, now and for an audit."""
    old = world.network.device("d", expires=NOW + 10)
    new = world.network.device("d", issued_at=NOW, expires=NOW + 100 * DAY)
    ledger = world.ledger()
    bundle = [new.certificate, old.certificate, world.owner.deposit(new, 5)]
    assert world.codes(ledger, bundle) == ["ok"] * 3
    world.at = NOW + 20
    assert world.codes(world.ledger(), [old.certificate, new.open(world.payee, 5)]) == ["already_settled", "ok"]
    assert ledger.audit().ok


def test_a_certificate_that_another_process_settles_meanwhile_counts(world):
    ledger = world.ledger()
    late = world.network.device("late")
    assert ledger.deposit(world.owner.deposit(late, 5).raw).ok

    def messages():
        yield world.payer.certificate.raw
        assert world.codes(world.ledger(), [late.certificate]) == ["ok"]
        yield late.open(world.payee, 5).raw

    assert world.codes(ledger, messages(), batch=1) == ["ok", "ok"]
    assert ledger.audit().ok


def test_of_two_certificates_of_one_day_the_one_settled_first_counts(world):
    """As it will to an audit, which meets them in the order of the log."""
    strict = world.ledger(custody_floor=1)
    good = world.network.device("d", custody=2)
    weak = world.network.device("d", custody=0, id=bytes(16))
    assert world.codes(strict, [good.certificate, world.owner.deposit(good, 5)]) == ["ok", "ok"]
    again = world.ledger(custody_floor=1)
    assert world.codes(again, [weak.certificate, good.open(world.payee, 5)]) == ["custody_too_low", "ok"]
    assert again.audit().ok


def test_a_verdict_waits_for_what_comes_later_in_the_bundle(world):
    """Order decides nothing: what rests on a later message is settled after it, and its verdict comes last."""
    ledger = world.ledger()
    channel = world.payer.open(world.payee, 10)
    paid = world.payer.voucher(channel, 7)
    bundle = [world.payee.close(channel, claims=()), paid, channel, *world.certificates[::-1]]
    verdicts = list(ledger.settle([*map(raw_of, bundle), world.owner.deposit(world.payer, 10).raw], batch=2))
    assert {verdict.code for verdict in verdicts} == {"ok"}
    assert [verdict.n for verdict in verdicts] == [3, 4, 5, 2, 1, 0]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (3, 7)
    assert ledger.audit().ok
