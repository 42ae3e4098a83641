"""Rules of the book that honest histories seldom touch, on plain values."""

from dataclasses import replace

import pytest
from sealwright.ledger import book

CHANNEL = book.Channel(b"c" * 32, b"a" * 32, b"b" * 32, "credit", deposited=100, expires=50, paid=30, promised=40)
LANES = {1: book.Lane(4, 10, 10, b"1" * 32), 2: book.Lane(7, 20, 30, b"2" * 32)}


def voucher(amount, *, lane=1, seq=5, merges=(), promised=None, worth=None, digest=b"v" * 32):
    worth = amount if worth is None else worth
    return book.Voucher(digest, CHANNEL.digest, lane, seq, amount, worth, promised or worth, merges)


def code(act, *arguments, **more):
    with pytest.raises(book.Refusal) as caught:
        act(*arguments, **more)
    return caught.value.code


@pytest.mark.parametrize("merges", [((1, 9),), ((2, 7), (2, 7)), ((2, 7), (1, 5)), ((3, 0),), ((2, 6),)])
def test_merges_that_are_none(merges):
    assert code(book.redeem, voucher(60, merges=merges), CHANNEL, LANES) == "bad_merge"


def test_a_merge_takes_over_and_zeroes():
    change = book.redeem(voucher(35, merges=((2, 8),), promised=60), CHANNEL, LANES)
    assert change.entries == (
        book.Entry(CHANNEL.account, -5),
        book.Entry(book.Account("device", CHANNEL.payee, "credit"), 5),
    )
    assert change.lanes == {1: book.Lane(5, 35, 60, b"v" * 32), 2: book.Lane(8, 0, 0, b"v" * 32)}
    assert change.channel == replace(CHANNEL, paid=35, promised=60)


def test_what_other_lanes_promise_is_kept_free_for_them():
    assert book.redeem(voucher(70), CHANNEL, LANES).channel.promised == 100
    assert code(book.redeem, voucher(71), CHANNEL, LANES) == "over_capacity"
    assert code(book.redeem, voucher(20, worth=20, promised=71), CHANNEL, LANES) == "over_capacity"


def test_further_ticks_pay_the_difference_and_merge_nothing_again():
    again = voucher(5, lane=2, seq=7, worth=25, promised=30, merges=((1, 0),), digest=b"2" * 32)
    change = book.redeem(again, CHANNEL, LANES)
    assert [entry.amount for entry in change.entries] == [-5, 5]
    assert change.lanes == {2: book.Lane(7, 25, 30, b"2" * 32)}
    assert code(book.redeem, again._replace(worth=20), CHANNEL, LANES) == "replay"
    assert code(book.redeem, again._replace(digest=b"x" * 32), CHANNEL, LANES) == "replay"
    assert code(book.redeem, again, replace(CHANNEL, closed=True), LANES) == "closed"


def test_the_first_fault_counts():
    closed = replace(CHANNEL, closed=True)
    assert code(book.redeem, voucher(9), None, {}) == "unknown_channel"
    assert code(book.redeem, voucher(9), closed, LANES) == "amount_decreased"
    assert code(book.redeem, voucher(11), closed, LANES) == "closed"
    assert code(book.close, book.Close(CHANNEL.digest, b"x" * 32, 50), closed) == "not_a_party"
    assert code(book.close, book.Close(CHANNEL.digest, CHANNEL.payer, 49), closed) == "closed"
    assert code(book.close, book.Close(CHANNEL.digest, CHANNEL.payer, 49), CHANNEL) == "too_early"


def test_money_never_moves_backwards():
    with pytest.raises(ValueError, match="forwards"):
        book.move(CHANNEL.account, CHANNEL.account, -1)


def test_an_offer_opens_a_fresh_channel():
    change = book.open_channel(replace(CHANNEL, refunded=3, closed=True), funds=100)
    assert change.channel == replace(CHANNEL, paid=0, promised=0)
    assert [entry.amount for entry in change.entries] == [-100, 100]
