"""Which link a device uses for which address, and the radio's link following the owner's choice and the network."""

import asyncio

from check import raises
from rig import Issuer, policy, provisioned
from seal.errors import Unreachable, Unsupported
from seal.owner import Owner
from seal.peers import Peers
from seal.uplink import Uplink


class Link:
    """A peer link that serves until it is cancelled."""

    def __init__(self, address):
        self.address = address
        self.serving = 0

    async def serve(self, handler):
        self.serving += 1
        try:
            await asyncio.sleep(60)
        finally:
            self.serving -= 1


class Air:
    """Port Radio."""

    kinds = ("tcp", "esp-now")

    def __init__(self):
        self.ip = None
        self.links = []

    def host(self):
        return self.ip

    def link(self, kind):
        self.links.append(Link("espnow:0123456789ab" if kind == "esp-now" else "tcp:%s:1" % self.ip))
        return self.links[-1]


def radio_device(issuer):
    device = provisioned(issuer, policy())
    device.board.peer_links = [Link("uart:0")]
    device.board.radio = Air()
    device.uplink = Uplink(device)
    return device


def choose(issuer, device, kind):
    Owner(device).command(issuer.command(device, "network", {1: ["barn", "word"], 3: kind}))


async def soon(condition):
    for _ in range(6000):
        await asyncio.sleep(0.05)
        if condition():
            return
    raise AssertionError("it never came")


def test_order_goes_by_link_of_its_address():
    device = provisioned(Issuer(), policy())
    device.board.peer_links = [Link("uart:0"), Link("udp:h:1")]
    peers = Peers(device)
    assert peers.addresses() == ["uart:0", "udp:h:1"]
    assert peers.link_to("udp:other:2") is device.board.peer_links[1]
    assert peers.link_to("uart:wire") is device.board.peer_links[0]
    assert peers.reaches("uart:1") and not peers.reaches("tcp:h:1")
    raises(Unreachable, peers.link_to, "tcp:h:1")


def test_order_to_address_of_no_link_is_refused():
    issuer = Issuer()
    device = provisioned(issuer, policy())
    device.board.peer_links = [Link("uart:0")]
    order = {1: "tcp:seller:1", 3: "nEUR", 4: "reading", 5: 10}
    raises(Unsupported, Owner(device).command, issuer.command(device, "trade", order))
    assert device.journal.get("order") is None
    device.peers = None
    order[1] = "uart:0"
    raises(Unsupported, Owner(device).command, issuer.command(device, "trade", order))


def test_radio_link_follows_owner_and_network():
    issuer = Issuer()
    device = radio_device(issuer)
    air = device.board.radio

    async def main():
        peers = device.peers = Peers(device)
        running = asyncio.create_task(peers.run(None))
        await soon(lambda: device.board.peer_links[0].serving)
        assert not peers.reaches("tcp:h:1")
        choose(issuer, device, "tcp")
        assert peers.reaches("tcp:h:1"), "an order may come before the network"
        raises(Unreachable, peers.link_to, "tcp:h:1")
        air.ip = "10.0.0.7"
        await soon(lambda: peers.addresses() == ["uart:0", "tcp:10.0.0.7:1"])
        air.ip = None
        await soon(lambda: peers.addresses() == ["uart:0"])
        await soon(lambda: not air.links[0].serving)
        air.ip = "10.0.0.8"
        await soon(lambda: peers.addresses() == ["uart:0", "tcp:10.0.0.8:1"])
        choose(issuer, device, "esp-now")
        await soon(lambda: peers.addresses() == ["uart:0", "espnow:0123456789ab"])
        await soon(lambda: [link.serving for link in air.links] == [0, 0, 1])
        assert not peers.reaches("tcp:h:1")
        Owner(device).command(issuer.command(device, "network"))
        await soon(lambda: peers.addresses() == ["uart:0"])
        running.cancel()

    asyncio.run(main())


def test_kind_that_radio_lacks_is_refused():
    issuer = Issuer()
    device = radio_device(issuer)
    raises(Unsupported, choose, issuer, device, "udp")
    device.board.radio = None
    raises(Unsupported, choose, issuer, device, "tcp")
