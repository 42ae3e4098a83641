"""Collecting: what devices signed, into an evidence bundle that checks offline.

A bundle has each message once, by digest, in an order a verifier can follow: certificates, readings as they come, then
for each channel its opening, its vouchers by number, receipts and its close.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from ..link.client import Client
from ..link.info import Channel
from ..verify.policy import known_proof
from ..wire.key_line import line_of
from ..wire.keys import PublicKey
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Funding,
    Message,
    Reading,
    Receipt,
    Rotation,
    Voucher,
    parse_as,
    parse_message,
)
from .logs import RECENT, Equivocation, Logs, follow
from .promises import Promises
from .proving import EACH

_FAR: Final = 2**64
_CLOCK_HOST: Final = 2  # the quality of a clock from which on a device goes by it
_ORDER: dict[type, int] = {ChannelOpen: 0, Funding: 1, Voucher: 2, Receipt: 3, ChannelClose: 4}


@dataclass
class Source:
    """A device that is collected from: up to which reading it was, and in which channels it is paid no more. chain:
    leaf first, once it was asked for, and rotations, oldest first; fork: what the device contradicts itself in. held,
    ended: what `look` found, all channels and those whose end has come."""

    client: Client
    name: str
    seq: int = 0
    digest: bytes | None = None
    chain: list[Message[Certificate]] = field(default_factory=list)
    rotations: list[Message[Rotation]] = field(default_factory=list)
    fork: Equivocation | None = None
    closed: list[bytes] = field(default_factory=list)
    held: list[Channel] | None = None
    ended: frozenset[bytes] = frozenset()

    @property
    def key(self) -> PublicKey:
        """The key that its chain names, or the line of keys that its rotations lead to."""
        if not self.chain:
            self.chain, self.rotations = self.client.chain(), self.client.rotations()
        return line_of(self.chain[0].body.key, self.rotations)

    @property
    def kid(self) -> bytes | None:
        """What its own messages have for a hint, once its chain was asked for."""
        return self.chain[0].body.key.kid if self.chain else None

    def look(self) -> None:
        """Fetch its channels now, for the next `Collector.channels`: whatever goes wrong is this device's."""
        self.held = None
        found = list(self.client.channels())
        ends: dict[bytes, int] = {}
        for channel in found:
            for message in map(parse_message, channel.messages + channel.certificates):
                if isinstance(message.body, ChannelOpen):
                    ends[message.digest] = _end(message.body, channel.paying)
        self.ended = self._past(ends)
        self.held = found

    def _past(self, ends: dict[bytes, int]) -> frozenset[bytes]:
        """Those whose end has come, by the device's clock too, or it would refuse to forget them."""
        if min(ends.values(), default=_FAR) > time.time():
            return frozenset()  # most of the time, and the device need not be asked
        now, quality = self.client.info().raw["clock"]
        return frozenset(one for one, end in ends.items() if end <= now and quality >= _CLOCK_HOST)


class Collector:
    """Gathers from devices; every message comes out once. logs: what is known of the devices' logs. proof: `EACH`
    reading by its own signature, or `CHAINED`: a run of them by its last one's, for which the others wait. Raises Usage
    for another proof."""

    def __init__(self, logs: Logs | None = None, proof: str = EACH) -> None:
        self.logs = Logs() if logs is None else logs
        self.proof = known_proof(proof)
        self._readings: set[bytes] = set()  # digests, and those of all other messages
        self._others: set[bytes] = set()
        self._last: dict[bytes, deque[tuple[int, bytes]]] = {}  # by kid: the number and bytes of readings
        self.promises = Promises()

    def remember(self, raw: bytes) -> None:
        """Take a message of an earlier collection as gathered. Raises Malformed, NotDeterministic, WrongType."""
        self.take(parse_message(raw))

    def restore(self, others: Iterable[bytes], newest: Iterable[bytes]) -> None:
        """Remember what `gathered` gave. Raises as `remember` does."""
        for raw in newest:
            self.remember(raw)
        self._others.update(others)

    def gathered(self) -> tuple[set[bytes], list[bytes]]:
        """The digests of the messages that are no readings, and the newest readings of each device as received."""
        return self._others, [raw for last in self._last.values() for _, raw in last]

    @property
    def taken(self) -> int:
        """How many messages were taken or remembered; it only grows."""
        return len(self._readings) + len(self._others)

    def resume(self, source: Source) -> None:
        """Go on after the last reading of this device that was remembered, rather than from its first. Raises
        Equivocation, as `readings` does, where the home remembers another one with its number."""
        with _proving(source, self.logs):
            last = self.last(source.key)
            if last is not None and last.body.seq > source.seq:
                source.seq, source.digest = last.body.seq, last.digest

    def last(self, key: PublicKey) -> Message[Reading] | None:
        """The last reading of this key's device that was remembered. Raises Equivocation as `Logs.note` does."""
        held = (parse_as(raw, Reading) for _, raw in self._last.get(key.kid, ()))
        signed = [message for message in held if message.signed_by(key)]
        for message in signed:
            self.logs.note(key, message)
        return signed[-1] if signed else None

    def take(self, message: Message[Body]) -> bool:
        """Whether this message is new; from now on it is gathered."""
        body, digest = message.body, message.digest
        seen = self._readings if isinstance(body, Reading) else self._others
        if digest in seen:
            return False
        seen.add(digest)
        if isinstance(body, Reading):
            last = self._last.setdefault(message.kid, deque(maxlen=RECENT))
            if not last or last[-1][0] < body.seq:
                last.append((body.seq, message.raw))
        return True

    def certificates(self, client: Client) -> Iterator[bytes]:
        """The device's chain and those of its channels' other parties, issuers first, each with its rotations."""
        yield from (message.raw for message in certifying(client) if self.take(message))

    def readings(self, source: Source) -> Iterator[bytes]:
        """The readings that came since the last call; none once the device has contradicted itself. Raises
        Equivocation then, and keeps the proof: its channels may still be collected."""
        yield from (message.raw for message in self.followed(source) if self.take(message))

    def followed(self, source: Source) -> Iterator[Message[Reading]]:
        """The same readings, which the caller takes as it keeps them."""
        if source.fork is not None:
            return
        with _proving(source, self.logs):
            for message, holds, _ in follow(source.client, source.key, self.logs, source.seq, self.proof):
                if holds:  # what another wrote may be gathered, but is acknowledged to nobody
                    source.seq, source.digest = message.body.seq, message.digest
                yield message

    def channels(self, sources: Iterable[Source]) -> Iterator[bytes]:
        """Certificates and messages of every channel these devices keep, in an order that a verifier can follow.

        Both parties hold a channel: together they show the later voucher, and each message comes once.
        """
        found: dict[bytes, Message[Body]] = {}
        certificates: list[Message[Body]] = []
        for source in sources:
            if source.held is None:
                source.look()
            closed: dict[bytes, None] = {}
            for channel in source.held or ():
                certificates += [_certifying(raw) for raw in reversed(channel.certificates)]
                for message in map(parse_message, channel.messages):
                    if message.digest not in found or message.kid == source.kid:
                        found[message.digest] = message  # after a rotation a device shows its own with its key of now
                    self.promises.note(message)
                    is_close = isinstance(message.body, ChannelClose) and not channel.paying
                    if is_close or message.digest in source.ended:
                        closed.setdefault(getattr(message.body, "channel", message.digest))
            source.held, source.closed = None, list(closed)
        ordered = certificates + sorted(found.values(), key=_place)
        yield from (message.raw for message in ordered if self.take(message))


def certifying(client: Client) -> list[Message[Any]]:
    """A device's chain and those of its channels' other parties, issuers first, each with its rotations."""
    found: list[Message[Any]] = [*reversed(client.chain()), *client.rotations()]
    for channel in client.channels():
        found += [_certifying(raw) for raw in reversed(channel.certificates)]
    return found


def _end(opened: ChannelOpen, paying: bool) -> int:
    """From when on a device needs a channel no more, closed or not: a payee takes no voucher after its expiry, and a
    payer has its deposit back after the claim's end."""
    return opened.expires + (opened.dispute_window or 0 if paying else 0)


def _certifying(raw: bytes) -> Message[Any]:
    """A certificate or a rotation. Raises Malformed, NotDeterministic, and WrongType for anything else."""
    message = parse_message(raw)
    return message if isinstance(message.body, Rotation) else parse_as(raw, Certificate)


@contextmanager
def _proving(source: Source, logs: Logs) -> Iterator[None]:
    """Note a fork with its source, and keep the proof."""
    try:
        yield
    except Equivocation as fork:
        source.fork = fork
        logs.prove(fork, [*reversed(source.rotations), *source.chain])
        raise


def _place(message: Message[Body]) -> tuple[bytes, int, int, int]:
    body = message.body
    channel = message.digest if isinstance(body, ChannelOpen) else getattr(body, "channel", b"")
    return channel, _ORDER.get(type(body), 5), getattr(body, "lane", 0), getattr(body, "seq", 0)
