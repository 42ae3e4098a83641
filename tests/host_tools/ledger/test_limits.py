"""Numbers at the ends of what the wire carries: a verdict for each, and the settlement goes on."""

import pytest
from sealwright.verify import hash_times
from sealwright.wire.messages import ChannelClose, Claim, RevealedTick, Ticks, sign_message

from tests.host_tools.factory import NOW, hash32, key
from tests.host_tools.ledger.conftest import holds

TOP, MOST = 2**64 - 1, 2**63 - 1
ROOT = hash_times(hash32("s"), 3)


def claims(*claimed):
    return lambda world, channel: sign_message(
        world.payer.key, ChannelClose(channel.digest, TOP, tuple(Claim(*claim, bytes(32)) for claim in claimed))
    )


HOSTILE = {
    "window": lambda world, channel: world.payer.open(world.payee, 1, nonce=bytes(16), dispute_window=TOP, expires=TOP),
    "capacity": lambda world, channel: world.payer.open(world.payee, MOST, nonce=bytes(16)),
    "expiry": lambda world, channel: world.payer.open(world.payee, 1, nonce=bytes(16), expires=TOP),
    "past": lambda world, channel: world.payer.open(world.payee, 1, nonce=bytes(16), expires=0),
    "price": lambda world, channel: world.payer.open(world.payee, 1, nonce=bytes(16), price=MOST, unit="x" * 32),
    "voucher": lambda world, channel: world.payer.voucher(channel, MOST, seq=TOP, lane=TOP, not_after=TOP),
    "amount": lambda world, channel: world.payer.voucher(channel, MOST, seq=TOP, lane=63, not_before=0),
    "count": lambda world, channel: world.payer.voucher(channel, MOST, ticks=Ticks(ROOT, MOST, TOP)),
    "ticks": lambda world, channel: world.payer.voucher(channel, MOST, ticks=Ticks(ROOT, MOST, 3)),
    "merge": lambda world, channel: world.payer.voucher(channel, 5, merges=((TOP, TOP),)),
    "close": lambda world, channel: world.payer.close(channel, at=TOP),
    "claims": claims(*((lane, TOP, MOST) for lane in range(64))),
    "lane": claims((TOP, TOP, MOST)),
    "grant": lambda world, channel: world.network.grant(world.payer, issued_at=TOP, owner=key("heir").public),
    "revocation": lambda world, channel: world.network.revoke(world.payer, revoked_from=TOP),
    "deposit": lambda world, channel: world.owner.deposit(world.payer, MOST, seq=TOP, not_after=TOP),
    "withdrawal": lambda world, channel: world.owner.withdraw(world.payer, MOST, seq=TOP, not_after=TOP),
    "certificate": lambda world, channel: world.network.certify(key("x"), issued_at=NOW, expires=TOP),
    "issued late": lambda world, channel: world.network.certify(key("y"), issued_at=TOP),
    "reading": lambda world, channel: world.payer.reading(seq=TOP, sampled_at=TOP),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_number_stops_nobody(world, kind):
    ledger, channel = world.opened(100)
    honest = world.payer.voucher(channel, 40, lane=7, seq=1)
    paid = world.owner.deposit(world.payee, 5)
    message = HOSTILE[kind](world, channel)
    assert world.codes(ledger, [world.network.grant(world.payer), world.owner.deposit(world.payer, 9)]) == ["ok", "ok"]
    codes = world.codes(ledger, [message, honest, paid])
    assert codes[2] == "ok" and codes[1] in ("ok", "already_settled")
    assert holds(ledger, world.payee) >= 45
    assert sum(balance.amount for balance in ledger.balances()) == 0
    world.at = 2**62
    ledger.refund_ended()
    assert all(kept.remaining == 0 for kept in ledger.channels())
    report = ledger.audit()
    assert report.ok, report.findings


def test_a_receipt_that_reveals_the_largest_tick(world):
    ledger, channel = world.opened(100)
    voucher = world.payer.voucher(channel, MOST, ticks=Ticks(ROOT, MOST, 3), seq=TOP)
    receipt = world.payee.receipt(voucher, tick=RevealedTick(3, hash32("s")))
    assert world.codes(ledger, [voucher, receipt, world.owner.deposit(world.payee, 5)]) == ["ok"] * 3
    assert holds(ledger, world.payee) == 105 and ledger.audit().ok
