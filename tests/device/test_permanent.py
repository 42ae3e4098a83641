"""What no later try can change: offers that nothing meters are refused, orders that cannot be met end and say why."""

import asyncio

from cable import Cable, until
from check import raises
from rig import Thermometer, restarted
from seal import order, rpc, trading
from seal.errors import NoMeter, SensorFailed, WrongOffer
from seal.owner import Owner
from seal.records import ORDER_RECORD, OWNER_OFFER
from seal.service import Service
from trades import pair


class Quick:
    """asyncio without pauses: what is tested is how often, not when."""

    @staticmethod
    async def sleep(_):
        await asyncio.sleep(0)


def trade_until(condition, buying):
    """Run the buying device's trading task until `condition()` holds."""
    trading.asyncio = Quick
    try:
        until(condition, trading.run(buying))
    finally:
        trading.asyncio = asyncio


def offer(issuer, device, *terms):
    Owner(device).command(issuer.command(device, "offer", list(terms)))


def info(device):
    return Service(device).info(None)


def broken():
    raise SensorFailed("the wire is off")


def test_an_offer_that_no_sensor_meters_is_refused():
    issuer, buying, selling = pair("J")
    kept = selling.owner_record()[OWNER_OFFER]
    for unit in ("kWh", "Cel", ""):  # a temperature in hundredths is no count
        raises(NoMeter, offer, issuer, selling, "nEUR", unit, 3)
    assert selling.owner_record()[OWNER_OFFER] == kept
    offer(issuer, selling, "nEUR", "reading", 3)
    selling.board.sensors = [Thermometer()]
    raises(NoMeter, offer, issuer, selling, "nEUR", "J", 3)
    selling.board.sensors = []
    raises(NoMeter, offer, issuer, selling, "nEUR", "reading", 3)
    Owner(selling).command(issuer.command(selling, "offer"))  # to sell nothing needs no meter
    assert OWNER_OFFER not in selling.owner_record() or selling.owner_record()[OWNER_OFFER] is None
    selling.board.sensors = [Thermometer()]
    selling.board.sensors[0].read = broken
    raises(SensorFailed, offer, issuer, selling, "nEUR", "reading", 3)


def trade(buying, link):
    buying.board.peer_links = [link]
    trade_until(lambda: buying.journal.get(ORDER_RECORD)[order.STATUS] != order.ACTIVE, buying)
    return buying.journal.get(ORDER_RECORD)


def test_an_order_ends_where_the_seller_sells_something_else():
    issuer, buying, selling = pair("J")
    offer(issuer, selling, "nEUR", "reading", 3)
    link = Cable(selling)
    ended = trade(buying, link)
    assert (ended[order.STATUS], ended[order.CODE]) == (order.FAILED, WrongOffer.code)
    assert link.connections == trading.TRIES and not info(buying)["fault_by_seller"]


def test_an_order_ends_by_what_the_seller_answers_for_good():
    _, buying, selling = pair("J")

    def tamper(kind, result):
        if kind == rpc.BILL:
            raise NoMeter("it was taken off")
        return result

    link = Cable(selling, tamper=tamper)
    ended = trade(buying, link)
    assert ended[order.CODE] == NoMeter.code and link.connections == trading.TRIES
    assert info(restarted(buying))["fault_by_seller"]  # also after a reset


def test_what_may_pass_is_tried_for_ever():
    _, buying, selling = pair("J")
    selling.board.meter.read = broken
    link = Cable(selling)
    buying.board.peer_links = [link]
    trade_until(lambda: link.connections > 3 * trading.TRIES, buying)
    assert buying.trade_fault == SensorFailed.code and info(buying)["fault_by_seller"]
    assert info(buying)["buying"] == [selling.device_id, "nEUR", "J", 300]


def test_nobody_but_the_seller_ends_an_order():
    issuer, buying, selling = pair("J")
    _, _, stranger = pair("J")  # of another network: it proves nothing here
    link = Cable(stranger)
    buying.board.peer_links = [link]
    trade_until(lambda: link.connections > 3 * trading.TRIES, buying)
    assert buying.journal.get(ORDER_RECORD)[order.STATUS] == order.ACTIVE
    wanted = {1: "tcp:127.0.0.1:1", 2: bytes(32), 3: "nEUR", 4: "Cel", 5: 9, 7: 0}  # another device of this network
    Owner(buying).command(issuer.command(buying, "stop"))
    Owner(buying).command(issuer.command(buying, "trade", wanted))
    link = Cable(selling)
    buying.board.peer_links = [link]
    trade_until(lambda: link.connections > 3 * trading.TRIES, buying)
    assert buying.journal.get(ORDER_RECORD)[order.STATUS] == order.ACTIVE
