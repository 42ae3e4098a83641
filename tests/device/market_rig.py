"""Devices that hear and reach each other in memory, for tests of the market and of standing orders."""

import asyncio

from rig import Thermometer, policy, provisioned, restarted
from seal import link, rpc, shopping
from seal.errors import Unreachable
from seal.owner import Owner
from seal.records import ORDER_RECORD
from seal.seller import Seller


class Net:
    """Where every device has an address. `dead`: the addresses of devices without power."""

    def __init__(self, issuer):
        self.issuer, self.devices, self.beacons, self.dead = issuer, {}, [], []
        self.connects = []

    def join(self, device, name):
        """A device, from now on at "net:NAME"."""
        address = "net:" + name
        self.devices[address] = device
        device.board.peer_links = [NetLink(self, address)]
        return device

    def seller(self, name, price, unit="J", joules=1000):
        device = self.join(provisioned(self.issuer, joules=joules), name)
        self.offer(device, price, unit)
        return device

    def buyer(self, name="buyer", spending=None, **order):
        """A device with a standing order. order: as the owner's command has it; None: without one."""
        device = self.join(provisioned(self.issuer, spending or policy()), name)
        device.board.sensors, device.board.meter = [Thermometer()], None
        if order:
            self.order(device, **order)
        return device

    def order(self, device, **more):
        wanted = {3: "nEUR", 4: more.pop("unit", "J"), 5: more.pop("budget", 300), 7: 0, 12: more.pop("limit", 10)}
        wanted.update({{"every": 16, "sellers": 17, "rate": 13, "seconds": 6}[name]: more[name] for name in more})
        Owner(device).command(self.issuer.command(device, "order", wanted))

    def offer(self, device, price, unit="J"):
        value = None if price is None else ["nEUR", unit, price]
        Owner(device).command(self.issuer.command(device, "offer", value))

    def restart(self, device, name):
        """The device after a power cut, with sensors that count nothing."""
        again = self.join(restarted(device), name)
        again.board.sensors, again.board.meter = [Thermometer()], None
        return again


class NetLink:
    """Port PeerLink, with a beacon that reaches all."""

    def __init__(self, net, address):
        self.net, self.address = net, address
        self.beacon = NetBeacon(net, address)

    async def connect(self, address):
        self.net.connects.append(address)
        if address not in self.net.devices or address in self.net.dead:
            raise Unreachable("no answer")
        pipe = Pipe(self.net, address)
        return pipe, pipe

    async def disconnect(self, pipe):
        pipe.seller.release()


class NetBeacon:
    """Port Beacon."""

    size, is_wire = 250, False

    def __init__(self, net, address):
        self.net, self.address, self.sent = net, address, []
        net.beacons = [beacon for beacon in net.beacons if beacon.address != address] + [self]
        self.heard_by = None

    def send(self, data):
        self.sent.append(data)
        for beacon in self.net.beacons:
            if beacon is not self and beacon.heard_by and beacon.address not in self.net.dead:
                beacon.heard_by(self.address, None, data)

    async def run(self, hear):
        self.heard_by = hear
        await asyncio.sleep(3600)


class Pipe:
    """A connection to the seller at an address: reader and writer of the buyer."""

    def __init__(self, net, address):
        self.net, self.address = net, address
        self.seller = Seller(net.devices[address])
        self.frames, self.output = link.FrameReader(), b""

    def write(self, data):
        for identifier, kind, item in self.frames.feed(data):
            if self.address not in self.net.dead:
                self.output += link.pack(identifier, *rpc.answer(self.seller.handlers(), kind, item))

    async def drain(self):
        await asyncio.sleep(0)

    async def read(self, n):
        data, self.output = self.output[:n], self.output[n:]
        return data


def order_of(device):
    return device.journal.get(ORDER_RECORD)


async def shop(net, buyers, until, meter=None, turns=1000):
    """Let buyers carry out their orders, turn by turn, until a condition holds. meter: called after each turn."""
    tasks = []
    for device in net.devices.values():
        device.peers.market()._attend()  # without waiting for its loop
    await asyncio.sleep(0.01)
    for buyer in buyers:
        tasks.append(asyncio.create_task(_run(buyer)))
    try:
        for _ in range(turns):
            for task in tasks:
                if task.done():
                    await task  # raises what ended it
            if until():
                return
            for device in net.devices.values():
                if device.peers.links()[0].address not in net.dead:
                    device.peers.market()._attend()
            if meter:
                meter()
            await asyncio.sleep(0.01)
        raise AssertionError([order_of(buyer) for buyer in buyers])
    finally:
        for task in tasks:
            task.cancel()


async def _run(buyer):
    while order_of(buyer) is not None and order_of(buyer)[8] == 0:
        await shopping.attend(buyer, order_of(buyer))
        await asyncio.sleep(0)
