"""Metered trades by ticks: one request a unit, a voucher for every few, power cuts of either side, and thieves."""

import gc

from check import raises
from rig import Loopback, policy, restarted
from seal import buyer, channel, labels, messages, order, protection, rpc, voucher
from seal import policy as limits
from seal.owner import Owner
from seal.records import ORDER_RECORD, OWNER_PROTECTION, OWNER_RECORD
from seal.seller import Seller
from trades import PRICE, best, connect, pair, payee_record, payer_record, promised, run, units, worth

TICKS = 8


def test_units_are_paid_by_ticks_between_two_vouchers():
    _, buying, selling = pair(ticks=TICKS)
    session, _ = connect(buying, selling)
    units(session, selling, 1)
    assert promised(buying) == [(1, PRICE)], "the first bill is a voucher's"
    writes = buying.board.store.changes, selling.board.store.changes
    signed = selling.log.seq
    session._client.calls = []
    units(session, selling, TICKS)
    assert session._client.calls == [rpc.TICK] * TICKS, "one request a unit"
    assert (buying.board.store.changes, selling.board.store.changes) == writes, "no tick is written"
    assert selling.log.seq == signed and promised(buying) == [(1, PRICE)]
    # the payment follows the meter by one look: the last unit is known and not paid
    assert worth(selling) == buying.payer.paid(session._terms.digest) == PRICE * TICKS
    run(session.step())
    assert worth(selling) == PRICE * (TICKS + 1)
    units(session, selling, 1)
    assert promised(buying) == best(selling) == [(2, PRICE * (TICKS + 2))]


def test_trade_by_ticks_ends_on_meters_count_to_the_unit():
    for budget in (PRICE * 40, PRICE * 40 + 1):
        _, buying, selling = pair(budget=budget, ticks=TICKS)
        session, _ = connect(buying, selling)
        start = selling.board.meter.joules
        for _ in range(60):
            if session.is_spent():
                break
            selling.board.meter.joules += selling.board.meter.joules < start + 41
            run(session.step())
        assert session.is_spent() and worth(selling) == budget
        run(session.close())
        close = messages.parse(payer_record(buying)[channel.CLOSE]).payload
        assert close[labels.CLOSE_CLAIMS][0][2] == budget


def test_last_voucher_promises_what_ticks_paid_and_gives_the_rest_back():
    _, buying, selling = pair(ticks=TICKS)
    session, _ = connect(buying, selling)
    units(session, selling, 4)
    assert buying.payer.spent.today("nEUR") == PRICE * (1 + TICKS)
    run(session.close())
    assert promised(buying) == best(selling) == [(2, 3 * PRICE)]
    assert channel.TICK not in payee_record(selling) and payer_record(buying)[channel.TICKS] is None
    assert buying.payer.spent.today("nEUR") == restarted(buying).payer.spent.today("nEUR") == 3 * PRICE
    close = messages.parse(payer_record(buying)[channel.CLOSE]).payload
    assert close[labels.CLOSE_CLAIMS][0][2] == 3 * PRICE


def test_limits_count_whole_chain_before_signature():
    # (policy, longest chain that it leaves after the first unit)
    cases = (
        (policy(per_voucher=PRICE * 4), 3),
        (policy(per_voucher=PRICE * 4 - 1), 2),
        (policy(per_day=PRICE * 6), 5),
        (policy(button=PRICE * 3), 2),
        (policy(per_voucher=PRICE), 0),
    )
    for spending, count in cases:
        _, buying, selling = pair(spending=spending, ticks=TICKS)
        session, _ = connect(buying, selling)
        units(session, selling, 1)
        ticks = payer_record(buying)[channel.TICKS]
        assert (ticks[voucher.COUNT] if ticks else 0) == count
        assert buying.payer.spent.today("nEUR") == PRICE * (1 + count)
        raises(limits.Limit, buying.payer.promise, session._terms, 300, None, session._allow, None, 0)
        gc.collect()
    _, buying, selling = pair(spending=policy(per_day=PRICE * 20), ticks=TICKS)
    session, _ = connect(buying, selling)
    error = raises(limits.Limit, units, session, selling, 30)
    assert error.code == limits.OVER_DAY and PRICE * 19 <= worth(selling) <= PRICE * 20


def test_pause_stops_ticks_that_were_reserved():
    issuer, buying, selling = pair(ticks=TICKS)
    session, _ = connect(buying, selling)
    units(session, selling, 3)
    paid = worth(selling)
    Owner(buying).command(issuer.command(buying, "pause"))
    assert raises(limits.Limit, units, session, selling, 2).code == limits.PAUSED
    assert worth(selling) == paid


def test_unsigned_count_is_held_against_order_and_chain():
    _, buying, selling = pair(budget=30000, ticks=TICKS)
    wanted = dict(buying.journal.get(ORDER_RECORD))
    wanted[order.MOST_UNITS], wanted[order.MOST_FIRST] = 5, PRICE * 5
    buying.journal.put(ORDER_RECORD, wanted)
    session, seller = connect(buying, selling)
    units(session, selling, 1)
    honest = session._client.handlers[rpc.TICK]
    session._client.handlers[rpc.TICK] = lambda item: honest(item) if item is None else PRICE * 7
    error = raises(limits.Limit, run, session.step())
    assert error.code == limits.OVER_RATE and worth(selling) == PRICE
    session._client.handlers[rpc.TICK] = lambda item: honest(item) if item is None else (honest(item), PRICE * 6)[1]
    for _ in range(20):  # a meter that lies within the rate gains no more than a chain without a signed reading
        run(session.step())
    assert worth(selling) <= PRICE * (1 + TICKS) and promised(buying) == [(1, PRICE)]


def test_seller_without_ticks_is_paid_by_vouchers():
    _, buying, selling = pair(ticks=TICKS)
    seller = Seller(selling)
    handlers = seller.handlers()
    del handlers[rpc.TICK]  # an older firmware
    session = buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), Loopback(handlers))
    run(session.agree())
    units(session, selling, 3)
    assert promised(buying) == best(selling) == [(3, PRICE * 3)]
    assert session._client.calls.count(rpc.TICK) == 1, "it is asked once"
    record = selling.owner_record()
    record[OWNER_PROTECTION] = {protection.VOUCHER_EVERY: 2}
    selling.journal.put(OWNER_RECORD, record)
    seller.release()
    session, _ = connect(buying, selling)
    units(session, selling, 1)
    assert payer_record(buying)[channel.TICKS][voucher.COUNT] == 2, "the seller's owner wants shorter chains"


def test_buyers_power_cut_loses_chain_and_no_money():
    _, buying, selling = pair(ticks=TICKS)
    session, seller = connect(buying, selling)
    units(session, selling, 5)
    assert worth(selling) == PRICE * 4
    seller.release()
    again = restarted(buying)
    reserved = PRICE * (1 + TICKS)
    assert again.payer.spent.today("nEUR") == reserved, "it does not know what it revealed"
    session, seller = connect(again, selling)
    assert session._seller_amount == PRICE * 4, "the seller proves what it has"
    run(session.step())
    assert promised(again) == best(selling) == [(2, PRICE * 5)]
    assert again.payer.standing(session._terms)[0] == reserved, "the lost chain may still be claimed whole"
    units(session, selling, 3)
    run(session.close())
    assert again.payer.spent.today("nEUR") == max(reserved, PRICE * 7) and worth(selling) == PRICE * 7


def test_sellers_power_cut_loses_ticks_that_next_tick_proves_again():
    _, buying, selling = pair(ticks=TICKS)
    session, _ = connect(buying, selling)
    units(session, selling, 5)
    again = restarted(selling)
    again.board.meter.joules = selling.board.meter.joules
    assert worth(again) == PRICE
    session, _ = connect(buying, again)
    assert worth(again) == PRICE * 4, "the buyer shows its best tick anew"
    units(session, again, 1)
    assert worth(again) == PRICE * 5
    # and where both were cut the next voucher covers them, as the meter goes on
    both = restarted(buying), restarted(again)
    both[1].board.meter.joules = again.board.meter.joules
    session, _ = connect(*both)
    run(session.step())
    assert worth(both[1]) == PRICE * 6


def test_meter_that_lost_counts_is_paid_nothing_twice():
    _, buying, selling = pair(ticks=2)
    session, _ = connect(buying, selling)
    units(session, selling, 5)
    paid = worth(selling)
    again = restarted(selling)
    again.board.meter.joules = 1001  # of its last signed reading
    session, _ = connect(buying, again)
    for _ in range(4):
        run(session.step())
    assert max(worth(again), paid) == paid
    while PRICE * (again.board.meter.joules - 1000) <= paid:
        units(session, again, 1)
    for _ in range(3):
        run(session.step())
    assert worth(again) == PRICE * (again.board.meter.joules - 1000)
