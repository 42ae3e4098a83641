"""What a device refuses to protect itself, as seller and as buyer, and the owner's numbers for it."""

import os

from check import raises
from rig import NOW, Counter, Issuer, Loopback, pass_time, policy, provisioned
from seal import channel, labels, messages, order, rpc, seller, voucher
from seal import policy as limits
from seal.compat import finish
from seal.errors import Expired, Malformed, Refused, SealError
from seal.owner import Owner
from seal.seller import Seller
from seal.service import Service
from trades import PRICE, connect, pair, promised, run

DAY = 86400


def shop(unit="J"):
    issuer = Issuer()
    selling = provisioned(issuer, joules=1000)
    Owner(selling).command(issuer.command(selling, "offer", ["nEUR", unit, PRICE]))
    return issuer, selling


def hello(buyer, selling):
    """A proven connection of a member that runs software of its own."""
    served = Seller(selling)
    nonce = os.urandom(32)
    reply = finish(served.hello([nonce, buyer.chain]))
    proof = seller.proof_claims(buyer.device_id, selling.device_id, reply[0], nonce)
    served.prove(buyer.signer.sign(labels.PEER_PROOF, proof)[0])
    return served


def opening(buyer, selling, unit="J", **changed):
    """(channel-open, digest) of that member. changed: seconds, window."""
    now = selling.board.clock.now()
    claims = {
        1: 1,
        2: buyer.network,
        3: buyer.device_id,
        4: selling.device_id,
        5: "nEUR",
        6: 5000,
        7: now + changed.get("seconds", DAY),
        8: os.urandom(16),
        9: PRICE,
        10: unit,
        11: changed.get("window", DAY),
    }
    return buyer.signer.sign(labels.CHANNEL_OPEN, claims)


def buy(buyer, selling, unit="J", **changed):
    """Open a channel and pay one bill in it."""
    served = hello(buyer, selling)
    raw, digest = opening(buyer, selling, unit, **changed)
    served.open(raw)
    selling.board.meter.joules += 5
    item, due, _ = served.bill(None)
    served.pay(buyer.signer.sign(labels.VOUCHER, voucher.payload(digest, 0, 1, due, item))[0])
    served.release()
    return digest


def test_short_channels_and_windows_are_refused():
    issuer, selling = shop()
    buyer = provisioned(issuer)
    for error, changed in (
        (Expired, {"seconds": 3600}),
        (Refused, {"seconds": 400 * DAY + 1}),
        (Refused, {"window": DAY - 1}),
    ):
        raises(error, buy, buyer, selling, **changed)
    assert not selling.payee.records()
    buy(buyer, selling, seconds=3601)
    Owner(selling).command(issuer.command(selling, "protect", {"least_left": 2, "longest": 50, "least_window": 7}))
    raises(Refused, buy, buyer, selling, seconds=51, window=7)
    raises(Refused, buy, buyer, selling, seconds=50, window=6)
    raises(Expired, buy, buyer, selling, seconds=2, window=7)
    assert Service(selling).info(None)["protection"]["longest"] == 50


def test_owner_sets_numbers_one_by_one():
    issuer, selling = shop()
    protect = lambda value: Owner(selling).command(issuer.command(selling, "protect", value))  # noqa: E731
    for wrong in (None, [], {"least": 1}, {"credit": -1}, {"channels_per_payer": 0}, {"longest": True}, {1: 1}):
        raises(Malformed, protect, wrong)
    protect({"credit": 9})
    protect({"least_left": 0})
    assert selling.protection() == {
        "least_left": 0,
        "longest": 400 * DAY,
        "least_window": DAY,
        "channels_per_payer": 2,
        "credit": 9,
        "voucher_every": 64,
    }


def test_payer_whose_certificate_ends_before_the_claim_is_refused():
    issuer, selling = shop()
    buyer = provisioned(issuer)
    for seconds in (60, DAY, 2 * DAY - 1):
        buyer.chain = [issuer.certificate(buyer.public, exp=NOW + seconds), issuer.root]
        raises(Expired, buy, buyer, selling)
    buyer.chain = [issuer.certificate(buyer.public, exp=NOW + 2 * DAY), issuer.root]
    buy(buyer, selling)


def test_one_member_cannot_close_a_shop():
    for unit in ("reading", "J"):
        issuer, selling = shop(unit)
        bad, honest = provisioned(issuer), provisioned(issuer)
        buy(bad, selling, unit)
        buy(bad, selling, unit)
        for _ in range(channel.MAX_CHANNELS):
            raises(Refused, buy, bad, selling, unit)
            selling.seller = None
        buy(honest, selling, unit)
        assert len(selling.payee.records()) == 3


def test_buyer_promises_nothing_at_the_end_of_a_channel():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 1
    run(session.step())
    pass_time(buying, DAY - 3600)
    selling.board.meter.joules += 1
    raises(Expired, run, session.step())
    buying.board.clock.quality = labels.CLOCK_SINCE_BOOT
    assert raises(limits.Limit, run, session.step()).code == limits.CLOCK_UNSET
    assert promised(buying) == [(1, PRICE)]


def test_order_shorter_than_the_least_time_left_opens_nothing():
    issuer, buying, selling = pair()
    Owner(buying).command(issuer.command(buying, "stop"))
    Owner(buying).command(
        issuer.command(buying, "trade", {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 300, order.SECONDS: 3600})
    )
    raises(Expired, connect, buying, selling)
    assert not buying.payer.records()


def test_a_meter_that_jumps_is_not_paid():
    _, buying, selling = pair(spending=policy(10**6, 10**7), budget=18000)
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 10**6
    assert raises(limits.Limit, run, session.step()).code == limits.OVER_RATE
    assert promised(buying) == [(0, 0)]
    selling.board.meter.joules = 1000 + 1000
    run(session.step())
    selling.board.meter.joules += 2500
    assert raises(limits.Limit, run, session.step()).code == limits.OVER_RATE
    pass_time(buying, 3)
    run(session.step())
    assert promised(buying) == [(2, 3500 * PRICE)]


def test_order_sets_first_bill_and_rate():
    issuer, buying, selling = pair(budget=3000)
    Owner(buying).command(issuer.command(buying, "stop"))
    wanted = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 3000, order.MOST_FIRST: 30, order.MOST_UNITS: 2}
    Owner(buying).command(issuer.command(buying, "trade", wanted))
    session, _ = connect(buying, selling)
    bills = ((0, 11, False), (0, -1, True), (1, 3, False), (0, -1, True), (0, 1, False), (0, -1, None), (10, 20, True))
    for seconds, joules, is_paid in bills:  # None: no bill
        pass_time(buying, seconds)
        selling.board.meter.joules += joules
        if is_paid:
            run(session.step())
        elif is_paid is False:
            assert raises(limits.Limit, run, session.step()).code == limits.OVER_RATE
    assert promised(buying) == [(3, 32 * PRICE)]


def test_own_meter_of_the_buyer_counts():
    issuer, buying, selling = pair(budget=100000, spending=policy(10**6, 10**7))
    own = Counter(7)
    buying.board.sensors = [own]
    session, _ = connect(buying, selling)
    for joules, counted, is_paid in ((3000, 0, True), (1000, 0, False), (0, 1000, True)):
        own.joules += counted
        selling.board.meter.joules += joules
        if is_paid:
            run(session.step())
        else:
            assert raises(limits.Limit, run, session.step()).code == limits.OVER_RATE
    assert promised(buying)[0][1] == 4000 * PRICE


def test_old_form_of_open_is_read():
    issuer, selling = shop()
    buyer = provisioned(issuer)
    client = Loopback(hello(buyer, selling).handlers())
    raw, digest = opening(buyer, selling)
    for item in ([raw], [raw, None, None], [None, None], [raw, 1]):
        raises(SealError, run, client.call(rpc.OPEN, item))
    assert run(client.call(rpc.OPEN, raw))[0] is None
    assert run(client.call(rpc.OPEN, [raw, None]))[0] is None
    assert messages.parse(raw).digest == digest
