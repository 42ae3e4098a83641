"""Watching claims: what devices hold goes into a ledger before the claims end, also for payees that sleep.

A watcher needs vouchers and closes and nothing else: no key of a device, no reading. What it has done is in the ledger,
so it may be stopped at any moment and begin again. No device can hold up the others: each has LOOK_SECONDS for a
round, and one at a broker that fails is left alone for a while that doubles.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from ..errors import RefusedByDevice, Rejected, SealwrightError, Unreachable
from ..home import Home
from ..link import Client
from ..link.broker import Broker, DeviceTopics, device_of
from ..link.broker.address import network_topic
from ..link.broker.session import ONLINE, STATE, Session
from ..link.info import Channel
from ..link.labels import REPLY_SECONDS
from ..wire.messages import parse_message
from .collecting import Collector, Source

OF_DEVICE = (Unreachable, RefusedByDevice, Rejected)
LOOK_SECONDS: Final = 120.0  # for one device in a round: a payer that answers slowly must not outlast others' claims
AT_ONCE: Final = 8  # devices at a broker
_TOGETHER: Final = 64  # devices whose messages are settled together
_RETAINED_SECONDS: Final = 1.0  # of silence after what a broker keeps
_MOST_RETAINED_SECONDS: Final = 20.0
_AGAIN_SECONDS: Final = 10.0  # before a device that comes again is looked at again: one may come and go without end
_MOST_COMING: Final = 1000  # taken in before any of them is looked at
_LEAST_PAUSE: Final = 60.0
_MOST_PAUSE: Final = 900.0
_DEVICE_TOPIC: Final = re.compile(r"[^/]+/[0-9a-f]{16}/[0-9a-f]{64}/")


@dataclass(frozen=True, slots=True)
class Target:
    """A device to look at. `open` connects; it raises as `Client` does. `topic`: of a device at a broker."""

    name: str
    open: Callable[[], Client]
    topic: str = ""


# gets each device that was looked at, with what kept it from answering to the end, or None
Looked = Callable[[Target, SealwrightError | None], None]


def gather(targets: Sequence[Target], looked: Looked, at_once: int = 1) -> list[bytes]:
    """The certificates and channels that devices hold now, in an order that a ledger can follow.

    looked: what a device showed before an error counts. at_once: how many devices to ask at the same time.
    """
    collector = Collector()
    found: list[bytes] = []
    sources: list[Source] = []
    with ThreadPoolExecutor(at_once) as pool:
        for target, look in zip(targets, pool.map(_look, targets), strict=True):
            found += (raw for raw in look.chain if collector.take(parse_message(raw)))
            sources += look.sources
            looked(target, look.error)
    return [*found, *collector.channels(sources)]


@dataclass(slots=True)
class _Look:
    """What one device showed, and what stopped it."""

    chain: list[bytes] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    error: SealwrightError | None = None


def _look(target: Target) -> _Look:
    look = _Look()
    end = time.monotonic() + LOOK_SECONDS
    try:
        with target.open() as client:
            client.most = LOOK_SECONDS
            chain = client.chain()
            look.chain = [certificate.raw for certificate in reversed(chain)]
            look.chain += [rotation.raw for rotation in client.rotations()]
            held: list[Channel] = []
            look.sources.append(Source(client, target.name, chain=chain, held=held))
            for channel in client.channels():
                for raw in channel.messages + channel.certificates:
                    parse_message(raw)
                held.append(channel)
                if time.monotonic() > end:
                    raise Unreachable(f"{target.name} did not show all its channels in {LOOK_SECONDS:.0f} s")
    except OF_DEVICE as error:
        look.error = error
    return look


class Presence:
    """Which devices of the home's networks are at a broker, by the beginning of their topics. Raises as `Session`."""

    def __init__(self, home: Home, broker: Broker) -> None:
        self.name = broker.name
        self._broker = broker
        self._names = home.names()
        networks = [network_topic(home, test=test) for test in (False, True)]
        self._session = Session(broker, [f"{network}+/{STATE}" for network in networks])
        self._there: dict[str, None] = {}
        self._looked: dict[str, float] = {}
        self._pauses: dict[str, tuple[float, float]] = {}  # until when a device is left alone, and for how long
        end = time.monotonic() + _MOST_RETAINED_SECONDS
        while time.monotonic() < end and self._take(_RETAINED_SECONDS) is not None:
            pass

    def looks(self, looked: Looked) -> Iterator[list[bytes]]:
        """What the devices that are there hold, some devices at a time."""
        topics = list(self._there)
        for start in range(0, len(topics), _TOGETHER):
            yield self._gather(topics[start : start + _TOGETHER], looked)

    def came(self, seconds: float, looked: Looked) -> list[bytes]:
        """What devices hold that come within so many seconds: one that sleeps may be there for moments only."""
        topics: dict[str, None] = {}
        topic = self._take(seconds)
        for _ in range(_MOST_COMING):
            if topic is None:
                break
            topics[topic] = None
            topic = self._take(0)
        late = time.monotonic() - _AGAIN_SECONDS
        fresh = [one for one in topics if one in self._there and self._looked.get(one, late) <= late]
        return self._gather(fresh, looked) if fresh else []

    def close(self) -> None:
        """Leave the broker."""
        self._session.close()

    def _take(self, seconds: float) -> str | None:
        """The topics of the next device that comes or goes; None where there is none."""
        arrived = self._session.take(seconds)
        if arrived is None:
            return None
        self._session.settle(arrived)
        topic = arrived.topic.removesuffix(STATE)
        if arrived.payload == ONLINE and _DEVICE_TOPIC.fullmatch(topic):
            self._there[topic] = None
        else:
            self._there.pop(topic, None)
        return topic

    def _gather(self, topics: Iterable[str], looked: Looked) -> list[bytes]:
        now = time.monotonic()
        wrong: set[str] = set()

        def note(target: Target, error: SealwrightError | None) -> None:
            if error is not None:
                wrong.add(target.topic)
            looked(target, error)

        targets = [self._target(topic) for topic in topics if self._pauses.get(topic, (0.0, 0.0))[0] <= now]
        found = gather(targets, note, AT_ONCE)
        self._looked.update((target.topic, time.monotonic()) for target in targets)
        for target in targets:
            _, pause = self._pauses.pop(target.topic, (0.0, 0.0))
            if target.topic in wrong:
                pause = min(max(2 * pause, _LEAST_PAUSE), _MOST_PAUSE)
                self._pauses[target.topic] = time.monotonic() + pause, pause
        return found

    def _target(self, topic: str) -> Target:
        device = device_of(topic)
        name = self._names.get(device, device.hex())
        url = f"mqtts://{self.name}/{name}"
        return Target(name, lambda: self._connect(topic, url), topic)

    def _connect(self, topic: str, url: str) -> Client:
        return Client(DeviceTopics(self._broker, topic), url, REPLY_SECONDS, device=device_of(topic))
