"""Scenarios of `cuts`: the buyer's and the seller's side of a trade, to its close and the forgetting of its channel."""

from cut_scenario import ISSUER, Scenario, ask, party, provisioned, started
from rig import Loopback, Thermometer
from seal import buyer, cbor, channel, messages, order, rpc, voucher
from seal.owner import Owner
from seal.records import ORDER_RECORD
from seal.seller import Seller
from trades import run

PRICE = 3
BUDGET = 4 * PRICE


class Tap(Loopback):
    """A client that notes in `told` what each side shows the other."""

    def __init__(self, handlers, told, is_of_buyer):
        super().__init__(handlers)
        self._told, self._is_of_buyer = told, is_of_buyer

    async def call(self, kind, item):
        if kind == rpc.PAY and self._is_of_buyer:
            self._told.voucher(item)
        result = await super().call(kind, item)
        if not self._is_of_buyer:
            self._note(kind, item, result)
        return result

    def _note(self, kind, item, result):
        if kind == rpc.PAY:
            claims = messages.parse(item).payload
            self._told.receipt(claims[voucher.CHANNEL], claims[voucher.AMOUNT])
        for part in result if isinstance(result, list) else ():
            if isinstance(part, bytes) and len(part) > 100 and cbor.decode(part).value[0][:2] == self._READING:
                self._told.reading(part)

    _READING = b"\xa5\x01"  # a protected header of five keys


def traded(buying, selling, told, is_of_buyer):
    """The buyer's order brought to its end, or to a cut."""
    current = buying.journal.get(ORDER_RECORD)
    if current[order.STATUS] != order.ACTIVE:
        return
    serving = Seller(selling)
    session = buyer.Buyer(buying, current, Tap(serving.handlers(), told, is_of_buyer))
    if run(session.agree()) is None:
        while not session.is_spent():
            selling.board.meter.joules += 1
            run(session.step())
        run(session.close())
    order.finish(buying, order.DONE, None, current[order.NUMBER])


def forget(device, channels, told):
    """The owner has collected: closed channels go."""
    digests = [record[channel.DIGEST] for _, record in channels.records()]
    told.forgetting.update(digests)
    told.acknowledged = max(told.acknowledged, device.log.seq)
    if digests:
        ask(device, told, "ack", {1: device.log.seq, 2: digests})


def wanted(selling):
    return {1: "tcp:127.0.0.1:1", 2: selling.device_id, 3: "nEUR", 4: "J", 5: BUDGET, 7: 0}


class Buying(Scenario):
    name, again, step = "buying", 6, 15

    def before(self, flash, told):
        selling = party(told, 1000)
        Owner(selling).command(ISSUER.command(selling, "offer", ["nEUR", "J", PRICE], 1))
        ask(provisioned(flash, told), told, "trade", wanted(selling))

    def life(self, flash, told):
        device = started(flash)
        device.board.sensors = [Thermometer()]  # the count of its own meter would limit what it pays
        traded(device, party(told, 1000), told, True)
        forget(device, device.payer, told)

    def is_done(self, device):
        assert device.journal.get(ORDER_RECORD)[order.STATUS] == order.DONE
        spent = device.payer.spent.today("nEUR")
        # each cut while it forgets may count the channel once more: the safe side
        assert BUDGET <= spent <= 3 * BUDGET and device.payer.records() == [], spent


class Selling(Scenario):
    name, again, step = "selling", 8, 19

    def before(self, flash, told):
        device = provisioned(flash, told)
        ask(device, told, "offer", ["nEUR", "J", PRICE])
        buying = party(told)
        Owner(buying).command(ISSUER.command(buying, "trade", wanted(device), 1))

    def life(self, flash, told):
        device = started(flash)
        buying = party(told)
        buying.board.sensors = [Thermometer()]
        traded(buying, device, told, False)
        (record,) = [record for _, record in buying.payer.records()]
        assert buying.payer.paid(record[channel.DIGEST]) == BUDGET
        forget(device, device.payee, told)

    def is_done(self, device):
        assert device.payee.records() == [] and device.log.acknowledged == device.log.seq


SCENARIOS = [Buying(), Selling()]
