"""What verifiers and intake found to hold, into the streams of those who use it.

`StreamSink.add` returns once most servers have all of it; then what it came from may be forgotten. What certifies the
signers goes into SEALWRIGHT_KNOWN for other verifiers and for the store, and into each shard's stream before the first
message that rests on it.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ...wire.bundle import read_bundle
from ...wire.messages import Certificate, Message, Revocation, Rotation, parse_message
from ..known import is_support
from ..spool import SpoolFull
from . import streams
from .config import Cluster
from .dealing import MOST_BYTES, deal, partition_of, pieces
from .errors import ClusterAway
from .link import Link

_MOST_SAID: Final = 200_000  # digests that are remembered of what was handed on
_MOST_KNOWN: Final = 128 << 10  # bytes of what certifies one device
_TRIES: Final = 20
_ROOM: Final = 64 << 20


class NotKept(SpoolFull):
    """The cluster did not keep it; it passes by itself."""


class Said:
    """What was handed on, the latest so many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._kept

    def update(self, digests: Iterable[bytes]) -> None:
        """These were handed on."""
        self._kept.update(dict.fromkeys(digests))
        while len(self._kept) > _MOST_SAID:
            self._kept.popitem(last=False)


class KnownStream:
    """What certifies devices, kept at the servers under their key hints."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def of(self, kids: Iterable[bytes]) -> dict[bytes, list[bytes]]:
        """What is kept of these key hints. Raises ClusterAway."""
        subjects = {streams.known_subject(kid.hex()): kid for kid in kids}
        found = self._link.last(streams.KNOWN, subjects)
        return {subjects[subject]: list(read_bundle(data)) for subject, (_, data) in found.items()}

    def add(self, messages: Iterable[bytes]) -> None:
        """Keep these beside what is kept already. Raises ClusterAway."""
        by_kid: dict[bytes, list[bytes]] = {}
        for raw in messages:
            for kid in _about(parse_message(raw)):
                by_kid.setdefault(kid, []).append(raw)
        for _ in range(_TRIES):
            subjects = {streams.known_subject(kid.hex()): kid for kid in by_kid}
            there = self._link.last(streams.KNOWN, subjects)
            for subject, kid in subjects.items():
                number, data = there.get(subject, (0, b""))
                kept = list(read_bundle(data))
                more = [raw for raw in dict.fromkeys(by_kid[kid]) if raw not in kept]
                whole = b"".join([*kept, *more])
                if not more or len(whole) > _MOST_KNOWN or self._link.put(subject, whole, number):
                    del by_kid[kid]
            if not by_kid:
                return
        raise ClusterAway("others keep changing what certifies a device")


class StreamSink:
    """The streams of a cluster, as `joining.Sink`."""

    def __init__(self, link: Link, cluster: Cluster) -> None:
        self._link, self._cluster = link, cluster
        self._known = KnownStream(link)
        self._kept = Said()
        self._said = [Said() for _ in range(cluster.shards)]
        self.too_large = 0

    @property
    def size(self) -> int:
        """Nothing waits here."""
        return 0

    @property
    def room(self) -> int:
        """A full stream says so itself."""
        return _ROOM

    @property
    def disk_is_full(self) -> bool:
        """The servers' disks are theirs to watch."""
        return False

    def add(self, messages: Sequence[bytes], support: Mapping[bytes, bytes]) -> None:
        """Return when most servers have these messages. Raises NotKept."""
        try:
            self._add(messages, support)
        except ClusterAway as error:
            raise NotKept(str(error), remedy=error.remedy, code=error.code) from error

    def _add(self, messages: Sequence[bytes], support: Mapping[bytes, bytes]) -> None:
        own = {parse_message(raw).digest: raw for raw in messages if is_support(raw)}
        certifying = {**support, **own}
        new = {digest: raw for digest, raw in certifying.items() if digest not in self._kept}
        if new:
            self._known.add(new.values())
            self._kept.update(new)
        readings, money = self._dealt(messages)
        for shard, said in enumerate(self._said):
            first = {digest: raw for digest, raw in support.items() if digest not in said}
            if money[shard]:
                money[shard] = [*first.values(), *money[shard]]
                said.update(first)
        work = [(streams.readings_subject(n), piece) for n, raws in readings.items() for piece in pieces(raws)]
        work += [(streams.money_subject(n), piece) for n, raws in enumerate(money) for piece in pieces(raws)]
        try:
            self._link.publish(work)
        except ClusterAway:
            self._said = [Said() for _ in self._said]  # nobody knows what of it is there
            raise

    def _dealt(self, messages: Sequence[bytes]) -> tuple[dict[int, list[bytes]], list[list[bytes]]]:
        readings: dict[int, list[bytes]] = {}
        money: list[list[bytes]] = [[] for _ in self._said]
        for raw in messages:
            where = deal(raw, self._cluster.shards)
            if where is None:
                continue
            if len(raw) > MOST_BYTES:
                self.too_large += 1
                continue
            if where.is_reading:
                readings.setdefault(partition_of(where.kid.hex(), self._cluster.partitions), []).append(raw)
            for shard in where.shards:
                money[shard].append(raw)
        return readings, money

    def trim(self) -> int:
        """The streams remove what is consumed."""
        return 0

    def close(self) -> None:
        """The link is its maker's to close."""


def _about(message: Message[object]) -> list[bytes]:  # type: ignore[type-var]
    """The key hints that this certifies, or takes that back."""
    body = message.body
    if isinstance(body, Certificate):
        return [body.key.kid]
    if isinstance(body, Rotation):
        return list(dict.fromkeys([body.device[:8], body.key.kid]))
    return [body.device[:8]] if isinstance(body, Revocation) else []
