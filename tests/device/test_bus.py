"""Three devices on one pair of wires: who talks at the same time garbles both, and noise garbles more."""

import asyncio
import random

from links import uart
from links.bus import BusPort
from links.datagram import DatagramLink
from seal.compat import crc32, ticks_add, ticks_diff, ticks_ms
from seal.errors import Unreachable
from seal.link import cobs_encode

BYTES_A_MS = 11  # at 115200 baud


class Wire:
    """What any end says reaches all others, byte after byte; `noise` in a hundred milliseconds of it are garbled."""

    def __init__(self, noise=0):
        self.ends, self.noise = [], noise
        self.talking, self.garbled = [], 0

    async def carry(self, sender, data):
        self.talking.append(sender)
        for at in range(0, len(data), BYTES_A_MS):
            piece = data[at : at + BYTES_A_MS]
            if len(self.talking) > 1 or random.getrandbits(10) % 100 < self.noise:
                self.garbled += 1
                piece = bytes(byte ^ 0x55 for byte in piece)
            for end in self.ends:
                if end not in self.talking:  # half duplex
                    end.arrive(piece)
            sender.port._heard = ticks_ms()  # a board does nothing else meanwhile, see `flush`
            await asyncio.sleep(0.001)
        self.talking.remove(sender)


class End:
    """Stream and reader of one device."""

    def __init__(self, wire):
        self._wire, self._data, self._event = wire, b"", asyncio.Event()
        self.drives, self.port = [], None
        wire.ends.append(self)

    def arrive(self, data):
        self._data += data
        self._event.set()

    async def read(self, count):
        while not self._data:
            self._event.clear()
            await self._event.wait()
        data, self._data = self._data[:count], self._data[count:]
        return data

    def any(self):
        return len(self._data)

    def write(self, data):
        assert self.drives[-1] == 1, "the driver is off"
        asyncio.create_task(self._wire.carry(self, data))

    def flush(self):
        pass  # a board waits here until all is said


def port(wire, name):
    end = End(wire)
    made = BusPort(end, name, end.drives.append)
    made._reader, end.port = end, made
    return made


async def echo(reader, writer):
    while True:
        data = await reader.read(100)
        if not data:
            return
        writer.write(data)
        try:
            await writer.drain()
        except OSError:
            return


async def said(link, address, length):
    """What comes back of so many random bytes, and whether that is right."""
    data, back = bytes(random.getrandbits(8) for _ in range(length)), b""
    reader, writer = await link.connect(address)
    writer.write(data)
    await writer.drain()
    while len(back) < length:
        piece = await reader.read(1000)
        assert piece, "the stream has ended early"
        back += piece
    await link.disconnect(writer)
    return back == data


def rash(one):
    """Make it begin its first frame without a look at the wire."""
    careful = one._quiet

    async def first():
        one._quiet = careful

    one._quiet = first


def together(noise, length):
    """Three streams at once; the first frames of two begin in the same moment."""

    async def main():
        random.seed(noise + 1)
        wire = Wire(noise)
        ports = [port(wire, name) for name in (b"first", b"second", b"third")]
        rash(ports[0])
        rash(ports[1])
        links = [DatagramLink(one) for one in ports]
        tasks = [asyncio.create_task(link.serve(echo)) for link in links]
        pairs = ((0, 2), (1, 2), (2, 0))  # all at once
        results = await asyncio.gather(*(said(links[a], ports[b].address, length) for a, b in pairs))
        for link in links:
            for session in list(link._sessions.values()):
                session.drop()
        for task in tasks:
            task.cancel()
        assert all(end.drives[-1] == 0 for end in wire.ends), "each has let go of the wire"
        return results, wire.garbled

    return asyncio.run(main())


def test_streams_are_whole_despite_a_collision():
    results, garbled = together(0, 600)
    assert results == [True] * 3 and garbled > 0


def test_streams_are_whole_despite_noise():
    results, garbled = together(1, 200)
    assert results == [True] * 3 and garbled > 0


def test_a_frame_is_for_one_device():
    async def main():
        wire = Wire()
        first, second, third = (port(wire, name) for name in (b"first", b"second", b"third"))
        tasks = [asyncio.create_task(one.receive()) for one in (first, second, third)]
        await asyncio.sleep(0)
        first.send(second.place(second.address), b"\x01hello")
        place, data = await asyncio.wait_for(tasks[1], 10)
        assert (place, data) == (first.place(first.address), b"\x01hello")
        assert not tasks[2].done()
        for task in (tasks[0], tasks[2]):
            task.cancel()

    asyncio.run(main())


def test_nobody_talks_while_somebody_does_and_little_waits():
    async def main():
        wire = Wire()
        one = port(wire, b"one")
        to = one.place("bus:00000000")
        task = asyncio.create_task(one.receive())
        end = ticks_add(ticks_ms(), 150)
        for n in range(30):
            one.send(to, bytes([1, n]))
        assert len(one._waiting) <= 8
        while ticks_diff(end, ticks_ms()) > 0:
            wire.ends[0].arrive(b"chatter")
            await asyncio.sleep(0)
        assert not wire.ends[0].drives, "it waited"
        task.cancel()
        one._writer_task.cancel()

    asyncio.run(main())


def test_addresses():
    one = port(Wire(), b"one")
    assert one.address.startswith("bus:") and len(one.address) == 12
    for address in ("bus:", "bus:12", "uart:0", "bus:zzzzzzzz", "bus:0011223344"):
        try:
            one.place(address)
        except Unreachable:
            continue
        raise AssertionError(address)


def test_frame_without_room_in_the_heap_is_lost_alone():
    async def main():
        end = End(Wire())
        port = uart.UartPort(end, "1")
        port._reader = end

        def decode(frame):
            uart.cobs_decode = kept
            raise MemoryError

        kept, uart.cobs_decode = uart.cobs_decode, decode
        try:
            frames = [cobs_encode(body + crc32(body).to_bytes(4, "big")) + b"\x00" for body in (b"\x01a", b"\x01b")]
            end.arrive(frames[0] + frames[1][:3])
            await asyncio.sleep(0)
            receiving = asyncio.create_task(port.receive())
            await asyncio.sleep(0.01)
            end.arrive(frames[1][3:] + frames[1])
            assert await receiving == (None, b"\x01b")
        finally:
            uart.cobs_decode = kept

    asyncio.run(main())
