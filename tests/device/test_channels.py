"""More trades than channel records: old channels make room, the daily total stays."""

import gc

from check import raises
from rig import NOW, Issuer, policy, provisioned
from seal import channel, deposit, labels, messages, order, rpc, watermark
from seal import policy as limits
from seal.errors import Refused, UnknownChannel
from seal.owner import Owner
from seal.records import ORDER_RECORD
from seal.service import Service
from trades import PRICE, connect, pair, run


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
        assert buying.payer.spent.today("nEUR") == 3 * number
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
    assert len(selling.payee.records()) == 2, "the default number for one payer"
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


def test_owner_closes_channel_in_either_role():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 1
    run(session.step())
    terms, before = session._terms, dict(buying.board.store.files)
    buying.board.clock.unix = terms.expires
    assert len(Service(buying).channels(0)[2]) == 2, "the open and the voucher: nothing is closed by reading"
    assert buying.board.store.files == before
    raises(UnknownChannel, Owner(buying).command, issuer.command(buying, "close", bytes(32)))
    for device in (buying, selling):
        Owner(device).command(issuer.command(device, "close", terms.digest))
        close = messages.parse(Service(device).channels(0)[2][-1], labels.CHANNEL_CLOSE).verify(device.public)
        claimed = messages.parse(selling.payee.record(terms.digest)[channel.VOUCHER])
        assert close.payload == {1: terms.digest, 2: device.board.clock.unix, 3: [[0, 1, 3, claimed.digest]]}
    assert buying.journal.get(ORDER_RECORD)[order.STATUS] == order.STOPPED
    raises(Refused, buying.payer.promise, terms, 6, None, lambda *_: None)


def test_payer_keeps_every_channel_until_its_money_is_back():
    issuer, buying, selling = pair("reading", budget=3)
    made = []
    for _ in range(channel.MAX_CHANNELS):
        offer = channel.Offer("nEUR", "reading", 3)
        made.append(buying.payer.open(bytes(32), offer, 300, NOW + 86400, bytes(16), []))
    assert len({terms.expires for terms in made}) == len(made), "each expires after the one before"
    buying.board.clock.unix = made[-1].expires + 1
    raises(Refused, buying.payer.open, bytes(32), offer, 300, NOW + 999999, bytes(16), [])
    ack = {1: 0, 2: [made[0].digest]}
    raises(Refused, Owner(buying).command, issuer.command(buying, "ack", ack))
    buying.payer.close(made[1].digest, NOW)
    raises(Refused, buying.payer.open, bytes(32), offer, 300, NOW + 999999, bytes(16), [])
    buying.board.clock.unix = made[0].claim_end
    Owner(buying).command(issuer.command(buying, "ack", ack))
    last = buying.payer.open(bytes(32), offer, 300, NOW, bytes(16), [])
    assert last.expires > made[-1].expires, "a payee refuses what expires before a settled channel"


def test_payee_close_frees_what_was_promised_and_no_less():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 1
    run(session.step())
    digest = session._terms.digest
    promised = dict(buying.payer.record(digest))
    for claims, is_over in (([[0, 1, 3, bytes(32)]], True), ([], True), ([[0, 2, 4, bytes(32)]], False), (None, False)):
        payload = {1: digest, 2: NOW} if claims is None else {1: digest, 2: NOW, 3: claims}
        close = selling.signer.sign(labels.CHANNEL_CLOSE, payload)[0]
        promised[channel.CLOSE] = close
        assert deposit.is_over(promised, buying.signer.kid) == is_over
    buying.payer.close(digest, NOW)
    assert not deposit.is_over(buying.payer.record(digest), buying.signer.kid), "its own close frees nothing"


def test_settled_channels_never_come_back():
    issuer, buying, selling = pair("reading", budget=3)
    session, _ = connect(buying, selling)
    run(session.step())
    run(session.close())
    terms = session._terms
    Owner(selling).command(issuer.command(selling, "ack", {1: 0, 2: [terms.digest]}))
    assert not selling.payee.records()
    raises(rpc.PeerError, run, session._client.call(rpc.OPEN, terms.raw))
    assert connect_again(issuer, buying, selling).expires > terms.expires
    journal = selling.journal
    for number in range(3 * watermark.MAX_PARTIES):
        watermark.advance(journal, "settled", bytes([number]) * 32, terms.expires + 100 + number)
    assert len(journal.get("settled")) == watermark.MAX_PARTIES
    for party in (bytes(32), b"\x01" * 32, buying.device_id):
        assert watermark.latest(journal, "settled", party, NOW) >= terms.expires, "merged, and not forgotten"


def test_a_wrong_clock_brings_no_settled_channel_back():
    # eclipse-kura/kura#2563: for a while the clock says 2036, and other channels are forgotten meanwhile
    issuer, buying, selling = pair("reading", budget=3)
    session, _ = connect(buying, selling)
    run(session.step())
    run(session.close())
    settled = session._terms
    Owner(selling).command(issuer.command(selling, "ack", {1: 0, 2: [settled.digest]}))
    selling.board.clock.unix = buying.board.clock.unix = 2_085_978_496
    other = provisioned(issuer, policy())
    other.board.clock.unix = selling.board.clock.unix
    wanted = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "reading", 5: 3, 7: 0}
    Owner(other).command(issuer.command(other, "trade", wanted))
    session, _ = connect(other, selling)
    run(session.step())
    run(session.close())
    Owner(selling).command(issuer.command(selling, "ack", {1: 0, 2: [session._terms.digest]}))
    selling.board.clock.unix = buying.board.clock.unix = NOW
    again = connect_again(issuer, buying, selling)
    assert again.digest != settled.digest and again.expires > settled.expires
    offer = lambda: channel.Offer("nEUR", "reading", 3)  # noqa: E731
    payer = selling.standing.check_peer(buying.chain)
    raises(UnknownChannel, selling.payee.accept, settled.raw, payer, offer, lambda: None, [])


def connect_again(issuer, buying, selling):
    order.finish(buying, order.DONE)
    Owner(buying).command(
        issuer.command(buying, "trade", {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "reading", 5: 3, 6: 7200, 7: 0})
    )
    return connect(buying, selling)[0]._terms


def test_a_channel_of_a_wrong_clock_locks_nobody_out():
    issuer, buying, selling = pair()

    def trade(now):
        for device in (buying, selling):
            device.board.clock.unix = now
        Owner(buying).command(issuer.command(buying, "stop"))
        Owner(buying).command(issuer.command(buying, "trade", {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 300}))
        session, _ = connect(buying, selling)
        selling.board.meter.joules += 1
        run(session.step())
        run(session.close())
        selling.payee.forget(session._terms.digest)
        return session._terms

    before, late, after = trade(NOW), trade(NOW + 70 * 365 * 86400), trade(NOW)
    assert before.expires < after.expires <= NOW + 2 * 86400
    payer = selling.standing.check_peer(buying.chain)
    for past, error in ((before, UnknownChannel), (late, Refused), (after, UnknownChannel)):
        offered = lambda: channel.offer(["nEUR", "J", PRICE])  # noqa: E731
        raises(error, selling.payee.accept, past.raw, payer, offered, lambda: None, [])
    selling.board.clock.unix = NOW + 70 * 365 * 86400
    raises(UnknownChannel, selling.payee.accept, late.raw, payer, offered, lambda: None, [])
