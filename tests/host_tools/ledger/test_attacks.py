"""Attacks on a ledger that believed whichever message came first, each as a test of the right outcome.

Every one has a funded channel and a payee that did its part: the payee gets what it is owed, the payer the rest, all
sums are 0 and the audit agrees.
"""

import os

from sealwright.ledger import Ledger
from sealwright.wire.messages import ChannelClose, Ticks, sign_message

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.conftest import holds

CAPACITY = 10_000


def settled(world, *, payer, payee):
    """After all claims have ended: each has what is right, nothing is locked, and the sums are 0."""
    world.at = NOW + 400 * DAY
    ledger = world.ledger()
    ledger.refund_ended()
    balances = ledger.balances()
    assert sum(balance.amount for balance in balances) == 0
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (payer, payee)
    assert all(channel.remaining == 0 for channel in ledger.channels())
    report = ledger.audit()
    assert report.ok, report.findings


def test_seq_poison(world):
    """The payer settles its highest number for nothing, before the payee comes with the voucher that pays."""
    ledger, channel = world.opened(CAPACITY)
    world.codes(ledger, [world.payer.voucher(channel, 0, seq=2**64 - 1)])
    assert world.codes(ledger, [world.payer.voucher(channel, 9000, seq=7)]) == ["ok"]
    world.codes(ledger, [world.payer.close(channel)])
    settled(world, payer=1000, payee=9000)


def test_tick_reservation(world):
    """The payer promises, in another lane, ticks for the whole capacity that it never reveals."""
    ledger, channel = world.opened(CAPACITY)
    world.codes(ledger, [world.payer.voucher(channel, 0, lane=9, ticks=Ticks(os.urandom(32), CAPACITY, 1))])
    assert world.codes(ledger, [world.payer.voucher(channel, 9000, seq=7)]) == ["ok"]
    world.codes(ledger, [world.payer.close(channel)])
    settled(world, payer=1000, payee=9000)


def test_close_without_the_voucher(world):
    """The payer settles the payee's own close, which it got at the end of the trade, and keeps the voucher back."""
    ledger, channel = world.opened(CAPACITY)
    honest, close = world.payer.voucher(channel, 9000, seq=7), world.payee.close(channel)
    assert world.codes(ledger, [close]) == ["ok"]
    assert holds(ledger, world.payer) == 0
    assert world.codes(ledger, [honest, close]) == ["ok", "already_settled"]
    settled(world, payer=1000, payee=9000)


def test_close_that_claims_without_the_voucher(world):
    """As before, with a close that claims: what it claims stays locked for the voucher."""
    ledger, channel = world.opened(CAPACITY)
    honest = world.payer.voucher(channel, 9000, seq=7)
    assert world.codes(ledger, [world.payee.close(channel, claims=(honest,))]) == ["ok"]
    assert holds(ledger, world.payer) == 1000
    assert world.codes(ledger, [honest]) == ["ok"]
    settled(world, payer=1000, payee=9000)


def test_same_money_in_two_ledgers(world, tmp_path):
    """One deposit and one channel, settled in the ledger they name and in another of the same operator."""
    other = world.network.ledger("another ledger")
    channel = world.payer.open(world.payee, 5000)
    bundle = [
        *world.certificates,
        world.owner.deposit(world.payer, 5000),
        channel,
        world.payer.voucher(channel, 5000),
    ]
    assert world.codes(world.ledger(), bundle) == ["ok"] * 5
    given = {"identity": other, "clock": lambda: world.at}
    second = Ledger(tmp_path / "second.db", [world.network.root], [world.owner.key.public], **given)
    codes = world.codes(second, bundle)
    assert codes == ["ok", "ok", "wrong_ledger", "wrong_ledger", "unknown_channel"]
    assert second.balances() == [] and second.audit().ok
    settled(world, payer=0, payee=5000)


def issuers(world):
    """An issuer that turned hostile, and an honest one that may issue too and certified the payer."""
    hostile = world.network.issuer("hostile", may_issue=1)
    honest = world.network.issuer("honest", may_issue=2)
    world.payer = world.network.device("payer", honest)
    demotion = world.network.certify(honest.key, hostile.key, may_issue=None, issued_at=NOW, id=hash32("demotion")[:16])
    takeover = world.network.certify(
        world.payer.key, hostile.key, issued_at=NOW, id=hash32("takeover")[:16], expires=NOW + 3
    )
    return hostile, honest, demotion, takeover


def test_another_issuer_supersedes_a_certificate(world):
    hostile, honest, _, takeover = issuers(world)
    ledger = world.ledger()
    bundle = [
        hostile.certificate,
        honest.certificate,
        world.payer.certificate,
        world.owner.deposit(world.payer, CAPACITY),
    ]
    assert world.codes(ledger, [*bundle, world.payee.certificate, takeover]) == ["ok"] * 5 + ["bad_certificate"]
    world.at = NOW + 4  # the forged one would have expired, and the device with it
    channel = world.payer.open(world.payee, CAPACITY)
    assert world.codes(ledger, [channel, world.payer.voucher(channel, 9000)]) == ["ok", "ok"]
    settled(world, payer=1000, payee=9000)


def test_an_issuer_demotes_another_issuer(world):
    hostile, honest, demotion, _ = issuers(world)
    ledger = world.ledger()
    assert world.codes(ledger, [hostile.certificate, honest.certificate]) == ["ok", "ok"]
    assert world.codes(ledger, [demotion]) == ["bad_certificate"]
    bundle = [world.payer.certificate, world.payee.certificate, world.owner.deposit(world.payer, CAPACITY)]
    assert world.codes(ledger, bundle) == ["ok"] * 3
    channel = world.payer.open(world.payee, CAPACITY)
    assert world.codes(ledger, [channel, world.payer.voucher(channel, 9000)]) == ["ok", "ok"]
    settled(world, payer=1000, payee=9000)


def test_a_demotion_between_funding_and_voucher(world):
    """What happens to the payer's chain after funding changes nothing for the vouchers in the channel."""
    hostile, honest, demotion, takeover = issuers(world)
    ledger = world.ledger()
    channel = world.payer.open(world.payee, CAPACITY)
    bundle = [hostile.certificate, honest.certificate, world.payer.certificate, world.payee.certificate]
    codes = world.codes(ledger, [*bundle, world.owner.deposit(world.payer, CAPACITY), channel])
    assert codes == ["ok"] * 6
    assert world.codes(ledger, [demotion, takeover]) == ["bad_certificate"] * 2
    world.at = NOW + 4
    assert world.codes(ledger, [world.payer.voucher(channel, 9000)]) == ["ok"]
    settled(world, payer=1000, payee=9000)


def test_one_flipped_bit_in_a_voucher(world):
    """The close of the bundle holds, the voucher does not: the good copy that comes later is paid."""
    ledger = world.ledger()
    channel = world.payer.open(world.payee, CAPACITY)
    voucher = world.payer.voucher(channel, 9000)
    damaged = voucher.raw[:-1] + bytes((voucher.raw[-1] ^ 1,))
    for close in (world.payee.close(channel), world.payee.close(channel, claims=(voucher,))):
        bundle = [*world.certificates, world.owner.deposit(world.payer, CAPACITY, seq=1), channel, damaged, close]
        codes = world.codes(ledger, bundle)
        assert codes[4] == "bad_signature" and holds(ledger, world.payee) == 0
    assert world.codes(ledger, [voucher]) == ["ok"]
    settled(world, payer=1000, payee=9000)


def test_locked_deposit(world):
    """The payer's machine died and the payee never closed: the money comes back by itself, and nobody else's close
    counts."""
    ledger, channel = world.opened(CAPACITY)
    world.at = NOW + 33 * DAY - 1
    foreign = [sign_message(signer.key, ChannelClose(channel.digest, NOW)) for signer in (world.owner, world.network)]
    refused = world.codes(ledger, foreign)
    assert not {"ok", "already_settled"} & set(refused)
    assert ledger.channels()[0].remaining == CAPACITY and ledger.refund_ended() == 0
    world.at += 1
    assert world.codes(ledger, [channel]) == ["already_settled"]  # any settlement refunds what has ended
    assert holds(ledger, world.payer) == CAPACITY
    settled(world, payer=CAPACITY, payee=0)
