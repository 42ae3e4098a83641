"""A trade over datagrams that are lost, doubled and late."""

import asyncio

from air import Air, Port
from links.datagram import DatagramLink
from rig import Issuer, policy, provisioned
from seal import rpc, trading
from seal.owner import Owner
from seal.seller import Seller


class Peer:
    """A device on the air, as app.serve runs it."""

    def __init__(self, device, link):
        self.this = device
        device.board.peer_links = [link]

    async def run(self):
        async def peer(reader, writer):
            selling = Seller(self.this)
            try:
                await rpc.serve(reader, writer, selling.handlers(), selling.patience)
            except OSError:
                pass  # the other end has gone
            finally:
                selling.release()

        await asyncio.gather(self.this.board.peer_links[0].serve(peer), trading.run(self.this))


def test_trade_over_lossy_datagrams():
    async def main():
        air = Air(11, lost=15, doubled=10, late=20)
        issuer = Issuer()
        buying, selling = provisioned(issuer, policy()), provisioned(issuer, joules=1000)
        Owner(selling).command(issuer.command(selling, "offer", ["nEUR", "reading", 3]))
        peers = [
            Peer(device, DatagramLink(Port(air, name, 250)))
            for device, name in ((buying, "buying"), (selling, "selling"))
        ]
        order = {1: "air:selling", 2: selling.device_id, 3: "nEUR", 4: "reading", 5: 15, 7: 0}
        Owner(buying).command(issuer.command(buying, "trade", order))
        tasks = [asyncio.create_task(peer.run()) for peer in peers]
        for _ in range(900):
            await asyncio.sleep(0.05)
            if buying.journal.get("order")[8]:
                break
        for task in tasks:
            task.cancel()
        return buying.journal.get("order")[8], [record for _, record in selling.payee.records()]

    status, records = asyncio.run(main())
    assert status == 1 and len(records) == 1
