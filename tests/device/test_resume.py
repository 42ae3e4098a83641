"""A trade resumes after lost replies, pruned goods, changed orders and malformed replies."""

import gc

from cable import Cable, until
from check import raises
from rig import RamStore, policy, restarted
from seal import channel, labels, messages, order, rpc, trading
from seal import policy as limits
from seal.errors import Refused, StorageFull, UnknownChannel
from seal.owner import Owner
from seal.records import ORDER_RECORD
from trades import best, connect, pair, promised, run

ORDER = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "reading", 5: 9, 7: 0}


def status(device):
    return device.journal.get(ORDER_RECORD)[order.STATUS]


def trade(buying, selling, **cable):
    """Run the buying device's trading task until its order ends."""
    buying.board.peer_links = [Cable(selling, **cable)]
    until(lambda: status(buying) != order.ACTIVE, trading.run(buying))
    return buying.board.peer_links[0]


def test_trade_survives_loss_of_every_reply():
    for kind in (rpc.HELLO, rpc.PROVE, rpc.OPEN, rpc.BILL, rpc.PAY, rpc.CLOSE):
        _, buying, selling = pair("reading", budget=10)
        link = trade(buying, selling, lost=[kind])
        assert link.connections == 2 and not link.lost, kind
        assert status(buying) == order.DONE and best(selling) == promised(buying) == [(3, 9)], kind
        record = buying.payer.records()[0][1]
        assert channel.CLOSE in record, kind


def test_lost_reply_to_last_voucher_is_repeated_with_receipt_and_goods():
    _, buying, selling = pair("reading", budget=3)
    session, seller = connect(buying, selling)
    seller.pay = None
    item, due = run(session._bill())
    raw, digest, _ = buying.payer.promise(session._terms, due, item, session._allow)
    selling.payee.take(*selling.payee.check(raw, session._terms, seller.peer))  # and the reply is lost
    again = restarted(buying)
    trade(again, selling)
    record = again.payer.records()[0][1]
    assert messages.parse(record[channel.RECEIPT], labels.RECEIPT).payload[5] == digest
    assert again.last_purchase[0] == ["temperature", "Cel", -2, -512]


def test_voucher_for_pruned_goods_is_replaced():
    _, buying, selling = pair("reading", budget=6)
    session, _ = connect(buying, selling)
    item, due = run(session._bill())
    buying.payer.promise(session._terms, due, item, session._allow)  # and the power goes
    for _ in range(40):
        selling.sample()
    selling.log.acknowledge(selling.log.seq)
    assert selling.log.find(item) is None
    again = restarted(buying)
    trade(again, selling)
    assert status(again) == order.DONE
    assert best(selling) == promised(again) == [(3, 6)], "the price was asked for twice"


def test_collected_goods_are_not_sent_again():
    _, buying, selling = pair("reading", budget=6)
    session, _ = connect(buying, selling)
    run(session.step())
    for _ in range(40):
        selling.sample()
    selling.log.acknowledge(selling.log.seq)
    again = restarted(buying)
    trade(again, selling)
    assert status(again) == order.DONE and best(selling) == [(2, 6)]


def test_forgotten_channel_is_never_paid_again():
    issuer, buying, selling = pair("reading", budget=3)
    session, _ = connect(buying, selling)
    run(session.step())
    digest = session._terms.digest
    selling.payee.close(digest, 0)
    Owner(selling).command(issuer.command(selling, "ack", {1: 0, 2: [digest]}))
    assert selling.payee.records() == []
    for device in (selling, restarted(selling)):
        error = raises(rpc.PeerError, run, connect_raw(buying, device, session._terms.raw))
        assert error.code == UnknownChannel.code
    trade(buying, selling)
    assert status(buying) == order.DONE and selling.payee.records() == []


async def connect_raw(buying, selling, raw):
    """The reply to a proven peer that opens `raw`."""
    from rig import Loopback
    from seal import seller

    client = Loopback(seller.Seller(selling).handlers())
    reply = await client.call(rpc.HELLO, [bytes(32), buying.chain])
    claims = seller.proof_claims(buying.device_id, selling.device_id, reply[0], bytes(32))
    await client.call(rpc.PROVE, buying.signer.sign(labels.PEER_PROOF, claims)[0])
    return await client.call(rpc.OPEN, raw)


def test_end_of_replaced_order_keeps_new_order():
    issuer, buying, selling = pair("reading", budget=3)
    pausing = dict(buying.journal.get(ORDER_RECORD))
    pausing[order.PAUSE_MS] = 400
    pausing[order.BUDGET] = 100
    buying.journal.put(ORDER_RECORD, pausing)
    buying.board.peer_links = [Cable(selling)]
    calls = []

    def change():
        if best(selling) and best(selling)[0][0] == 1 and not calls:
            calls.append(1)
            Owner(buying).command(issuer.command(buying, "stop"))
            Owner(buying).command(issuer.command(buying, "trade", ORDER))
        return bool(calls) and status(buying) != order.ACTIVE

    until(change, trading.run(buying))
    assert sorted(best(selling)) == [(1, 3), (3, 9)]


def test_order_stopped_while_it_connects_stays_stopped():
    issuer, buying, selling = pair("reading")

    def stop(kind, result):
        if kind == rpc.PROVE:
            Owner(buying).command(issuer.command(buying, "stop"))
        return result

    trade(buying, selling, tamper=stop)
    assert status(buying) == order.STOPPED and promised(buying) == []


def test_early_close_by_seller_ends_order():
    _, buying, selling = pair()
    session, seller = connect(buying, selling)
    selling.board.meter.joules += 1
    run(session.step())
    seller.release()
    selling.payee.close(session._terms.digest, 0)
    trade(buying, selling)
    ended = buying.journal.get(ORDER_RECORD)
    assert (ended[order.STATUS], ended[order.CODE]) == (order.FAILED, Refused.code)


def test_malformed_replies_neither_end_order_nor_pay():
    nonsense = (None, 7, 1 << 40, b"\x00", "", [], {}, [None] * 3, [7] * 4, [b"", b"", b""], [bytes(32), [7], b"", []])
    _, buying, selling = pair("reading", budget=3)
    for kind in (rpc.HELLO, rpc.OPEN, rpc.BILL, rpc.PAY):
        for wrong in nonsense if kind != rpc.OPEN else nonsense[:7] + nonsense[8:]:  # three times null is an answer
            link = Cable(selling, tamper=lambda at, result: wrong if at == kind else result)
            buying.board.peer_links = [link]
            buying.trade_fault = None
            until(lambda: buying.trade_fault is not None, trading.run(buying))
            assert link.connections == 1 and status(buying) == order.ACTIVE
            if kind != rpc.PAY:
                assert best(selling) in ([], [(0, 0)])
    trade(buying, selling)
    assert status(buying) == order.DONE and best(selling) == [(1, 3)]


class FullStore(RamStore):
    """A store without space while `full`."""

    full = False

    def write(self, name, data):
        if self.full:
            raise StorageFull("full")
        RamStore.write(self, name, data)


def test_full_flash_delays_end_of_order():
    issuer, buying, selling = pair("reading", budget=3)
    Owner(buying).command(issuer.command(buying, "pause"))
    full = FullStore(buying.board.store.files)
    buying.board.store = buying.journal._store = full
    full.full = True
    buying.board.peer_links = [Cable(selling)]
    until(lambda: buying.trade_fault is not None, trading.run(buying))
    assert status(buying) == order.ACTIVE and buying.trade_fault == StorageFull.code
    full.full = False
    trade(buying, selling)
    ended = buying.journal.get(ORDER_RECORD)
    assert (ended[order.STATUS], ended[order.CODE]) == (order.FAILED, 45)


def all_closed(device):
    return all(channel.CLOSE in record for _, record in device.payer.records())


def test_orders_ended_by_limits_leave_room():
    issuer, buying, selling = pair("reading")
    Owner(buying).command(issuer.command(buying, "stop"))
    for number in range(1, channel.MAX_CHANNELS + 3):
        Owner(buying).command(issuer.command(buying, "policy", policy(per_day=3 * number)))
        Owner(buying).command(issuer.command(buying, "trade", ORDER))
        buying.board.peer_links = [Cable(selling)]
        until(lambda: status(buying) != order.ACTIVE and all_closed(buying), trading.run(buying))
        ended = buying.journal.get(ORDER_RECORD)
        assert (ended[order.STATUS], ended[order.CODE]) == (order.FAILED, limits.OVER_DAY), number
        closed = [record[channel.DIGEST] for _, record in selling.payee.records()]
        Owner(selling).command(issuer.command(selling, "ack", {1: 0, 2: closed}))
        gc.collect()
