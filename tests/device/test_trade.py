"""Two devices trade: buyer and seller over real frames, cut off at every write, and every limit of the policy."""

from check import raises
from rig import NOW, policy, provisioned, restarted
from seal import channel, labels, messages, order, rpc, voucher
from seal import policy as limits
from seal.channel import Offer
from seal.days import SECONDS_A_DAY
from seal.errors import (
    BadSignature,
    Expired,
    Malformed,
    PolicyRefused,
    Refused,
    RolledBack,
)
from seal.owner import Owner
from seal.records import ORDER_RECORD
from seal.service import Service
from trades import PRICE, best, connect, pair, promised, run


def test_energy_payments_follow_meter():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    assert run(session.step()) is False and promised(buying) == [(0, 0)]
    for joules, amount in ((1, 3), (1, 6), (40, 126)):
        selling.board.meter.joules += joules
        assert run(session.step()) is False
        assert promised(buying)[0][1] == amount and best(selling)[0][1] == amount
    selling.board.meter.joules += 1000
    assert run(session.step()) is True and best(selling) == [(4, 300)]
    run(session.close())
    record = buying.payer.records()[0][1]
    assert channel.RECEIPT in record and channel.CLOSE in record
    receipt = messages.parse(record[channel.RECEIPT], labels.RECEIPT).verify(selling.public)
    assert receipt.payload[4] == 300
    close = messages.parse(record[channel.CLOSE], labels.CHANNEL_CLOSE).verify(selling.public)
    assert close.payload[1] == receipt.payload[1]


def test_readings_are_sold_one_by_one():
    _, buying, selling = pair("reading", budget=10)
    session, _ = connect(buying, selling)
    assert [run(session.step()) for _ in range(3)] == [False, False, True]
    assert best(selling) == [(3, 9)] and promised(buying) == [(3, 9)]
    assert buying.last_purchase[0] == ["temperature", "Cel", -2, -512]
    item = messages.parse(selling.payee.records()[0][1][channel.VOUCHER]).payload[voucher.ITEM]
    assert selling.log.find(item) is not None


def test_order_has_price_limit():
    _, buying, selling = pair(max_price=PRICE - 1)
    error = raises(limits.Limit, connect, buying, selling)
    assert error.code == limits.OVER_PRICE and not buying.payer.records(), "no channel is opened"
    _, buying, selling = pair(max_price=PRICE)
    session, _ = connect(buying, selling)
    assert session.order[order.MAX_PRICE] == PRICE and len(buying.payer.records()) == 1


def test_each_limit_stops_voucher_before_it_is_signed():
    cases = (
        (policy(per_voucher=29), limits.OVER_VOUCHER),
        (policy(per_day=29), limits.OVER_DAY),
        (policy(payees=[bytes(32)]), limits.NOT_A_PAYEE),
        (policy(button=29), limits.NEEDS_BUTTON),
        (policy(not_after=NOW + 5), limits.ENDED),
        ({1: {"USD": {1: 9999, 2: 9999}}}, limits.NO_ASSET),
    )
    for spending, code in cases:
        issuer, buying, selling = pair(spending=policy())
        session, _ = connect(buying, selling)
        Owner(buying).command(issuer.command(buying, "policy", spending))
        buying.board.clock.unix = NOW + 6
        selling.board.meter.joules += 10
        before = dict(buying.board.store.files)
        error = raises(limits.Limit, run, session.step())
        assert error.code == code and isinstance(error, PolicyRefused)
        assert buying.board.store.files == before and best(selling) == [(0, 0)]
    assert code == limits.NO_ASSET


def test_limits_admit_allowed_amounts():
    issuer, buying, selling = pair(spending=policy(per_voucher=30, per_day=60, button=29, not_after=NOW))
    session, _ = connect(buying, selling)
    buying.board.button.down = True
    for amount in (30, 60):
        selling.board.meter.joules += 10
        run(session.step())
        assert best(selling)[0][1] == amount
    selling.board.meter.joules += 1
    assert raises(limits.Limit, run, session.step()).code == limits.OVER_DAY
    Owner(buying).command(issuer.command(buying, "policy", policy(per_voucher=30, per_day=60)))
    buying.board.clock.unix = NOW + SECONDS_A_DAY
    raises(Expired, connect, buying, selling)


def test_pause_and_missing_policy_stop_spending():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    Owner(buying).command(issuer.command(buying, "pause"))
    selling.board.meter.joules += 1
    assert raises(limits.Limit, run, session.step()).code == limits.PAUSED
    Owner(buying).command(issuer.command(buying, "resume"))
    run(session.step())
    assert best(selling)[0][1] == 3
    bare = provisioned(issuer)
    order = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 100}
    Owner(bare).command(issuer.command(bare, "trade", order))
    assert raises(limits.Limit, connect, bare, selling).code == limits.NO_ASSET


def test_unset_clock_opens_no_channel():
    issuer, buying, selling = pair()
    buying.board.clock.quality = labels.CLOCK_SINCE_BOOT
    assert raises(limits.Limit, connect, buying, selling).code == limits.CLOCK_UNSET


def test_wrong_bill_is_not_paid():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    honest = session._client.handlers[rpc.BILL]

    def dearer(item):
        digest, due, raw = honest(item)
        return [digest, due + 1, raw]

    session._client.handlers[rpc.BILL] = dearer
    selling.board.meter.joules += 1
    raises(Malformed, run, session.step())
    session._client.handlers[rpc.BILL] = lambda item: [bytes(32), 3, buying.sample()[0]]
    raises((BadSignature, Malformed), run, session.step())
    assert promised(buying) == [(0, 0)]


def test_payer_with_lost_state_stays_locked_until_its_owner_unlocks_it():
    issuer, buying, selling = pair()
    session, seller = connect(buying, selling)
    before = dict(buying.board.store.files)
    selling.board.meter.joules += 1
    run(session.step())
    seller.release()
    rolled = restarted(buying)
    rolled.board.store.files = before
    rolled.load()
    raises(RolledBack, connect, rolled, selling)
    # umbrel-os#279: it was caught, and paid on the next order
    for device in (rolled, restarted(rolled)):
        assert Service(device).info(None)["locked"] is True
        order.finish(device, order.FAILED)
        wanted = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 5000, 7: 0}
        raises(RolledBack, Owner(device).command, issuer.command(device, "trade", wanted))
        raises(RolledBack, device.payer.promise, session._terms, 6, None, session._allow)
        raises(RolledBack, device.payer.open, selling.device_id, Offer("nEUR", "J", 3), 9, NOW + 9999, bytes(16), [])
        assert not device.journal.get(ORDER_RECORD) or device.journal.get(ORDER_RECORD)[order.STATUS] == order.FAILED
    # what the seller holds is the record again: no second voucher of that number is ever signed
    raw, digest, _ = rolled.payer.sign_last(session._terms)
    assert digest == messages.parse(selling.payee.records()[0][1][channel.VOUCHER]).digest
    Owner(rolled).command(issuer.command(rolled, "unlock"))
    assert Service(rolled).info(None)["locked"] is False and promised(rolled) == [(1, 3)]
    Owner(rolled).command(issuer.command(rolled, "trade", wanted))
    session, _ = connect(rolled, selling)
    selling.board.meter.joules += 1
    run(session.step())
    assert promised(restarted(rolled)) == promised(rolled) and sum(one[1] for one in promised(rolled)) == 6


def test_second_order_is_refused_while_first_is_active():
    issuer, buying, selling = pair()
    order = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 100}
    raises(Refused, Owner(buying).command, issuer.command(buying, "trade", order))
    Owner(buying).command(issuer.command(buying, "stop"))
    Owner(buying).command(issuer.command(buying, "trade", order))
    raises(Malformed, Owner(buying).command, issuer.command(buying, "trade", {1: "x"}))
