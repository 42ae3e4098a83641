"""What vouchers and closes pay: lanes, locks, ticks, windows, and the money that has to be there."""

from hashlib import sha256

from sealwright.verify import hash_times
from sealwright.verify.channels import MAX_WINDOW
from sealwright.wire.messages import RevealedTick, Ticks

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.conftest import holds

SECRET = b"the payee knows"


def test_seq_never_lowers_a_lane(world):
    """The most that any voucher of a lane is worth counts, whenever it came; the verdict says what moved nothing."""
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 50, seq=5)]) == ["ok"]
    head = ledger.head()
    less = [pay(channel, 40, seq=4), pay(channel, 49, seq=6), pay(channel, 50, seq=6)]
    assert world.codes(ledger, less) == ["superseded", "amount_decreased", "ok"]
    assert ledger.head() == head  # a voucher that moves nothing takes no room
    assert world.codes(ledger, [pay(channel, 60, seq=3)]) == ["ok"]
    assert world.codes(ledger, [pay(channel, 70, seq=5)]) == ["equivocation"]  # and the higher one counts
    assert holds(ledger, world.payee) == 70
    assert world.codes(ledger, [pay(channel, 101, seq=7), pay(channel, 1, lane=1)]) == ["ok", "ok"]
    assert holds(ledger, world.payee) == 100
    assert ledger.audit().ok


def test_merges_and_lanes_past_the_last_are_refused(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 30, lane=1, seq=4), pay(channel, 20, lane=63)]) == ["ok", "ok"]
    wrong = [
        pay(channel, 60, lane=1, seq=5, merges=((63, 1),)),
        pay(channel, 60, lane=64),
        pay(channel, 9, lane=2**64 - 1),
    ]
    assert world.codes(ledger, wrong) == ["bad_merge", "bad_lane", "bad_lane"]
    assert holds(ledger, world.payee) == 50
    assert ledger.audit().ok


def test_closing(world):
    """Any close opens the window, none of them ends it sooner; better vouchers count until it ends."""
    ledger, channel = world.opened(100)
    stranger = world.network.device("stranger")
    assert world.codes(ledger, [stranger.certificate, stranger.close(channel)]) == ["ok", "not_a_party"]
    pay = world.payer.voucher
    assert world.codes(ledger, [world.payer.close(channel), pay(channel, 40)]) == ["ok", "ok"]
    world.at = NOW + DAY
    assert world.codes(ledger, [world.payee.close(channel), world.payer.close(channel)]) == ["ok", "already_settled"]
    world.at = NOW + 3 * DAY - 1
    assert ledger.refund_ended() == 0 and ledger.channels()[0].remaining == 60
    assert world.codes(ledger, [pay(channel, 50, seq=2)]) == ["ok"]
    world.at += 1
    assert world.codes(ledger, [pay(channel, 60, seq=3), world.payee.close(channel, at=NOW + 1)]) == ["expired"] * 2
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (50, 50)
    assert [line.type for line in ledger.entries()][-1] == "refund"
    assert ledger.audit().ok  # each row as of its own time


def test_a_payee_gives_up_what_lies_beyond_its_claims_and_its_payment(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    first, second = pay(channel, 30), pay(channel, 10, lane=1)
    assert world.codes(ledger, [first]) == ["ok"]
    assert world.codes(ledger, [world.payee.close(channel, claims=(first, second))]) == ["ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (60, 30)
    assert world.codes(ledger, [second, pay(channel, 90, seq=2)]) == ["ok", "ok"]  # at most what was claimed
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (60, 40)
    assert ledger.audit().ok


def test_a_payee_that_claims_less_than_it_was_paid_gives_nothing_back_of_it(world):
    ledger, channel = world.opened(100)
    assert world.codes(ledger, [world.payer.voucher(channel, 30), world.payee.close(channel, claims=())]) == ["ok"] * 2
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (70, 30)
    assert ledger.audit().ok


def test_a_payer_pays_what_its_close_claims(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 20)]) == ["ok"]
    claims = (pay(channel, 10, seq=2), pay(channel, 25, lane=1))  # the lower claim takes nothing back
    assert world.codes(ledger, [world.payer.close(channel, claims=claims)]) == ["ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (0, 45)
    assert world.codes(ledger, [pay(channel, 60, seq=3)]) == ["ok"]
    world.at = NOW + 3 * DAY
    assert ledger.refund_ended() == 1
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (15, 85)
    assert ledger.audit().ok


def test_a_claim_ends_at_expiry_and_window_at_the_latest(world):
    ledger, channel = world.opened(100, expires=NOW + DAY, dispute_window=5 * DAY)
    world.at = NOW + 4 * DAY
    assert world.codes(ledger, [world.payer.close(channel)]) == ["ok"]
    assert ledger.channels()[0].terms.claim_end == NOW + 6 * DAY
    world.at = NOW + 6 * DAY - 1
    assert world.codes(ledger, [world.payer.voucher(channel, 7)]) == ["ok"]
    world.at += 1
    assert ledger.refund_ended() == 1
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (93, 7)
    assert ledger.audit().ok


def test_the_ledgers_least_window_counts_and_stays_with_the_channel(world):
    """The log keeps the window in force at funding: an audit with another one comes to the same."""
    ledger = world.ledger(least_window=60)
    channel = world.payer.open(world.payee, 10, expires=NOW + DAY)
    assert world.codes(ledger, [world.owner.deposit(world.payer, 10), *world.certificates, channel]) == ["ok"] * 4
    other = world.ledger()
    assert world.codes(other, [world.payer.close(channel)]) == ["ok"]
    assert other.channels()[0].terms.claim_end == NOW + 60
    assert other.audit().ok


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
    assert world.codes(ledger, [voucher], ticks={root: (3, seed)}) == ["bad_tick"]
    assert world.codes(ledger, [voucher]) == ["ok"]
    assert world.codes(ledger, [voucher, voucher], ticks=reveal(3)) == ["ok", "already_settled"]
    assert holds(ledger, world.payee) == 36
    assert world.codes(ledger, [voucher], ticks=reveal(2)) == ["already_settled"]
    assert world.codes(ledger, [voucher], ticks=reveal(20)) == ["ok"]
    assert holds(ledger, world.payee) == 70
    assert world.codes(ledger, [world.payer.voucher(channel, 69, seq=2)]) == ["amount_decreased"]
    assert world.codes(ledger, [world.payer.voucher(channel, 75, seq=2)]) == ["ok"]
    assert world.codes(ledger, [world.payer.voucher(channel, 31, lane=1)]) == ["ok"]  # the capacity caps what is paid
    assert holds(ledger, world.payee) == 100
    assert [line.digest for line in ledger.entries()].count(voucher.digest) == 6
    assert ledger.audit().ok


def test_a_receipt_reveals_the_best_tick(world):
    ledger, channel = world.opened(100)
    seed = hash32("seed")
    voucher = world.payer.voucher(channel, 1, ticks=Ticks(hash_times(seed, 20), 2, 20))
    receipt = world.payee.receipt(voucher, tick=RevealedTick(7, hash_times(seed, 13)))
    wrong = world.payee.receipt(voucher, tick=RevealedTick(8, hash_times(seed, 13)))
    assert world.codes(ledger, [receipt, wrong, voucher]) == ["ok", "bad_tick", "ok"]
    assert holds(ledger, world.payee) == 15
    assert ledger.audit().ok


def test_what_is_promised_and_not_revealed_reserves_nothing(world):
    ledger, channel = world.opened(100)
    ticking = world.payer.voucher(channel, 10, ticks=Ticks(hash_times(hash32("s"), 9), 10, 9))
    assert world.codes(ledger, [ticking, world.payer.voucher(channel, 90, lane=1)]) == ["ok", "ok"]
    assert holds(ledger, world.payee) == 100


def test_numbers_at_their_limits(world):
    """A lane may be worth more than 64 bits hold: the capacity caps what is paid, and the sum is exact."""
    ledger, channel = world.opened(2**63 - 1, expires=2**64 - 1)
    top = 2**64 - 1
    root = hash_times(hash32("s"), 3)
    vouchers = [
        world.payer.voucher(channel, 2**62, lane=63, seq=top),
        world.payer.voucher(channel, 2**63 - 1, lane=0, seq=top, ticks=Ticks(root, 2**63 - 1, 3)),
    ]
    assert world.codes(ledger, vouchers, ticks={root: (3, hash32("s"))}) == ["ok", "ok"]
    assert holds(ledger, world.payee) == 2**63 - 1
    kept = ledger.channels()[0]
    assert (kept.terms.expires, kept.terms.claim_end, kept.worth) == (top, 2**62, 2**62 + 4 * (2**63 - 1))
    assert ledger.audit().ok


def test_a_window_without_end_stops_nobody(world):
    ledger, channel = world.opened(100, dispute_window=2**64 - 1)
    assert world.codes(ledger, [world.payer.voucher(channel, 7), world.payer.close(channel)]) == ["ok", "ok"]
    end = NOW + MAX_WINDOW  # the payer closed it now
    assert ledger.channels()[0].terms.claim_end == end
    assert world.codes(ledger, [world.payee.close(channel, claims=())]) == ["ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (93, 7)
    assert ledger.audit().ok


def test_a_payer_that_claims_the_most_in_every_lane_stops_nobody(world):
    ledger, channel = world.opened(100)
    most = [world.payer.voucher(channel, 2**63 - 1, lane=lane) for lane in range(64)]
    order = world.owner.deposit(world.payer, 1)
    assert world.codes(ledger, [world.payer.close(channel, claims=most), order]) == ["ok", "ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (1, 100)
    assert ledger.channels()[0].worth == 64 * (2**63 - 1) and ledger.audit().ok


def test_paying_oneself(world):
    ledger = world.funded(10)
    channel = world.payer.open(world.payer, 10)
    paid = world.payer.voucher(channel, 4)
    assert world.codes(ledger, [channel, paid, world.payer.close(channel, claims=(paid,))]) == ["ok"] * 3
    assert holds(ledger, world.payer) == 10
    assert ledger.audit().ok
