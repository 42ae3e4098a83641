"""The main program over links in memory: which link serves whom, and what reaches the wire and the console."""

import asyncio
import os

from cable import End
from drivers.energy import EnergyMeter
from rig import Board, Counter, Issuer, provision
from seal import app, link, notes, rpc
from seal.device import Device
from seal.errors import Malformed
from seal.owner import Owner


class Line:
    """A command link with one permanent connection; the test has the other end."""

    def __init__(self):
        self.near, self.far = End(), End()
        self.near.other, self.far.other = self.far, self.near

    async def serve(self, handler):
        while True:
            await handler(self.far, self.far)
            await asyncio.sleep(0.01)


def board(issuer, peer_link=None):
    """(device's board, its certificates): provisioned, with this peer link."""
    made = Board()
    device = Device(made)
    device.load()
    provision(device, issuer)
    made.peer_links = [] if peer_link is None else [peer_link]
    return made, device.chain


async def _ask(client, *requests):
    replies = []
    for kind, item in requests:
        try:
            replies.append(await client.call(kind, item))
        except rpc.PeerError as error:
            replies.append(error.code)
    return replies


def talk(made, *requests):
    """The replies to (kind, item), ... over the board's one command link, a code for a refusal."""
    line = Line()
    made.command_links = [line]

    async def main():
        running = asyncio.create_task(app.serve(made))
        try:
            return await _ask(rpc.Client(line.near, line.near), *requests)
        finally:
            running.cancel()
            try:
                await running
            except asyncio.CancelledError:
                pass

    return asyncio.run(main())


def test_one_line_serves_host_and_peer():
    issuer = Issuer()
    made, chain = board(issuer)
    hello = [os.urandom(32), chain]
    info, greeting, again = talk(made, (rpc.INFO, None), (rpc.HELLO, hello), (rpc.INFO, None))
    assert info["state"] == again["state"] == "provisioned"
    assert greeting[1] == chain
    # a peer's requests in a wrong order are refused as on any link
    assert talk(made, (rpc.OPEN, b"x")) == [22]


class Closed:
    """A peer link without connections."""

    address = "uart:0"

    async def serve(self, handler):
        while True:
            await asyncio.sleep(60)


def test_peers_come_by_command_link_of_board_with_peer_link_too():
    """A relay brings them where nobody joined the board's wire to another."""
    made, chain = board(Issuer(), Closed())
    info, greeting = talk(made, (rpc.INFO, None), (rpc.HELLO, [os.urandom(32), chain]))
    assert (info["peer"], info["peers"]) == ("uart:0", ["uart:0"]) and greeting[1] == chain


class Broken:
    model = "broken"

    def read(self):
        raise ValueError("not foreseen")


def test_text_goes_to_console_and_codes_to_wire():
    said = []
    made, chain = board(Issuer())
    made.sensors = [Broken()]
    made.console = said.append
    (code,) = talk(made, (rpc.SELFTEST, None))
    assert code == rpc.INTERNAL
    text = "".join(said)
    assert "ready" in text and "not foreseen" in text and "ValueError" in text
    # and on a board whose console is the wire, nowhere
    before = len(said)
    made.console = None
    assert talk(made, (rpc.SELFTEST, None)) == [rpc.INTERNAL]
    assert len(said) == before
    notes.trace("a test", Malformed("said to nobody"))
    assert notes.show is None


class Watched(Counter):
    reads = 0

    def read(self):
        self.reads += 1
        if self.reads == 3:
            raise ValueError("not foreseen")
        return super().read()


def test_a_meter_is_looked_at_between_readings_a_day_apart():
    issuer = Issuer()
    made, _ = board(issuer)
    device = Device(made)
    device.load()
    Owner(device).command(issuer.command(device, "interval", 86_400))
    made.meter = Watched()
    made.sensors = [made.meter]

    async def main():
        sampling = asyncio.create_task(app.take_samples(device, 1))
        while made.meter.reads < 5:
            await asyncio.sleep(0.05)
        sampling.cancel()

    asyncio.run(asyncio.wait_for(main(), 120))
    assert device.log.seq == 1
    assert app.METER_MS * 2 < EnergyMeter(made.meter)._max_gap_ms, "the meter would count nothing in between"


def test_exception_of_unawaited_task_is_not_printed():
    said = []

    async def main():
        notes.show = said.append
        asyncio.get_event_loop().set_exception_handler(app._log_exception)

        async def fails():
            raise ValueError("in a task")

        task = asyncio.create_task(fails())
        await asyncio.sleep(0.05)
        del task
        import gc

        gc.collect()
        await asyncio.sleep(0.05)

    asyncio.run(main())
    notes.show = None
    assert "in a task" in "".join(said)


def test_frames_never_begin_with_knock():
    assert all(link.pack(n, n, None)[1] == 0x83 for n in range(256))
