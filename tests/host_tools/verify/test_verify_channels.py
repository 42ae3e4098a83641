"""Vouchers in their lanes: amounts, numbers, ticks and capacity at their bounds."""

from hashlib import sha256

import pytest
from sealwright.verify import MAX_TICKS, Policy, Verifier, hash_times, tick_holds
from sealwright.wire.messages import RevealedTick, Ticks

from tests.host_tools.factory import NOW, Network, hash32

NET = Network()
PAYER, PAYEE = NET.device("payer"), NET.device("payee")
CHANNEL = PAYER.open(PAYEE, capacity=100)
LAST = hash32("last tick")


def pay(amount, seq=1, lane=0, **more):
    return PAYER.voucher(CHANNEL, amount, seq, lane, **more)


def ticks(count, value=1, length=None):
    return Ticks(hash_times(LAST, count if length is None else length), value, count)


def codes(*messages, **knowledge):
    verifier = Verifier([NET.root], Policy(**{"at": NOW, **knowledge}))
    for message in (PAYER.certificate, PAYEE.certificate, CHANNEL):
        assert verifier.check(message.raw).ok
    return [verifier.check(message.raw).code for message in messages]


def test_amounts_may_stand_still_and_seqs_may_jump():
    assert codes(pay(0, 0), pay(5, 1), pay(5, 9), pay(6, 2**64 - 1)) == ["ok"] * 4


def test_capacity_turns_no_voucher_away():
    """It caps what is paid, and a verifier says what a ledger will do."""
    assert codes(pay(40), pay(61, lane=1), pay(101, seq=2)) == ["ok"] * 3
    assert codes(pay(2**63 - 1)) == ["ok"]


def test_a_later_voucher_that_says_less_is_refused():
    assert codes(pay(50, 5), pay(49, 9), pay(51, 6)) == ["ok", "amount_decreased", "ok"]


def test_an_older_voucher_that_says_no_more_is_superseded():
    assert codes(pay(50, 5), pay(50, 4), pay(49, 3), pay(0, 0)) == ["ok"] + ["superseded"] * 3


def test_a_lower_seq_that_says_more_counts_and_is_noted():
    verifier = Verifier([NET.root], Policy(at=NOW))
    poison, honest = pay(0, 2**64 - 1), pay(90, 7)
    verdicts = [verifier.check(m.raw) for m in (PAYER.certificate, PAYEE.certificate, CHANNEL, poison, honest)]
    assert [verdict.code for verdict in verdicts] == ["ok"] * 5
    assert "counts" in verdicts[-1].why
    assert verifier.memory.lane(CHANNEL.digest, 0).worth == 90


def test_two_vouchers_of_one_number_are_an_equivocation_and_the_higher_counts():
    for first, second in ((50, 60), (60, 50)):
        verifier = Verifier([NET.root], Policy(at=NOW))
        messages = (PAYER.certificate, PAYEE.certificate, CHANNEL, pay(first, 3), pay(second, 3))
        assert [verifier.check(m.raw).code for m in messages] == ["ok"] * 4 + ["equivocation"]
        assert verifier.memory.lane(CHANNEL.digest, 0).worth == 60


def test_lanes_count_for_themselves():
    assert codes(pay(10, 5), pay(1, 1, lane=7), pay(11, 6), pay(2, 2, lane=7)) == ["ok"] * 4
    assert codes(pay(10, 5), pay(1, 5, lane=7), pay(1, 4, lane=7)) == ["ok", "ok", "superseded"]
    assert codes(pay(1, lane=63), pay(1, lane=64), pay(1, lane=2**64 - 1)) == ["ok", "bad_lane", "bad_lane"]


def test_a_merge_is_refused():
    """What it is worth would depend on which of the merged vouchers came first."""
    assert codes(pay(10), pay(20, 5, lane=1), pay(30, 2, merges=((1, 5),))) == ["ok", "ok", "bad_merge"]


def test_unrevealed_ticks_reserve_nothing():
    assert codes(pay(50, ticks=ticks(51)), pay(50, lane=1)) == ["ok", "ok"]
    assert codes(pay(1, ticks=ticks(2**20, value=2**63 - 1)), pay(100, seq=2)) == ["ok", "ok"]


def test_how_many_ticks_there_may_be():
    for count in (1, MAX_TICKS):
        assert codes(pay(0, ticks=Ticks(LAST, 0, count))) == ["ok"]
    for count in (0, MAX_TICKS + 1, 2**64 - 1):
        assert codes(pay(0, ticks=Ticks(LAST, 0, count))) == ["bad_tick"]


def test_a_tick_hashes_to_the_root_in_its_number_of_steps():
    chain = ticks(20)
    assert hash_times(LAST, 2) == sha256(sha256(LAST).digest()).digest()
    for index in range(21):
        known = {chain.root: (index, hash_times(LAST, 20 - index))}
        assert codes(pay(0, ticks=chain), ticks=known) == ["ok"]
        for wrong in (index + 1, max(0, index - 1) if index else 2):
            known = {chain.root: (wrong, hash_times(LAST, 20 - index))}
            assert codes(pay(0, ticks=chain), ticks=known) == ["bad_tick"]


def test_a_tick_beyond_the_count_is_bad_even_if_it_hashes():
    chain = Ticks(hash_times(LAST, 20), 1, 19)
    assert not tick_holds(chain, 20, LAST)
    assert codes(pay(0, ticks=chain), ticks={chain.root: (20, LAST)}) == ["bad_tick"]
    assert not tick_holds(chain, -1, LAST)
    assert not tick_holds(Ticks(LAST, 1, 2**64 - 1), 2**40, LAST)


def test_ticks_of_other_chains_do_not_matter():
    assert codes(pay(0, ticks=ticks(20)), ticks={hash32("other root"): (1, LAST)}) == ["ok"]


def test_revealed_ticks_are_worth_their_value():
    chain = ticks(20, value=2)
    known = {chain.root: (5, hash_times(LAST, 15))}
    assert codes(pay(10, ticks=chain), pay(20, seq=2), ticks=known) == ["ok", "ok"]
    assert codes(pay(10, ticks=chain), pay(19, seq=2), ticks=known) == ["ok", "amount_decreased"]
    assert codes(pay(10, ticks=chain), pay(19, seq=2)) == ["ok", "ok"]


def test_a_receipt_reveals_a_tick():
    chain = ticks(20, value=2)
    voucher = pay(10, ticks=chain)
    good = PAYEE.receipt(voucher, tick=RevealedTick(5, hash_times(LAST, 15)))
    wrong = PAYEE.receipt(voucher, tick=RevealedTick(6, hash_times(LAST, 15)))
    assert codes(voucher, wrong, good, pay(19, seq=2)) == ["ok", "bad_tick", "ok", "amount_decreased"]
    assert codes(pay(10), PAYEE.receipt(pay(10), tick=RevealedTick(0, LAST))) == ["ok", "bad_tick"]


@pytest.mark.parametrize("secrets,code", [((), "lock_missing"), ((b"x",), "lock_missing"), ((b"x", b"key"), "ok")])
def test_a_lock_opens_with_its_secret_alone(secrets, code):
    assert codes(pay(1, hash_lock=sha256(b"key").digest()), secrets=secrets) == [code]


def test_a_secret_is_of_any_length():
    for secret in (b"", bytes(1000)):
        assert codes(pay(1, hash_lock=sha256(secret).digest()), secrets=(secret,)) == ["ok"]


def test_what_came_before_its_channel_may_come_again_after_it():
    verifier = Verifier([NET.root], Policy(at=NOW))
    voucher = pay(1)
    sequence = (PAYER.certificate, voucher, CHANNEL, voucher, voucher)
    assert [verifier.check(m.raw).code for m in sequence] == ["ok", "unknown_channel", "ok", "ok", "replay"]


def test_two_channels_do_not_disturb_each_other():
    other = PAYER.open(PAYEE, capacity=100, nonce=bytes(16))
    found = codes(other, pay(100), PAYER.voucher(other, 100), pay(100, 2), PAYER.voucher(other, 99, 2))
    assert found == ["ok", "ok", "ok", "ok", "amount_decreased"]


def test_a_receipt_holds_for_a_voucher_that_could_not_be_redeemed_here():
    locked = pay(1, hash_lock=hash32("lock"))
    assert codes(locked, PAYEE.receipt(locked)) == ["lock_missing", "ok"]


def test_a_receipt_needs_the_payers_own_voucher():
    theirs = PAYEE.voucher(CHANNEL, 1)
    assert codes(theirs, PAYEE.receipt(theirs)) == ["not_a_party", "receipt_mismatch"]


def test_a_payee_that_nobody_certified_can_be_paid():
    channel = PAYER.open(hash32("anyone"))
    assert codes(channel, PAYER.voucher(channel, 5)) == ["ok", "ok"]


def test_of_several_faults_the_first_is_named():
    fields = {"not_before": NOW + 1, "not_after": NOW - 1, "hash_lock": LAST, "merges": ((0, 0),), "lane": 64}
    case = {"amount": 49, "seq": 2, **fields, "ticks": ticks(2**21)}
    order = ["not_yet_valid", "expired", "lock_missing", "bad_merge", "bad_lane", "bad_tick", "amount_decreased"]
    cures = [
        {"not_before": None},
        {"not_after": None},
        {"hash_lock": None},
        {"merges": None},
        {"lane": 0},
        {"ticks": None},
        {},
    ]
    for code, cure in zip(order, cures):
        assert codes(pay(50), pay(**case)) == ["ok", code]
        case.update(cure)
