"""Vouchers in their lanes: amounts, merges, ticks and capacity at their bounds."""

from hashlib import sha256

import pytest
from sealwright.verify import MAX_TICKS, Policy, Verifier, hash_times, tick_holds
from sealwright.wire.messages import Ticks

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


def test_capacity_is_the_sum_of_all_lanes():
    assert codes(pay(40), pay(60, lane=1)) == ["ok", "ok"]
    assert codes(pay(40), pay(61, lane=1)) == ["ok", "over_capacity"]
    assert codes(pay(40), pay(60, lane=1), pay(41, seq=2)) == ["ok", "ok", "over_capacity"]
    assert codes(pay(100), pay(101, seq=2), pay(100, seq=3)) == ["ok", "over_capacity", "ok"]


def test_a_refused_voucher_moves_nothing():
    assert codes(pay(50, 5), pay(101, 9), pay(51, 6)) == ["ok", "over_capacity", "ok"]
    assert codes(pay(50, 5), pay(49, 9), pay(51, 6)) == ["ok", "amount_decreased", "ok"]


def test_lanes_count_for_themselves():
    assert codes(pay(10, 5), pay(1, 1, lane=7), pay(11, 6), pay(2, 2, lane=7)) == ["ok"] * 4
    assert codes(pay(10, 5), pay(1, 5, lane=7), pay(2, 5, lane=7)) == ["ok", "ok", "replay"]


def test_a_merge_takes_over_and_the_lane_starts_again():
    merge = pay(30, 2, merges=((1, 5),))
    before = (pay(10), pay(20, 5, lane=1))
    assert codes(*before, merge, pay(70, 6, lane=1)) == ["ok"] * 4
    assert codes(*before, merge, pay(71, 6, lane=1)) == ["ok"] * 3 + ["over_capacity"]
    assert codes(*before, merge, pay(1, 5, lane=1)) == ["ok"] * 3 + ["replay"]
    assert codes(*before, merge, pay(0, 6, lane=1), pay(30, 3)) == ["ok"] * 5


def test_a_merge_beyond_the_newest_reserves_the_numbers_between():
    merge = pay(30, 2, merges=((1, 9),))
    before = (pay(10), pay(20, 5, lane=1))
    assert codes(*before, merge, pay(1, 9, lane=1)) == ["ok"] * 3 + ["replay"]
    assert codes(*before, merge, pay(1, 10, lane=1)) == ["ok"] * 4


def test_a_merge_must_cover_what_both_lanes_had():
    before = (pay(10), pay(20, 5, lane=1))
    assert codes(*before, pay(29, 2, merges=((1, 5),))) == ["ok", "ok", "amount_decreased"]
    assert codes(*before, pay(30, 1, lane=2, merges=((0, 1), (1, 5)))) == ["ok"] * 3
    assert codes(*before, pay(29, 1, lane=2, merges=((0, 1), (1, 5)))) == ["ok", "ok", "amount_decreased"]


def test_a_merge_frees_the_capacity_of_its_lanes():
    assert codes(pay(50), pay(50, lane=1), pay(100, 2, merges=((1, 1),))) == ["ok"] * 3


def test_all_ticks_count_against_the_capacity():
    assert codes(pay(50, ticks=ticks(50))) == ["ok"]
    assert codes(pay(50, ticks=ticks(51))) == ["over_capacity"]
    assert codes(pay(0, ticks=ticks(10, value=10))) == ["ok"]
    assert codes(pay(0, ticks=ticks(10, value=11))) == ["over_capacity"]
    assert codes(pay(50, ticks=ticks(50)), pay(1, lane=1)) == ["ok", "over_capacity"]
    assert codes(pay(50, ticks=ticks(50)), pay(50, seq=2), pay(50, lane=1)) == ["ok"] * 3
    assert codes(pay(1, ticks=Ticks(LAST, 2**63 - 1, 2**64 - 1))) == ["over_capacity"]


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


def test_revealed_ticks_are_redeemed():
    chain = ticks(20, value=2)
    known = {chain.root: (5, hash_times(LAST, 15))}
    assert codes(pay(10, ticks=chain), pay(20, seq=2), ticks=known) == ["ok", "ok"]
    assert codes(pay(10, ticks=chain), pay(19, seq=2), ticks=known) == ["ok", "amount_decreased"]
    assert codes(pay(10, ticks=chain), pay(19, seq=2)) == ["ok", "ok"]
    merge = {"lane": 1, "merges": ((0, 1),)}
    assert codes(pay(10, ticks=chain), pay(19, **merge), ticks=known) == ["ok", "amount_decreased"]


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
    fields = {
        "not_before": NOW + 1,
        "not_after": NOW - 1,
        "hash_lock": LAST,
        "merges": ((0, 0),),
        "ticks": ticks(2**21),
    }
    order = [
        "replay",
        "not_yet_valid",
        "expired",
        "over_capacity",
        "amount_decreased",
        "lock_missing",
        "bad_merge",
        "bad_tick",
    ]
    cures = [
        {"seq": 2},
        {"not_before": None},
        {"not_after": None},
        {"ticks": Ticks(LAST, 0, 0)},
        {"amount": 50},
        {"hash_lock": None},
        {"merges": None},
    ]
    case = {"amount": 49, "seq": 1, **fields}
    for code, cure in zip(order, [*cures, {}]):
        assert codes(pay(50), pay(**case)) == ["ok", code]
        case.update(cure)
