"""What vouchers and closes pay: lanes, merges, locks, ticks, and the money that has to be there."""

from hashlib import sha256

from sealwright.verify import hash_times
from sealwright.wire.messages import Ticks

from tests.host_tools.factory import NOW, hash32
from tests.host_tools.ledger.conftest import holds

SECRET = b"the payee knows"


def test_older_and_lower_vouchers_are_refused(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 50, seq=5)]) == ["ok"]
    late = [pay(channel, 60, seq=4), pay(channel, 60, seq=5), pay(channel, 49, seq=6), pay(channel, 101, seq=6)]
    assert world.codes(ledger, late) == ["replay", "replay", "amount_decreased", "over_capacity"]
    assert world.codes(ledger, [pay(channel, 50, seq=6), pay(channel, 100, seq=7)]) == ["ok", "ok"]
    assert world.codes(ledger, [pay(channel, 1, lane=1)]) == ["over_capacity"]
    assert holds(ledger, world.payee) == 100


def test_merges_across_bundles(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 30, lane=1, seq=4), pay(channel, 20, lane=2, seq=1)]) == ["ok", "ok"]
    wrong = [
        pay(channel, 49, lane=1, seq=5, merges=((2, 1),)),
        pay(channel, 60, lane=1, seq=5, merges=((2, 0),)),
        pay(channel, 60, lane=1, seq=5, merges=((3, 9),)),
        pay(channel, 60, lane=1, seq=5, merges=((1, 9),)),
        pay(channel, 60, lane=1, seq=5, merges=((2, 1), (2, 1))),
    ]
    assert world.codes(ledger, wrong) == ["amount_decreased"] + ["bad_merge"] * 4
    assert world.codes(ledger, [pay(channel, 60, lane=1, seq=5, merges=((2, 3),))]) == ["ok"]
    assert holds(ledger, world.payee) == 60
    assert world.codes(ledger, [pay(channel, 25, lane=2, seq=3), pay(channel, 15, lane=2, seq=4)]) == ["replay", "ok"]
    assert holds(ledger, world.payee) == 75
    assert ledger.audit().ok


def test_closing(world):
    ledger, channel = world.opened(100)
    stranger = world.network.device("stranger")
    assert world.codes(ledger, [stranger.certificate, stranger.close(channel)]) == ["ok", "not_a_party"]
    assert world.codes(ledger, [world.payer.close(channel)]) == ["too_early"]
    assert world.codes(ledger, [world.payer.voucher(channel, 40)]) == ["ok"]
    world.at = channel.body.expires - 1
    assert world.codes(ledger, [world.payer.close(channel)]) == ["too_early"]
    world.at = channel.body.expires
    assert world.codes(ledger, [world.payer.voucher(channel, 50, seq=2)]) == ["expired"]
    assert world.codes(ledger, [world.payer.close(channel), world.payee.close(channel)]) == ["ok", "closed"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (60, 40)
    world.at = NOW
    assert world.codes(ledger, [world.payer.voucher(channel, 50, seq=2)]) == ["closed"]
    assert ledger.audit().ok  # each row as of its own time


def test_money_must_be_there(world):
    ledger = world.funded(100)
    one, two = world.payer.open(world.payee, 60), world.payer.open(world.payee, 60, nonce=hash32("2")[:16])
    other = world.payer.open(world.payee, 1, asset="Wh")
    assert world.codes(ledger, [one, two, other]) == ["ok", "unfunded", "unfunded"]
    assert world.codes(ledger, [world.payer.voucher(two, 1)]) == ["unknown_channel"]
    assert world.codes(ledger, [world.owner.deposit(world.payer, 20), two]) == ["ok", "ok"]
    assert holds(ledger, world.payer) == 0


def test_a_hash_locked_voucher_needs_its_secret_and_the_log_keeps_it(world):
    ledger, channel = world.opened()
    voucher = world.payer.voucher(channel, 10, hash_lock=sha256(SECRET).digest())
    assert world.codes(ledger, [voucher]) == ["lock_missing"]
    assert world.codes(ledger, [voucher], secrets=[b"wrong", SECRET, b"other"]) == ["ok"]
    assert world.codes(ledger, [voucher]) == ["already_settled"]
    assert holds(ledger, world.payee) == 10
    assert ledger.audit().ok


def test_ticks_pay_as_they_are_revealed(world):
    ledger, channel = world.opened(100)
    seed = hash32("seed")
    root = hash_times(seed, 20)

    def reveal(count):
        return {root: (count, hash_times(seed, 20 - count))}

    voucher = world.payer.voucher(channel, 30, ticks=Ticks(root, 2, 20))
    assert world.codes(ledger, [voucher]) == ["ok"]
    assert world.codes(ledger, [voucher], ticks={root: (3, seed)}) == ["bad_tick"]
    assert world.codes(ledger, [voucher, voucher], ticks=reveal(3)) == ["ok", "already_settled"]
    assert holds(ledger, world.payee) == 36
    assert world.codes(ledger, [voucher], ticks=reveal(2)) == ["already_settled"]
    assert world.codes(ledger, [voucher], ticks=reveal(20)) == ["ok"]
    assert holds(ledger, world.payee) == 70
    assert world.codes(ledger, [world.payer.voucher(channel, 69, seq=2)]) == ["amount_decreased"]
    assert world.codes(ledger, [world.payer.voucher(channel, 31, lane=1)]) == ["over_capacity"]
    assert world.codes(ledger, [world.payer.voucher(channel, 75, seq=2)]) == ["ok"]
    assert [line.digest for line in ledger.entries()].count(voucher.digest) == 6
    assert ledger.audit().ok


def test_what_is_promised_counts_against_the_capacity(world):
    ledger, channel = world.opened(100)
    ticking = world.payer.voucher(channel, 10, ticks=Ticks(hash_times(hash32("s"), 9), 10, 9))
    assert world.codes(ledger, [ticking, world.payer.voucher(channel, 1, lane=1)]) == ["ok", "over_capacity"]
    assert world.codes(ledger, [world.payer.voucher(channel, 10, seq=2), world.payer.voucher(channel, 1, lane=1)]) == [
        "ok",
        "ok",
    ]


def test_numbers_at_their_limits(world):
    ledger, channel = world.opened(2**63 - 1, expires=2**64 - 1)
    top = 2**64 - 1
    vouchers = [
        world.payer.voucher(channel, 2**62, lane=top, seq=top - 1),
        world.payer.voucher(channel, 2**63 - 1, lane=0, seq=top, merges=((top, top),)),
    ]
    assert world.codes(ledger, vouchers) == ["ok", "ok"]
    assert holds(ledger, world.payee) == 2**63 - 1
    assert ledger.channels()[0].expires == top
    assert ledger.audit().ok


def test_paying_oneself(world):
    ledger = world.funded(10)
    channel = world.payer.open(world.payer, 10)
    assert world.codes(ledger, [channel, world.payer.voucher(channel, 4), world.payer.close(channel)]) == ["ok"] * 3
    assert holds(ledger, world.payer) == 10
    assert ledger.audit().ok
