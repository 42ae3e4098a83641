"""The owner's broker settings: validation, and consistency after a power cut."""

import asyncio
import time

from check import raises
from rig import Issuer, PowerCut, provisioned, restarted
from seal.errors import Malformed, Unsupported
from seal.owner import Owner
from seal.records import FORWARDED_RECORD, NETWORK_RECORD
from seal.uplink import Uplink

BROKER = {1: "broker.example", 2: 8883, 3: b"DER"}


class Broker:
    """Port Uplink, always connected, with nothing to read. `connected`: how often."""

    connected = 0

    async def join(self, wifi):
        pass

    async def connect(self, *_):
        self.connected += 1

    async def subscribe(self, topic):
        pass

    async def publish(self, topic, payload, retain=False):
        pass

    def check(self):
        pass

    async def disconnect(self):
        pass


def with_uplink(device):
    device.uplink = Uplink(device)
    return device


def test_settings():
    issuer = Issuer()
    device = with_uplink(provisioned(issuer))
    for good in (
        {2: BROKER},
        {1: ["barn", "secret"]},
        {1: ["barn", ""], 2: {1: "x" * 255, 2: 65535, 3: bytes(2048), 4: ["user", "word"]}},
        {},
        None,
    ):
        Owner(device).command(issuer.command(device, "network", good))
        assert device.journal.get(NETWORK_RECORD) == good, good
    before = dict(device.board.store.files)
    for bad in (
        7,
        [],
        {3: 1},
        {True: ["barn", "secret"]},
        {1: "barn"},
        {1: ["barn"]},
        {1: ["barn", b"secret"]},
        {2: {}},
        {2: {1: "", 2: 1, 3: b"DER"}},
        {2: {1: "x" * 256, 2: 1, 3: b"DER"}},
        {2: {1: "x", 2: 0, 3: b"DER"}},
        {2: {1: "x", 2: 65536, 3: b"DER"}},
        {2: {1: "x", 2: True, 3: b"DER"}},
        {2: {1: "x", 2: 1, 3: b""}},
        {2: {1: "x", 2: 1, 3: bytes(2049)}},
        {2: {1: "x", 2: 1, 3: "DER"}},
        {2: {1: "x", 2: 1, 3: b"DER", 4: ["user"]}},
        {2: {1: "x", 2: 1, 3: b"DER", 5: 0}},
    ):
        raises(Malformed, Owner(device).command, issuer.command(device, "network", bad))
        assert device.board.store.files == before, bad


def test_command_link_restarts_after_end():
    """A connection without a command link would look healthy but ignore requests."""
    device, broker = provisioned(Issuer()), Broker()
    device.board.uplink = lambda: broker
    device.journal.put(NETWORK_RECORD, {2: BROKER})

    async def ends(reader, writer):
        pass

    async def until_connected_twice():
        task = asyncio.create_task(Uplink(device).run(ends))
        while broker.connected < 2:
            await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(asyncio.wait_for(until_connected_twice(), 120))


class Away(Broker):
    """Does not answer until the test says so."""

    is_back = False

    async def connect(self, *_):
        self.connected += 1
        if not self.is_back:
            raise OSError(113)


def test_waiting_readings_are_work_until_the_broker_has_failed_twice_since_waking():
    device, broker = with_uplink(provisioned(Issuer())), Away()
    device.board.uplink = lambda: broker
    device.journal.put(NETWORK_RECORD, {1: ["barn", "secret"]})
    device.sample()
    assert not device.uplink.has_work(), "there is no broker"
    device.journal.put(NETWORK_RECORD, {2: BROKER})
    assert device.uplink.has_work()

    async def serve(reader, writer):
        await asyncio.sleep(60)

    async def until(holds):
        while not holds():
            await asyncio.sleep(0.05)

    async def main():
        task = asyncio.create_task(device.uplink.run(serve))
        await until(lambda: not device.uplink.has_work())
        assert broker.connected == 2
        # it has slept: the next try comes at once, and delivers
        device.uplink.rouse()
        assert device.uplink.has_work()
        broker.is_back = True
        await until(lambda: not device.uplink.has_work())
        assert device.uplink.status()[1:] == [True, None, 1]
        task.cancel()

    asyncio.run(asyncio.wait_for(main(), 30))


class Paced(Uplink):
    """Notes its pauses, and makes none."""

    async def _pause(self, seconds):
        self.pauses.append(seconds)


class Drops(Broker):
    """Lets everybody in, and drops them."""

    def check(self):
        raise OSError(104)


def pauses(device, broker, count=6):
    """The first pauses of a device whose broker fails at once, or soon."""
    device.board.uplink = lambda: broker
    device.journal.put(NETWORK_RECORD, {2: BROKER})
    uplink = Paced(device)
    uplink.pauses = []

    async def serve(reader, writer):
        await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(uplink.run(serve))
        while len(uplink.pauses) < count:
            await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(asyncio.wait_for(main(), 120))
    return uplink.pauses[:count]


def test_pauses_grow_and_are_spread_so_that_a_fleet_does_not_come_back_at_once():
    for broker in (Away(), Drops()):
        found = pauses(provisioned(Issuer()), broker)
        ratios = []
        for n, seconds in enumerate(found):
            wanted = min(2**n, 40)
            assert wanted / 2 <= seconds < 2.5 * wanted, found
            ratios.append(seconds / wanted)
        assert max(ratios) - min(ratios) > 0.1, "the same for six tries, and so for six devices"


def test_a_busy_board_does_not_pause_for_longer():
    uplink, turns = Uplink(provisioned(Issuer())), []
    uplink._settings = uplink._device.journal.get(NETWORK_RECORD)

    async def busy():
        while True:
            turns.append(None)
            time.sleep(0.7)
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(busy())
        await uplink._pause(1.2)
        task.cancel()

    asyncio.run(main())
    assert len(turns) < 4, "one for each look, which were to come every 0.3 s"


def test_board_without_uplink_refuses_settings():
    issuer = Issuer()
    device = provisioned(issuer)
    raises(Unsupported, Owner(device).command, issuer.command(device, "network", {2: BROKER}))
    assert device.journal.get(NETWORK_RECORD) is None


def test_new_broker_receives_all_readings():
    """A power cut at any write: a new broker never inherits the old one's count."""
    issuer = Issuer()
    first = with_uplink(provisioned(issuer))
    Owner(first).command(issuer.command(first, "network", {2: BROKER}))
    first.journal.put(FORWARDED_RECORD, 160)
    files, command = dict(first.board.store.files), issuer.command(first, "network", {1: ["a", "b"], 2: BROKER})
    seen = []
    for cut in range(1, 12):
        for late in (False, True):
            first.board.store.files = dict(files)
            device = with_uplink(restarted(first))
            device.board.store.cut_after(cut, late)
            try:
                Owner(device).command(command)
            except PowerCut:
                pass
            after = restarted(device)
            settings, count = after.journal.get(NETWORK_RECORD), after.journal.get(FORWARDED_RECORD)
            assert settings == {2: BROKER} or count is None, (cut, late)
            seen.append((len(settings), count))
    assert set(seen) == {(1, 160), (1, None), (2, None)}
