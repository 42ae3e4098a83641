"""Ticks and thieves: what is stored and claimed, what is not taken, and what a new day counts."""

from check import raises
from rig import pass_time, restarted
from seal import channel, labels, messages, order, rpc, voucher
from seal.errors import AmountDecreased, BadTick, Refused, RolledBack, Unsupported
from seal.owner import Owner
from seal.records import ORDER_RECORD
from seal.service import Service
from seal.ticks import Chain
from trades import PRICE, connect, pair, payee_record, payer_record, promised, refused, run, units, worth

TICKS = 8


def test_best_tick_is_stored_when_connection_ends_and_claimed():
    issuer, buying, selling = pair(ticks=TICKS)
    session, seller = connect(buying, selling)
    units(session, selling, 5)
    seller.release()
    kept = restarted(selling)
    assert worth(kept) == PRICE * 4
    raws = Service(kept).channels(0)[2]
    receipt = messages.parse(raws[-1], labels.RECEIPT).verify(selling.public).payload
    claims = messages.parse(payee_record(kept)[channel.VOUCHER]).payload
    index, value = receipt[voucher.RECEIPT_TICK]
    assert index == 3 and value == buying.payer.chain(session._terms.digest).reveal(3)
    assert receipt[voucher.AMOUNT] == claims[voucher.AMOUNT] == PRICE
    Owner(kept).command(issuer.command(kept, "close", session._terms.digest))
    raws = Service(kept).channels(0)[2]
    assert messages.parse(raws[-1]).payload[labels.CLOSE_CLAIMS] == [[0, 1, PRICE * 4, receipt[5]]]
    assert messages.parse(raws[-2]).payload[voucher.RECEIPT_TICK][0] == 3
    buying.payer.close(session._terms.digest, buying.board.clock.now())
    own = messages.parse(payer_record(buying)[channel.CLOSE]).payload
    assert own[labels.CLOSE_CLAIMS] == [[0, 1, PRICE * 4, receipt[5]]], "the payer's close pays the same"


def test_thief_gains_nothing_by_ticks():
    _, buying, selling = pair(ticks=TICKS)
    session, seller = connect(buying, selling)
    refused(BadTick.code, run, session._client.call(rpc.TICK, [1, bytes(32)]))  # before any voucher
    units(session, selling, 3)
    digest = session._terms.digest
    chain = buying.payer.chain(digest)
    paid, before = worth(selling), dict(selling.board.store.files)
    two = chain.reveal(2)
    for index, value in ((3, two), (3, bytes(32)), (9, two), (1 << 63, two), (8, chain.reveal(7))):
        refused(BadTick.code, run, session._client.call(rpc.TICK, [index, value]))
    for index, value in ((0, bytes(32)), (1, two), (1, bytes(32))):  # no better: not looked at
        run(session._client.call(rpc.TICK, [index, value]))
    for item in ([1], [-1, two], [True, two], [1, b"x"], "x", [3, two, 1]):
        raises(rpc.PeerError, run, session._client.call(rpc.TICK, item))
    assert worth(selling) == paid and selling.board.store.files == before
    units(session, selling, TICKS + 1)
    assert promised(buying)[0][0] == 2
    paid = worth(selling)
    refused(BadTick.code, run, session._client.call(rpc.TICK, [8, chain.reveal(8)]))  # of the voucher before
    assert worth(selling) == paid
    seller.close(digest)
    refused(Refused.code, run, session._client.call(rpc.TICK, [1, two]))


def test_voucher_with_other_ticks_is_not_taken():
    _, buying, selling = pair(ticks=TICKS)
    session, seller = connect(buying, selling)
    units(session, selling, 3)
    paid = worth(selling)

    def offered(amount, ticks=None):
        claims = voucher.payload(session._terms.digest, 0, 5, amount, None, ticks)
        raw, _ = buying.signer.sign(labels.VOUCHER, claims)
        return raises(rpc.PeerError, run, session._client.call(rpc.PAY, raw)).code

    for value, count in ((PRICE + 1, 4), (PRICE, 0), (PRICE, 65), (PRICE, 1 << 40)):
        assert offered(30, {1: bytes(32), 2: value, 3: count}) == Unsupported.code
    assert offered(paid - 1) == AmountDecreased.code, "the ticks that it has are worth more"
    assert offered(PRICE * 60, {1: bytes(32), 2: PRICE, 3: 64}) != 0  # beyond the capacity with its ticks
    assert worth(selling) == paid
    _, buying, selling = pair("reading", ticks=TICKS)
    session, _ = connect(buying, selling)
    assert offered(PRICE, {1: bytes(32), 2: PRICE, 3: 4}) == Unsupported.code, "goods are paid one by one"


def test_tick_beyond_the_promised_count_is_not_kept():
    _, buying, selling = pair(ticks=TICKS)
    session, _ = connect(buying, selling)
    chain = Chain(bytes(32), 5)
    claims = voucher.payload(session._terms.digest, 0, 1, PRICE, None, {1: chain.root, 2: PRICE, 3: 4})
    run(session._client.call(rpc.PAY, buying.signer.sign(labels.VOUCHER, claims)[0]))
    refused(BadTick.code, run, session._client.call(rpc.TICK, [5, chain.reveal(5)]))  # no ledger would pay it
    run(session._client.call(rpc.TICK, [4, chain.reveal(4)]))
    assert worth(selling) == PRICE * 5


def test_flash_that_was_put_back_is_seen_by_a_voucher_with_ticks():
    _, buying, selling = pair(ticks=TICKS)
    session, seller = connect(buying, selling)
    before = dict(buying.board.store.files)
    units(session, selling, 2)
    seller.release()
    rolled = restarted(buying)
    rolled.board.store.files = before
    rolled.load()
    raises(RolledBack, connect, rolled, selling)
    record = payer_record(rolled)
    assert record[channel.RESERVED] == PRICE * (1 + TICKS) and record[channel.SEQ] == 1
    assert rolled.payer.sign_last(session._terms)[1] == messages.parse(payee_record(selling)[channel.VOUCHER]).digest


def test_new_day_counts_what_it_reserves_and_gives_back_nothing_of_yesterday():
    _, buying, selling = pair(ticks=TICKS)
    wanted = dict(buying.journal.get(ORDER_RECORD))
    wanted[order.SECONDS] = 3 * 86400
    buying.journal.put(ORDER_RECORD, wanted)
    session, _ = connect(buying, selling)
    units(session, selling, 3)
    assert buying.payer.spent.today("nEUR") == PRICE * (1 + TICKS)
    pass_time(buying, 86400)
    assert buying.payer.spent.today("nEUR") == 0
    units(session, selling, 1)
    assert buying.payer.spent.today("nEUR") == 0, "its ticks were counted yesterday"
    units(session, selling, TICKS)
    assert promised(buying)[0][0] == 2
    assert buying.payer.spent.today("nEUR") == promised(buying)[0][1] + PRICE * TICKS - PRICE * (1 + TICKS)
    again = restarted(buying)
    again.days.ticks = buying.days.ticks
    pass_time(again, 86400)
    session, _ = connect(again, selling)
    units(session, selling, 4)
    assert again.payer.spent.today("nEUR") == (
        again.payer.record(session._terms.digest)[channel.RESERVED] - promised(buying)[0][1] - PRICE * TICKS
    )
