"""Frames that a fragmented heap has no room for: their senders get an answer, and the next frame is taken."""

import asyncio
import gc

from seal import compat, link, rpc
from seal.errors import NoMemory
from uctypes import addressof

ECHO = {1: lambda item: len(item)}
FIT = 1000  # bytes: what the fragments have room for


def fragmented(size):
    """What keeps the heap in pieces of `size` bytes: of the pieces that fill it, every second one by address."""
    gc.collect()
    kept, count = [None] * (gc.mem_free() // size), 0
    try:
        while True:
            kept[count] = bytearray(size)
            count += 1
    except MemoryError:
        kept[count - 1] = None  # room to sort in
    kept.sort(key=lambda piece: addressof(piece) if piece else 0)
    for at in range(0, len(kept), 2):
        kept[at] = None
    gc.collect()
    try:
        for at in range(0, len(kept), 2):
            kept[at] = bytearray(size + size // 8)  # where a piece that nobody had was between two
    except MemoryError:
        gc.collect()
    return kept


class Stream:
    """A connection on which the host sends `data`."""

    def __init__(self, data):
        self.data, self.at, self.replies = data, 0, []

    async def read(self, n):
        self.at += n
        return self.data[self.at - n : self.at]

    def write(self, data):
        self.replies.append(link.unpack(data[:-1]))

    async def drain(self):
        pass


def largest():
    """A power of two that no piece of the heap has room for."""
    size = 256
    while True:
        try:
            bytearray(size)
        except MemoryError:
            return size
        size *= 2


def served(*sizes):
    """The replies to requests with so many bytes, on a heap in pieces."""
    stream = Stream(b"".join(link.pack(1000 + at, 1, bytes([7]) * size) for at, size in enumerate(sizes)))
    kept = fragmented(2 * FIT)
    assert largest() <= 4096 and gc.mem_free() > 100000, "in pieces, and half of it is free"
    try:
        asyncio.run(rpc.serve(stream, stream, ECHO))
    finally:
        del kept
        gc.collect()
    return stream.replies


def test_frames_without_room_are_answered_by_an_error():
    full = [NoMemory.code]
    expected = [(1000, 0, FIT), (1001, 255, full), (1002, 0, FIT), (1003, 255, full), (1004, 0, 1)]
    assert served(FIT, 5900, FIT, 5900, 1) == expected


def has_room(size):
    """Whether the heap has a piece of `size` bytes."""
    try:
        return len(bytearray(size)) == size
    except MemoryError:
        return False


def refuse(item):
    raise MemoryError


def test_who_tries_again_finds_the_reserve():
    compat.settle_heap()
    kept = fragmented(2 * FIT)
    assert not has_room(4 * FIT)
    stream = Stream(link.pack(1000, 1, None))
    asyncio.run(rpc.serve(stream, stream, {1: refuse}))
    assert stream.replies == [(1000, 255, [NoMemory.code])] and has_room(4 * FIT)
    del kept
    for _ in range(5):
        compat.tidy_heap()
    assert len(compat.scratch(1)) > 4 * FIT, "there is room again, and it is taken back"


def test_what_is_no_frame_is_dropped_in_silence():
    reader = link.FrameReader()
    kept = fragmented(2 * FIT)
    noise, good = b"noise" * 100, link.pack(5, 1, None)
    for _ in range(10):
        assert reader.feed(noise) == []
    assert reader.feed(b"\x00" + good) == [(5, 1, None)]
    assert reader.drop_count == 1
    del kept


def test_client_says_that_its_own_heap_is_short():
    reply = Stream(link.pack(1, 0, bytes([7]) * 5900))
    kept = fragmented(2 * FIT)
    try:
        asyncio.run(rpc.Client(reply, Sink()).call(1, None))
    except NoMemory:
        return
    finally:
        del kept
    raise AssertionError("a reply of 5900 bytes was read")


class Sink:
    def write(self, data):
        pass

    async def drain(self):
        pass
