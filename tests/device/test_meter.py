"""Metered sales: one buyer at a time, limited credit, and no needless readings."""

import gc

from check import raises
from rig import policy, provisioned, restarted
from seal import channel, labels, order, protection, rpc, voucher
from seal.errors import Malformed, NotYetValid, Refused, Unreachable
from seal.owner import Owner
from seal.records import ORDER_RECORD
from trades import PRICE, best, connect, pair, promised, refused, run


def test_one_meter_serves_one_buyer():
    issuer, first, selling = pair()
    session, seller = connect(first, selling)
    second = provisioned(issuer, policy())
    order = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 100, 7: 0}
    Owner(second).command(issuer.command(second, "trade", order))
    refused(Refused.code, connect, second, selling)
    seller.release()
    _, seller = connect(second, selling)
    digests = [first.payer.records()[0][1][channel.DIGEST], second.payer.records()[0][1][channel.DIGEST]]
    assert [channel.CLOSE in selling.payee.record(digest) for digest in digests] == [True, False]
    seller.release()
    connect(first, selling)  # its channel is closed: it learns so, and closes nobody else's
    assert channel.CLOSE in first.payer.record(digests[0])
    assert [channel.CLOSE in selling.payee.record(digest) for digest in digests] == [True, False]


def test_buyer_reconnects_while_old_connection_seems_open():
    _, buying, selling = pair()
    _, dead = connect(buying, selling)
    session, alive = connect(restarted(buying), selling)
    dead.release()
    assert selling.seller is alive
    selling.board.meter.joules += 5
    run(session.step())
    assert best(selling) == [(1, 15)]


def test_unpaid_bills_exhaust_credit():
    _, buying, selling = pair()
    session, seller = connect(buying, selling)
    for _ in range(20):
        selling.board.meter.joules += 1
        seller.bill(None)
        gc.collect()
    assert selling.log.seq == 16  # the one at the start of the channel among them
    run(session.step())
    assert best(selling) == [(1, 45)], "what was billed already can still be paid"
    run(session.step())
    assert best(selling) == [(2, 60)]


def test_constant_count_costs_no_readings():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    for _ in range(40):
        assert run(session.step()) is False
    assert selling.log.seq == 1
    selling.board.meter.joules += 2
    run(session.step())
    assert best(selling) == [(1, 6)]


def test_zero_vouchers_and_new_channels_do_not_reset_credit():
    issuer, buying, selling = pair()
    session, seller = connect(buying, selling)
    for _ in range(20):
        selling.board.meter.joules += 1
        seller.bill(None)
        claims = voucher.payload(session._terms.digest, 0, 1, 0)
        raises(Malformed, seller.pay, buying.signer.sign(labels.VOUCHER, claims)[0])
        gc.collect()
    assert selling.log.seq == 16
    selling.board.meter.joules += 1
    seller.release()
    raises(Refused, seller._base)
    assert selling.log.seq == 16


def test_stop_during_bill_prevents_payment():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 10
    honest = session._client.handlers[rpc.BILL]

    def stopped(item):
        Owner(buying).command(issuer.command(buying, "stop"))
        return honest(item)

    session._client.handlers[rpc.BILL] = stopped
    assert run(session.step()) is False
    assert promised(buying) == [(0, 0)]


def test_unexpected_device_at_address_is_not_paid():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    other = provisioned(issuer, joules=10**6)
    Owner(other).command(issuer.command(other, "offer", ["nEUR", "J", PRICE]))
    order = dict(buying.journal.get("order"))
    del order[2]
    buying.journal.put("order", order)
    raises(Unreachable, connect, buying, other)
    assert promised(buying) == [(0, 0)]


def test_unset_clock_or_too_long_channel_is_refused():
    issuer, buying, selling = pair()
    record = dict(buying.journal.get(ORDER_RECORD))
    record[order.SECONDS] = protection.MAX_SECONDS + 1
    buying.journal.put(ORDER_RECORD, record)
    selling.board.clock.quality = labels.CLOCK_SINCE_BOOT
    assert raises(rpc.PeerError, connect, buying, selling).code == NotYetValid.code
    selling.board.clock.quality = labels.CLOCK_NETWORK
    assert raises(rpc.PeerError, connect, buying, selling).code == Refused.code
