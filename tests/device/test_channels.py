"""More trades than channel records: old channels make room, the daily total stays."""

import gc

from check import raises
from rig import NOW, Issuer, policy
from seal import channel, labels, messages, order, rpc
from seal import policy as limits
from seal.owner import Owner
from seal.service import Service
from trades import connect, pair, run


def test_many_channels_make_room_and_keep_daily_total():
    issuer, buying, selling = pair(budget=3, spending=policy(per_day=33))
    for number in range(1, 12):
        session, seller = connect(buying, selling)
        gc.collect()  # two devices with their flash share this heap
        selling.board.meter.joules += 1
        assert run(session.step()) is True
        run(session.close())
        seller.release()
        order.finish(buying, order.DONE)
        assert buying.payer.spent_today("nEUR") == 3 * number
        gc.collect()
        digests = [record[channel.DIGEST] for _, record in selling.payee.records()]
        Owner(selling).command(issuer.command(selling, "ack", {1: selling.log.seq, 2: digests}))
        Owner(buying).command(issuer.command(buying, "trade", {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 3, 7: 0}))
    assert len(buying.payer.records()) == channel.MAX_CHANNELS
    assert raises(limits.Limit, connect, buying, selling).code == limits.OVER_DAY


def test_unpaid_channels_make_room():
    issuer, buying, selling = pair("reading")
    kept, _ = connect(buying, selling)
    run(kept.step())
    for _ in range(channel.MAX_CHANNELS + 1):
        order.finish(buying, order.STOPPED)
        for name, _ in buying.payer.records():
            buying.journal.remove(name)
        Owner(buying).command(
            issuer.command(buying, "trade", {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "reading", 5: 10, 7: 0})
        )
        connect(buying, selling)
        gc.collect()
    assert len(selling.payee.records()) == channel.MAX_CHANNELS
    assert selling.payee.best(kept._terms.digest).payload[4] == 3


def test_refused_peer_closes_no_channel():
    issuer, buying, selling = pair()
    session, seller = connect(buying, selling)
    seller.release()
    other, _ = connect(buying, selling)
    foreign = Issuer()
    raws = (b"\x00", foreign.signer.sign(labels.CHANNEL_OPEN, messages.parse(session._terms.raw).payload)[0])
    for raw in raws:
        raises(rpc.PeerError, run, other._client.call(rpc.OPEN, raw))
    assert [channel.CLOSE in record for _, record in selling.payee.records()] == [False]


def test_looking_at_channels_changes_nothing():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 1
    run(session.step())
    before = dict(buying.board.store.files)
    buying.board.clock.unix = session._terms.expires + 10**8  # a wrong clock, or a channel that has expired
    shown = Service(buying).channels(0)
    assert len(shown[2]) == 2, "the open and the voucher, and no close that somebody's question made"
    assert buying.board.store.files == before
    buying.board.clock.unix = NOW
    selling.board.meter.joules += 1
    run(session.step())
