"""Following what a network's devices hand on through a broker.

A reading is taken when it comes right after the one before it. Where some are missing, the device is asked over its
command link: it keeps every reading until its owner acknowledges it, so what the broker lost, or took while nobody was
listening, is not lost. Everything is checked against the home's roots before it counts.

One device's answers hold the others up for some seconds at a time, however many or slow they are.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ..errors import BadSignature, RefusedByDevice, Rejected, Unreachable
from ..home import Home
from ..link import Client
from ..link.broker.address import Broker, device_of, network_topic
from ..link.broker.session import Arrived, DeviceTopics, Session
from ..link.labels import REPLY_SECONDS
from ..wire.bundle import read_bundle
from ..wire.certificates import check_chain
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Message, Reading, parse_as
from .collecting import Collector
from .complaints import MOST_PARTIES, Complaints
from .logs import Equivocation, Logs, follow
from .proving import CHAINED, EVERY, Proved, prove

ASK_SECONDS: Final = 10.0  # that a device may go on showing readings
ASK_AGAIN_SECONDS: Final = 10.0  # after it did not answer as it should; twice as long each time
MOST_PAUSE_SECONDS: Final = 900.0
_RETAINED_SECONDS: Final = 1.0  # of silence after what the broker keeps
_MOST_RETAINED_SECONDS: Final = 20.0
_CERTIFICATES: Final = "certificates"
_READINGS: Final = "readings"

Found = Iterator[tuple[str, bytes]]  # name of the device, message


@dataclass
class Heard:
    """A device that was heard of. `seq`, `digest`: the last reading of it that came in order. chain: leaf first.
    pending: readings up to that one that wait for their proof. fork: what the device contradicts itself in."""

    name: str
    key: PublicKey
    chain: list[Message[Certificate]]
    seq: int = 0
    digest: bytes | None = None
    fork: Equivocation | None = None
    pending: list[Message[Reading]] = field(default_factory=list)


class Listener:
    """Gathers from a broker. warn: gets a text for each message that was refused. forks: devices that contradict
    themselves, of which nothing more is gathered. Raises as `Session` does."""

    def __init__(self, home: Home, broker: Broker, collector: Collector, warn: Callable[[str], None]) -> None:
        self._home, self._broker, self._collector = home, broker, collector
        self._complaints = Complaints(warn)
        self._failed: dict[str, float] = {}  # for how long a device is left alone that did not answer as it should
        self._roots = home.roots()
        self._names = {device.hex(): name for device, name in home.names().items()}
        self.forks: list[tuple[str, Equivocation]] = []  # with the device's name
        self.heard: dict[str, Heard] = {}  # by the beginning of its topics
        self._asked: dict[str, float] = {}  # when it may be asked again
        self._owing: dict[str, None] = {}  # devices that have more to show, the longest waiting first
        self._given: list[Arrived] = []
        networks = [network_topic(home, test=test) + "+/" for test in (False, True)]
        # first who the devices are, which the broker keeps: their readings may come at once
        known = Session(broker, [topic + _CERTIFICATES for topic in networks])
        self._before = []
        end = time.monotonic() + _MOST_RETAINED_SECONDS  # what comes after it is retained for the other session too
        while time.monotonic() < end and (arrived := known.take(_RETAINED_SECONDS)) is not None:
            self._before.append(arrived)
        known.close()
        name = f"sealwright-{home.key('owner').public.device_id.hex()[:12]}"
        self._session = Session(
            broker, [topic + part for topic in networks for part in (_CERTIFICATES, _READINGS)], name
        )

    @property
    def logs(self) -> Logs:
        """What is known of the devices' logs."""
        return self._collector.logs

    def look(self, seconds: float) -> Found:
        """What comes within some `seconds`, in an order a verifier can follow. Call `settle` once it is on disk."""
        end = time.monotonic() + seconds
        before, self._before = self._before, []
        for arrived in before:
            yield from self._take(arrived)
        while (new := self._session.take(end - time.monotonic())) is not None:
            yield from self._take(new)
            self._given.append(new)
            if time.monotonic() >= end:
                break
        for topic in self.heard:
            yield from self._warned(topic, self._prove(topic))
        now = time.monotonic()
        for topic in [topic for topic in self._owing if now >= self._asked.get(topic, now)][:1]:
            yield from self._warned(topic, self._ask(topic))

    def settle(self) -> None:
        """What `look` has given is safe: the broker may forget it."""
        given, self._given = self._given, []
        for arrived in given:
            self._session.settle(arrived)

    def client(self, topic: str) -> Client:
        """The command link of the device with these topics. Raises Unreachable."""
        url = f"mqtts://{self._broker.name}/{self._name(topic)}"
        # no relay is between: signs of life win no time
        return Client(
            DeviceTopics(self._broker, topic), url, REPLY_SECONDS, most=REPLY_SECONDS, device=device_of(topic)
        )

    def close(self) -> None:
        """Leave; the broker keeps what comes until the next time."""
        self._session.close()

    def _take(self, arrived: Arrived) -> Found:
        topic = arrived.topic[: arrived.topic.rindex("/") + 1]
        yield from self._warned(topic, self._read(topic, arrived))

    def _warned(self, topic: str, found: Found) -> Found:
        try:
            for one in found:
                self._complaints.settle(topic)
                yield one
        except Equivocation as fork:
            self._note_fork(topic, fork)
        except (Rejected, Unreachable, RefusedByDevice) as error:
            self._complaints.note(topic, self._name(topic), str(error))

    def _note_fork(self, topic: str, fork: Equivocation) -> None:
        heard = self.heard[topic]
        self._collector.logs.prove(fork, heard.chain)
        heard.fork = fork
        self.forks.append((heard.name, fork))

    def _read(self, topic: str, arrived: Arrived) -> Found:
        if arrived.topic.rpartition("/")[2] == _CERTIFICATES:
            chain = [parse_as(raw, Certificate) for raw in read_bundle(arrived.payload)]
            yield from self._certify(topic, list(reversed(chain)))
        else:
            yield from self._reading(topic, parse_as(arrived.payload, Reading))

    def _name(self, topic: str) -> str:
        device = topic.split("/")[-2]
        return self._names.get(device, device[:16])

    def _certify(self, topic: str, chain: list[Message[Certificate]]) -> Found:
        leaf = check_chain(chain, self._roots, at=int(time.time()), allow_test=True)
        if leaf.key.device_id.hex() != topic.split("/")[-2]:
            raise Rejected("its certificate is for another device")
        if topic not in self.heard:
            heard = self.heard[topic] = Heard(self._name(topic), leaf.key, chain)
            last = self._collector.last(leaf.key)
            if last is not None:
                heard.seq, heard.digest = last.body.seq, last.digest
        for certificate in reversed(chain):
            if self._collector.take(certificate):
                yield self._name(topic), certificate.raw

    def _reading(self, topic: str, message: Message[Reading]) -> Found:
        heard = self.heard.get(topic)
        if heard is None:
            yield from self._ask(topic)
        elif heard.fork is not None:
            return
        elif message.body.seq <= heard.seq:
            self._collector.logs.compare(heard.key, message)
        elif message.body.seq > heard.seq + 1 or message.body.prev != heard.digest:
            yield from self._ask(topic)
        else:
            heard.pending.append(message)
            heard.seq, heard.digest = message.body.seq, message.digest
            if self._collector.proof != CHAINED or len(heard.pending) >= EVERY:
                yield from self._prove(topic)

    def _prove(self, topic: str) -> Found:
        """What came of a device in order since the last time, once it is proved: nothing waits beyond a look."""
        heard = self.heard[topic]
        pending, heard.pending = heard.pending, []
        for proved in prove(heard.key, pending):
            message = proved.message
            if not proved.holds:
                heard.seq, heard.digest = message.body.seq - 1, message.body.prev
                self._owing[topic] = None  # the real one may have come after it, and was left out
                raise BadSignature("a reading that it did not sign")
            yield from self._count(heard, proved)

    def _count(self, heard: Heard, proved: Proved) -> Found:
        message = proved.message
        if not proved.holds:
            raise BadSignature("a reading that it did not sign")
        self._collector.logs.note_proved(heard.key, proved)
        heard.seq, heard.digest = message.body.seq, message.digest
        if self._collector.take(message):
            yield heard.name, message.raw

    def _ask(self, topic: str) -> Found:
        """Have it show what is missing, and say who it is where that is not known.

        What it has not shown after ASK_SECONDS waits for another time, and it is left alone for as long as it took: a
        device that is slow, or never ends, would have all the time there is.
        """
        began = time.monotonic()
        if topic in self.heard:
            if self.heard[topic].fork is not None:
                return
            yield from self._prove(topic)
        if began < self._asked.get(topic, began):
            if topic in self.heard:
                self._owing[topic] = None
            return
        self._owing.pop(topic, None)
        pause = min(2 * self._failed.pop(topic, ASK_AGAIN_SECONDS / 2), MOST_PAUSE_SECONDS)
        try:
            with self.client(topic) as client:
                if topic not in self.heard:
                    yield from self._certify(topic, client.chain())
                heard = self.heard[topic]
                for proved in follow(client, heard.key, self._collector.logs, heard.seq, self._collector.proof):
                    yield from self._count(heard, proved)
                    if time.monotonic() - began > ASK_SECONDS:
                        self._owing[topic] = None
                        break
            pause = 0.0
        finally:
            now = time.monotonic()
            self._asked = {other: until for other, until in self._asked.items() if until > now}
            self._asked[topic] = now + max(pause, now - began)
            if pause and len(self._failed) < MOST_PARTIES:
                self._failed[topic] = pause
