"""Hostile frames against the whole app, its state on a real LittleFS. MicroPython only.

    make campaign-frames      a million of them, some of an hour: prints how they were answered, and seconds

`app.serve` runs with one link of this file's. Some connections first prove themselves as a buyer that the device has a
channel with. After each batch of frames a request that nobody knows must get its own answer: the device is there, found
the beginning of a frame again, and took no half one. Held every REPORT frames, and at the end after a restart:

    no reset     the app runs, and nobody asked the chip for a reset        no surprise  each refusal has its own code
    no growth    the free heap is that of the beginning                     no change    every file is as it was
"""

import asyncio
import gc
import os
import sys
import time

import littlefs
from hostile_frames import DAMAGED, Frames
from hostile_rig import ROOT, FlashBoard, Pipe, contents, prepare
from littlefs import mounted
from seal import app, buyer, link, rpc, seller
from seal.device import PROVISIONED, Device
from seal.records import ORDER_RECORD
from updates import boot

PATH = "hostile-" + os.urandom(6).hex() + ".tmp"
BATCH = 20  # frames, and then the question whether anybody is there
CONNECTION = 10  # batches
PROVEN = 8  # one connection in so many has proved itself
SILENT = 40  # and one in so many ends in silence
REPORT = 10000
GROWTH = 4096  # bytes by which the free heap may differ
PATIENCE = 600  # seconds: a busy machine is no silence
NOBODY_KNOWS = 200  # a kind of request


class Violation(Exception):
    """The device broke a promise."""


class Over(Exception):
    """Enough frames were sent."""


class Attack:
    """A link on which `count` frames come. real: what `prepare` heard. buying: the buyer. console: the board's."""

    def __init__(self, count, seed, real, buying, console):
        self.count, self.frames, self.buying, self.console = count, Frames(real, seed), buying, console
        self.sent, self.connections, self.accepted = 0, 0, 0
        self.kinds, self.refused = {}, {}
        self.before = self.free = self._replies = self._task = None

    async def serve(self, serve_connection):
        await asyncio.sleep(0.6)  # the sampler signs its first reading of the day
        self.before = contents()
        while self.sent < self.count:
            await self._connection(serve_connection)
            if self.sent // REPORT != (self.sent - BATCH * CONNECTION) // REPORT:
                self.check()
        self.check()
        raise Over()

    async def _connection(self, serve_connection):
        up, down = Pipe(), Pipe()
        self._task = asyncio.create_task(serve_connection(up, down))
        self.frames.is_of_peer = self.connections % PROVEN == 0
        if self.frames.is_of_peer:
            order = self.buying.journal.get(ORDER_RECORD)
            await buyer.Buyer(self.buying, order, rpc.Client(down, up)).agree()
        self._replies = link.FrameReader()
        for number in range(CONNECTION):
            await self._batch(up, down, (1 << 40) + number)
        self.connections += 1
        if self.connections % SILENT == 0:
            seller.STRANGER_SECONDS = seller.PEER_SECONDS = 0.1  # for the read that half a frame leads to
        up.write(self.frames.half())
        if self.connections % SILENT:
            up.close()
        await self._task
        seller.STRANGER_SECONDS = seller.PEER_SECONDS = PATIENCE
        if down.data:
            raise Violation("half a frame was answered")

    async def _batch(self, up, down, mark):
        for _ in range(BATCH):
            name, frame = self.frames.next()
            self.kinds[name] = self.kinds.get(name, 0) + 1
            up.write(frame)
            while up.data and not self._task.done():  # one after another: the heap that is watched is the device's too
                await asyncio.sleep(0)
            if self._task.done():
                raise Violation("the device ended the connection")
            self._hear(down.take(), mark)
        self.sent += BATCH
        up.write(b"\x00" + link.pack(mark, NOBODY_KNOWS, None))
        while not self._hear(await asyncio.wait_for(down.read(4096), 60), mark):
            pass

    def _hear(self, data, mark):
        """Note the replies; whether one of them is that to the last question."""
        is_there = False
        for identifier, reply, item in self._replies.feed(data):
            if identifier == mark:
                is_there = True
            elif DAMAGED <= identifier < 2 * DAMAGED and reply == rpc.REPLY:
                raise Violation("request %d came in a damaged frame" % identifier)
            else:
                self._note(reply, item)
        return is_there

    def _note(self, reply, item):
        if reply == rpc.REPLY:
            self.accepted += 1
        elif reply != rpc.ERROR or item == [rpc.INTERNAL]:
            raise Violation("answered %d %r: %s" % (reply, item, "\n".join(self.console.lines)))
        else:
            self.refused[item[0]] = self.refused.get(item[0], 0) + 1

    def check(self):
        """Raise Violation for a file or a heap that is another."""
        now = contents()
        different = [path for path in set(now) | set(self.before) if now.get(path) != self.before.get(path)]
        if different:
            raise Violation("changed: %s" % ", ".join(different))
        gc.collect()
        free = gc.mem_free()
        self.free = self.free or free
        if free < self.free - GROWTH:
            raise Violation("the free heap fell from %d to %d" % (self.free, free))
        print("%d frames: %d accepted, heap %d bytes free" % (self.sent, self.accepted, free))


def run(count, seed=1):
    """Send `count` frames to a new device; returns the Attack. Raises Violation."""
    littlefs.format(PATH)
    found = []

    def life(flash):
        heard = []
        _, buying = prepare(flash, heard)
        board = FlashBoard(flash)
        attack = Attack(count, seed, heard, buying, board.console)
        found.append(attack)
        board.command_links = [attack]
        seller.STRANGER_SECONDS = seller.PEER_SECONDS = PATIENCE
        rpc.REST_SECONDS = 0  # between the steps of a long handler nobody else has anything to say
        try:
            asyncio.run(app.serve(board, boot(ROOT)[0]))
        except Over:
            pass

    def restart(flash):
        device = Device(FlashBoard(flash))
        device.load()
        if device.state != PROVISIONED or contents() != found[0].before:
            raise Violation("after a restart: state %d" % device.state)

    try:
        mounted(PATH, life)
        mounted(PATH, restart)
    finally:
        os.remove(PATH)
    return found[0]


def main(count, seed=1):
    littlefs.BLOCKS = 64
    began = time.time()
    attack = run(int(count), int(seed))
    print("sent", ", ".join(["%s %d" % (name, attack.kinds[name]) for name in sorted(attack.kinds)]))
    print("refused", ", ".join(["code %d: %d" % (code, attack.refused[code]) for code in sorted(attack.refused)]))
    seconds = time.time() - began
    print("0 violations in %d frames on %d connections; %d s" % (attack.sent, attack.connections, seconds))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (
        BaseException
    ) as error:  # on stdout: stderr has the port's warnings, one for each str that was compared to bytes
        sys.print_exception(error, sys.stdout)
        sys.exit(1)
