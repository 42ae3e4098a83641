"""Streams over datagrams: complete and in order despite loss, duplicates and delay; vanished peers are detected."""

import asyncio
import random

from air import Air, Port
from links.datagram import DatagramLink
from seal.errors import Unreachable

OPEN, DATA, CLOSE, ACK, GONE = range(5)  # kinds of datagram
FEW = 12  # tries: so many a busy machine may need, and half as many as who gives up has made


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


class Done(Exception):
    """The test has ended."""


def together(test, seed=0, **faults):
    """Run `test(near, far link, air)` with both ends served; whatever it returns. A listener that dies ends it, as it
    ends the app."""

    async def main():
        air, results = Air(seed, **faults), []
        near, far = DatagramLink(Port(air, "near")), DatagramLink(Port(air, "far"))

        async def run():
            results.append(await test(near, far, air))
            raise Done

        tasks = [asyncio.create_task(task) for task in (near.serve(echo), far.serve(echo), run())]
        try:
            await asyncio.wait_for(asyncio.gather(*tasks), 300)
        except Done:
            return results[0]
        finally:
            for link in (near, far):
                for session in list(link._sessions.values()) + link._order:
                    session.drop()
            for task in tasks:
                task.cancel()

    return asyncio.run(main())


async def until(condition):
    """Return once `condition()` holds: the busier the machine, the later."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


async def greet(near):
    """Run one session with the far end, after which all earlier datagrams are processed."""
    reader, writer = await near.connect("air:far")
    writer.write(b"hello")
    await writer.drain()
    assert await reader.read(10) == b"hello"
    await near.disconnect(writer)


async def there_and_back(near, far, air):
    """As many random bytes as fit 30 segments, by several sessions at once, each of which gets its own back."""

    async def session(number):
        reader, writer = await near.connect("air:far")
        data, back = bytes(random.getrandbits(8) for _ in range(200 + 300 * number)), b""
        for at in range(0, len(data), 150):
            writer.write(data[at : at + 150])
            await writer.drain()
            while len(back) < min(at + 150, len(data)):
                piece = await reader.read(1000)
                assert piece, "the stream has ended early"
                back += piece
        await near.disconnect(writer)
        assert back == data
        return await reader.read(10)

    return await asyncio.gather(*(session(number) for number in range(4)))


def test_stream_is_complete_despite_loss_duplicates_and_delay():
    for seed in range(6):
        for faults in ({}, {"lost": 20}, {"doubled": 30}, {"late": 50}, {"lost": 20, "doubled": 20, "late": 40}):
            assert together(there_and_back, seed, **faults) == [b""] * 4, (seed, faults)


def test_connect_without_peer_times_out():
    async def test(near, far, air):
        try:
            await near.connect("air:nowhere")
        except Unreachable:
            return air.sent[OPEN]

    assert 20 < together(test) < 40, "so many that bad air alone does not look like this"


def test_openings_and_goodbyes_survive_a_dozen_losses():
    async def test(near, far, air):
        air.loses = lambda data: data[0] in (OPEN, CLOSE) and air.sent[data[0]] <= 12
        await greet(near)
        await until(lambda: not far._sessions)
        return air.sent[OPEN] > 12 and air.sent[CLOSE] > 12

    assert together(test)


def test_sessions_end_on_both_sides():
    async def test(near, far, air):
        for _ in range(12):
            await greet(near)
        await until(lambda: not (near._sessions or far._sessions or near._order or far._order))

    together(test)
    together(test, 3, lost=20, doubled=20, late=20)


def test_reset_of_peer_is_detected():
    async def test(near, far, air):
        reader, writer = await near.connect("air:far")
        await until(lambda: air.sent[ACK] == air.sent[OPEN])  # an opening on its way would be a session again
        far._sessions.clear()  # as after a power cut: the same port, and no memory
        writer.write(b"still there?")
        try:
            await writer.drain()
        except OSError:
            assert air.sent[GONE] >= 1
            assert air.sent[DATA] < FEW, "it stopped at the refusal, without retries for half a minute"
            return await reader.read(10)

    assert together(test) == b""


def test_late_or_duplicate_opening_starts_no_session():
    async def test(near, far, air):
        openings, begun = [], []
        air.loses = lambda data: data[0] == OPEN and openings.append(data)
        await greet(near)
        await until(lambda: not far._sessions)
        welcome = far._accept
        far._accept = lambda *given: (begun.append(given[1]), welcome(*given))
        air.carry("air:near", "air:far", openings[0])
        await greet(near)
        return openings[0][1:9] not in begun and len(begun) == 1

    assert together(test)


def test_goodbye_with_lost_ack_is_acknowledged_again():
    async def test(near, far, air):
        reader, writer = await near.connect("air:far")
        lost = []

        def loses(data):  # the first ack of the near end's CLOSE
            if data[0] == ACK and data[9:11] == b"\x00\x01" and not lost:
                lost.append(data)
                return True

        air.loses = loses
        await near.disconnect(writer)
        assert lost
        return air.sent[CLOSE] < FEW

    assert together(test)


def test_silent_sessions_take_no_room():
    async def test(near, far, air):
        for number in range(200):
            air.carry("air:nowhere", "air:far", b"\x00" + number.to_bytes(8, "big") + b"\x00\x00")
        await until(lambda: air.sent.get(ACK) == 200)
        return len(far._sessions) <= 6

    assert together(test)


def test_session_flood_evicts_oldest():
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


def test_noise_starts_no_session():
    async def test(near, far, air):
        for seed in range(300):
            noise = bytes(random.getrandbits(8) for _ in range(seed % 40))
            air.carry("air:noise", "air:far", bytes([seed % 7]) + noise)
        return await there_and_back(near, far, air)

    assert together(test, 5) == [b""] * 4
