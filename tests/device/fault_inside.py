"""Rows of `faults`: the clock, the noise, the heap, and the line to the host."""

import asyncio
import gc
import os

from fault_rig import ask, board_on, error_named, hold, loaded, made, name_of, outcome, sampled
from rig import NOW
from seal import labels, link, rpc
from seal.days import SECONDS_A_DAY
from seal.errors import SealError
from seal.provision import Provisioner
from seal.service import Service
from test_short_heap import Stream

_TAKEN = [None] * 9000  # made before anything else: a heap in use has no piece for it
TODAY = 700  # what was promised before the clock jumps
JUMPS = (
    ("the clock jumps forward by ten years", NOW + 3650 * SECONDS_A_DAY),
    ("the clock jumps back by ten years", NOW - 3650 * SECONDS_A_DAY),
    ("the clock falls to 0", 0),
    ("the clock passes 2106 (2^32 seconds)", (1 << 32) + 5),
)


def jump(unix):
    """The board's clock is another all at once; a network gives the same time to a device whose clock is right."""

    def run():
        device, told = made()
        device.journal.put("spent", {"nEUR": [device.days.today(), TODAY]})
        day = device.days.today()
        is_taken = device.timekeeper.take_network_time(unix)
        network = "taken" if is_taken else "refused: " + error_named(device.timekeeper.fault)
        device.board.clock.unix = unix
        records = sampled(device, told)
        assert isinstance(records, list), records
        claims = device.log.last_message().header[labels.CWT_CLAIMS]
        assert claims[labels.IAT] == unix and claims[labels.SEQ] == 1
        limit = "stays used" if device.days.today() == day and device.payer.spent.today("nEUR") == TODAY else "changes"
        assert outcome(ask, device, "pause") is None
        hold(device, told)
        return "a network's time is %s; the reading has the clock's time; the day's limit %s" % (network, limit)

    return run


class Stuck:
    """A generator that gives one byte for ever, or none at all."""

    sources = ()
    extras = ()

    def __init__(self, byte=b"\x55"):
        self.sources = (lambda count: byte * count,)


def stuck_before_the_key():
    board = board_on()
    board.entropy = Stuck()
    device = loaded(board)
    error = outcome(Provisioner(device).evidence, os.urandom(32))
    assert not board.keystore.has(0)
    return "%s; no key is made" % error


def stuck_later():
    device, told = made()
    told.reading(device.sample()[0])
    board = board_on(device.board.store)
    board.entropy = Stuck(b"\x00")
    again = loaded(board)
    found = sampled(again, told)
    did = "readings go on" if isinstance(found, list) else "no reading is signed: %s" % error_named(found)
    hold(again, told)
    return did + "; it gives no random bytes: %s" % outcome(again.pool.random, 32)


def take_all_but(size):
    """Take up the heap but for one piece of `size` bytes."""
    gc.collect()
    left, at = bytearray(size), 0
    for length in (16384, 1024, 128, 16):
        while at < len(_TAKEN):
            try:
                _TAKEN[at] = bytearray(length)
                at += 1
            except MemoryError:
                break
    del left
    gc.collect()


def give_back():
    for at in range(len(_TAKEN)):
        _TAKEN[at] = None
    gc.collect()


def short_heap():
    """A reading is signed in a heap of every size, from too small for anything to large enough."""
    device, told = made()
    told.reading(device.sample()[0])
    errors, signed = set(), 0
    for size in range(0, 24000, 400):
        before, error = device.log.seq, None
        try:
            take_all_but(size)
        except MemoryError:
            break  # the heap has no longer piece
        try:
            device.sample()
        except (MemoryError, SealError) as caught:
            error = caught
        give_back()
        if error is None:
            signed += 1
            told.reading(device.log.last)
        else:
            errors.add(name_of(error))
            assert device.log.seq == before
    assert signed > 5 and errors, (signed, errors)
    hold(device, told)
    return "no reading: %s; the next one has its number" % ", ".join(sorted(errors))


def noise_on_the_line():
    """Noise between requests, and in them."""
    device, told = made()
    stream = b""
    for number in range(60):
        frame = bytes(link.pack(1000 + number, rpc.INFO, None))
        if number % 3 == 1:
            frame = os.urandom(40) + b"\x00" + frame
        if number % 3 == 2:
            at = 1 + number % (len(frame) - 2)
            frame = frame[:at] + bytes((frame[at] ^ 0x81 or 1,)) + frame[at + 1 :]
        stream += frame
    line = Stream(stream)
    asyncio.run(rpc.serve(line, line, Service(device).handlers()))
    answered = [identifier for identifier, reply, _ in line.replies if reply == rpc.REPLY]
    assert answered == [1000 + number for number in range(60) if number % 3 != 2], answered
    hold(device, told)
    return "it answers every whole request, and ignores every damaged one"


ROWS = [(name, jump(unix)) for name, unix in JUMPS] + [
    ("the generator is stuck before the key is made", stuck_before_the_key),
    ("the generator is stuck on a provisioned device", stuck_later),
    ("no memory while it signs", short_heap),
    ("noise on the line", noise_on_the_line),
]
