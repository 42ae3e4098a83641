"""Two provisioned devices and the two ends of their trade, for tests."""

import asyncio

from check import raises
from rig import Issuer, Loopback, Thermometer, policy, provisioned
from seal import buyer, channel, messages, order, protection, rpc
from seal.owner import Owner
from seal.records import ORDER_RECORD, OWNER_PROTECTION, OWNER_RECORD
from seal.seller import Seller

PRICE = 3


def run(coroutine):
    return asyncio.run(coroutine)


def pair(unit="J", spending=None, budget=300, max_price=None, ticks=0):
    """(issuer, buying device, selling device), the one with an order, the other with an offer. ticks: units that a
    voucher of the buying one promises, 0: a voucher for each bill."""
    issuer = Issuer()
    buying = provisioned(issuer, spending or policy())
    buying.board.sensors, buying.board.meter = (
        [Thermometer()],
        None,
    )  # the count of its own meter would limit what it pays
    selling = provisioned(issuer, joules=1000)
    Owner(selling).command(issuer.command(selling, "offer", ["nEUR", unit, PRICE]))
    wanted = {1: "tcp:127.0.0.1:1", 2: selling.device_id, 3: "nEUR", 4: unit, 5: budget, 7: 0}
    if max_price is not None:
        wanted[order.MAX_PRICE] = max_price
    owner = buying.owner_record()
    owner[OWNER_PROTECTION] = {protection.VOUCHER_EVERY: ticks}
    buying.journal.put(OWNER_RECORD, owner)
    Owner(buying).command(issuer.command(buying, "trade", wanted))
    return issuer, buying, selling


def connect(buying, selling):
    """A Buyer's session, agreed, and the Seller it talks to."""
    seller = Seller(selling)
    session = buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), Loopback(seller.handlers()))
    run(session.agree())
    return session, seller


def promised(device):
    return [(record[channel.SEQ], record[channel.AMOUNT]) for _, record in device.payer.records()]


def best(selling):
    found = []
    for _, record in selling.payee.records():
        raw = record.get(channel.VOUCHER)
        claims = messages.parse(raw).payload if raw else {3: 0, 4: 0}
        found.append((claims[3], claims[4]))
    return found


def refused(code, call, *args):
    error = raises(rpc.PeerError, call, *args)
    assert error.code == code, error.code


def units(session, selling, count):
    """So many units, each measured and asked for."""
    for _ in range(count):
        selling.board.meter.joules += 1
        run(session.step())


def payer_record(device):
    """The device's record of its one channel as the payer."""
    return device.payer.records()[0][1]


def payee_record(device):
    """The device's record of its one channel as the payee."""
    return device.payee.records()[0][1]


def worth(selling):
    """What the seller's one channel is worth."""
    return selling.payee.paid(payee_record(selling)[channel.DIGEST])
