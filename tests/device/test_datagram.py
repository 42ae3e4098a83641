"""Streams over datagrams: whole and in order however many are lost, doubled or late; ends that vanish are noticed."""

import asyncio
import random

from air import Air, Port
from check import raises
from links.datagram import DatagramLink
from rig import Issuer, policy, provisioned
from seal import rpc, trading
from seal.errors import Unreachable
from seal.owner import Owner
from seal.seller import Seller


async def echo(reader, writer):
    """Send back what comes, in pieces of another size."""
    while True:
        data = await reader.read(77)
        if not data:
            return
        writer.write(data)
        try:
            await writer.drain()
        except OSError:
            return


def together(test, seed=0, **faults):
    """Run `test(near, far link, air)` with both ends served; whatever it returns."""

    async def main():
        air = Air(seed, **faults)
        near, far = DatagramLink(Port(air, "near")), DatagramLink(Port(air, "far"))
        tasks = [asyncio.create_task(near.serve(echo)), asyncio.create_task(far.serve(echo))]
        try:
            return await asyncio.wait_for(test(near, far, air), 60)
        finally:
            for link in (near, far):
                for session in list(link._sessions.values()) + link._order:
                    session.drop()
            for task in tasks:
                task.cancel()

    return asyncio.run(main())


async def there_and_back(near, far, air):
    """As many random bytes as fit 30 segments, by several sessions at once, each of which gets its own back."""

    async def session(number):
        reader, writer = await near.connect("air:far")
        data, back = bytes(random.getrandbits(8) for _ in range(200 + 300 * number)), b""
        for at in range(0, len(data), 150):
            writer.write(data[at : at + 150])
            await writer.drain()
            while len(back) < min(at + 150, len(data)):
                back += await reader.read(1000)
        await near.disconnect(writer)
        assert back == data
        return await reader.read(10)

    return await asyncio.gather(*(session(number) for number in range(4)))


def test_a_stream_is_whole_whatever_the_air_does():
    for seed in range(6):
        for faults in ({}, {"lost": 20}, {"doubled": 30}, {"late": 50}, {"lost": 20, "doubled": 20, "late": 40}):
            assert together(there_and_back, seed, **faults) == [b""] * 4, (seed, faults)


def test_nobody_there():
    async def test(near, far, air):
        await near.connect("air:nowhere")

    raises(Unreachable, together, test)


def test_sessions_end_on_both_sides():
    async def test(near, far, air):
        for _ in range(12):
            reader, writer = await near.connect("air:far")
            writer.write(b"hello")
            await writer.drain()
            assert await reader.read(10) == b"hello"
            await near.disconnect(writer)
        await asyncio.sleep(0.2)
        return len(near._sessions), len(far._sessions), len(near._order), len(far._order)

    assert together(test) == (0, 0, 0, 0)
    assert together(test, 3, lost=20, doubled=20, late=20)[:2] == (0, 0)


def test_an_end_that_was_reset_is_noticed():
    async def test(near, far, air):
        reader, writer = await near.connect("air:far")
        far._sessions.clear()  # as after a power cut: the same port, and no memory
        writer.write(b"still there?")
        try:
            await writer.drain()
        except OSError:
            assert len(air.seen) < 9, "it was told, and did not try for half a minute"
            return await reader.read(10)

    assert together(test) == b""


def test_a_late_or_doubled_opening_begins_nothing():
    async def test(near, far, air):
        reader, writer = await near.connect("air:far")
        opening = air.seen[0]
        await near.disconnect(writer)
        await asyncio.sleep(0.05)
        assert opening[0] == 0 and not far._sessions
        air.carry("air:near", "air:far", opening)
        await asyncio.sleep(0.05)
        return len(far._sessions)

    assert together(test) == 0


def test_a_goodbye_whose_ack_was_lost_is_answered_again():
    async def test(near, far, air):
        reader, writer = await near.connect("air:far")
        lost = []

        def loses(data):  # the first ack of the near end's CLOSE
            if data[0] == 3 and data[9:11] == b"\x00\x01" and not lost:
                lost.append(data)
                return True

        air.loses = loses
        await near.disconnect(writer)
        assert lost
        return len(air.seen) < 12

    assert together(test)


def test_strangers_that_say_nothing_take_no_room():
    async def test(near, far, air):
        for number in range(200):
            air.carry("air:nowhere", "air:far", b"\x00" + number.to_bytes(8, "big") + b"\x00\x00")
        await asyncio.sleep(0.1)
        return len(far._sessions) <= 6

    assert together(test)


def test_a_flood_of_sessions_gives_way_to_the_newest():
    async def test(near, far, air):
        silent = []
        for _ in range(20):
            silent.append(await near.connect("air:far"))
        reader, writer = await near.connect("air:far")
        writer.write(b"hello")
        await writer.drain()
        assert await reader.read(10) == b"hello"
        return len(far._sessions) < 9, await silent[0][0].read(1)

    assert together(test) == (True, b"")


def test_noise_is_no_session():
    async def test(near, far, air):
        for seed in range(300):
            noise = bytes(random.getrandbits(8) for _ in range(seed % 40))
            air.carry("air:noise", "air:far", bytes([seed % 7]) + noise)
        await asyncio.sleep(0.1)
        return await there_and_back(near, far, air)

    assert together(test, 5) == [b""] * 4


class Peer:
    """A device on the air, as app.serve runs it."""

    def __init__(self, this, link):
        self.this = this
        this.board.peer_link = link

    async def run(self):
        async def peer(reader, writer):
            selling = Seller(self.this)
            try:
                await rpc.serve(reader, writer, selling.handlers(), selling.patience)
            except OSError:
                pass  # the other end has gone
            finally:
                selling.gone()

        await asyncio.gather(self.this.board.peer_link.serve(peer), trading.run(self.this))


def test_a_trade_over_bad_air():
    async def main():
        air = Air(11, lost=15, doubled=10, late=20)
        issuer = Issuer()
        buying, selling = provisioned(issuer, policy()), provisioned(issuer, joules=1000)
        Owner(selling).command(issuer.command(selling, "offer", ["nEUR", "reading", 3]))
        order = {1: "air:selling", 2: selling.device_id, 3: "nEUR", 4: "reading", 5: 15, 7: 0}
        Owner(buying).command(issuer.command(buying, "trade", order))
        tasks = []
        for this, name in ((buying, "buying"), (selling, "selling")):
            tasks.append(asyncio.create_task(Peer(this, DatagramLink(Port(air, name, 250))).run()))
        for _ in range(900):
            await asyncio.sleep(0.05)
            if buying.journal.get("order")[8]:
                break
        for task in tasks:
            task.cancel()
        return buying.journal.get("order")[8], [record for _, record in selling.payee.records()]

    status, records = asyncio.run(main())
    assert status == 1 and len(records) == 1
