"""What settlers and the store take out of the streams, and what a settler has to try again."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from ...errors import Rejected
from ...wire.bundle import read_bundle
from ..consuming import Batch
from ..joining import Later, Source
from ..waiting import MOST_BYTES
from . import streams
from .config import Cluster
from .dealing import deal, pieces
from .link import Link
from .pulling import Taken

_MESSAGES: Final = 64  # of a stream, each a bundle of up to 256 KB
_BYTES: Final = 1 << 20


class StreamSource:
    """A consumer of a stream of bundles, as `joining.Source`. Raises ClusterAway."""

    def __init__(self, link: Link, stream: str, consumer: str) -> None:
        self._link, self._stream, self._consumer = link, stream, consumer
        self._batch: Batch | None = None
        self._behind = 0

    def next(self) -> Batch | None:
        """The next messages; the same ones until they are passed."""
        if self._batch is None:
            taken = self._link.pull(self._stream, self._consumer, _MESSAGES, _BYTES)
            self._behind = _pending(taken[-1]) if taken else 0
            if taken:
                self._batch = Batch([], [raw for one in taken for raw in _read(one.data)], taken)
        return self._batch

    def passed(self, batch: Batch) -> None:
        """What this batch is for is done, on disk."""
        self._link.done(batch.after)
        self._batch = None

    def behind(self) -> int:
        """Messages of the stream that were left when the last ones were taken."""
        return self._behind


class StreamLater:
    """What the ledger refused for now, in a stream of its own, as `joining.Later`; it outlasts the settler's machine.
    Limits: as `waiting`."""

    def __init__(self, link: Link, shard: int) -> None:
        self._link, self._shard, self._stream = link, shard, streams.later(shard)
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        number = 1
        while (found := link.after(self._stream, number, streams.later_subject(shard))) is not None:
            number, subject, data = found[0] + 1, found[1], found[2]
            self._note(bytes.fromhex(subject.rpartition(".")[2]), data)

    def __len__(self) -> int:
        return len(self._kept)

    def messages(self) -> list[bytes]:
        """All of them, oldest first."""
        return list(self._kept.values())

    def update(self, new: Iterable[tuple[bytes, bytes]], done: Iterable[bytes]) -> int:
        """As `Waiting.update`. Raises ClusterAway: then it may be called again."""
        more = [(digest, raw) for digest, raw in new if digest not in self._kept]
        self._link.publish([(streams.later_subject(self._shard, digest.hex()), raw) for digest, raw in more])
        for digest, raw in more:
            self._note(digest, raw)
        gone, lost = [digest for digest in done if digest in self._kept], 0
        left = self._size - sum(len(self._kept[digest]) for digest in gone)
        for digest, raw in self._kept.items():
            if left <= MOST_BYTES:
                break
            if digest not in gone:
                gone.append(digest)
                left, lost = left - len(raw), lost + 1
        self._forget(gone)
        return lost

    def _note(self, digest: bytes, raw: bytes) -> None:
        if digest not in self._kept:
            self._kept[digest] = raw
            self._size += len(raw)

    def _forget(self, digests: Sequence[bytes]) -> None:
        if not digests:
            return
        numbers = []
        for digest in digests:
            found = self._link.after(self._stream, 1, streams.later_subject(self._shard, digest.hex()))
            numbers += [found[0]] if found is not None else []
        self._link.remove(self._stream, numbers)
        for digest in digests:
            self._size -= len(self._kept.pop(digest))


class StreamLane:
    """A shard's stream and what waits for it, as `joining.Lane`."""

    def __init__(self, link: Link, cluster: Cluster, shard: int) -> None:
        self._link, self._cluster, self._shard = link, cluster, shard
        self.source: Source = StreamSource(link, streams.CHECKED_MONEY, f"settle-{shard}")
        self.later: Later = StreamLater(link, shard)
        self.shards: Sequence[int] | None = (shard,) if cluster.shards > 1 else None

    def forward(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Hand these to the settlers of their shards. What the ledger had before it was divided is in shard 0, which
        only its settler can tell; it knows that of all others the digest decides."""
        by_shard: dict[int, list[bytes]] = {}
        for _, raw in messages:
            where = deal(raw, self._cluster.shards)
            for shard in where.shards if where is not None and self._shard == 0 else (0,):
                if shard != self._shard:
                    by_shard.setdefault(shard, []).append(raw)
        self._link.publish([(streams.money_subject(n), one) for n, raws in by_shard.items() for one in pieces(raws)])


def _pending(taken: Taken) -> int:
    """How many messages the consumer had left: the last token of $JS.ACK.STREAM.CONSUMER.TRIES.N.N.TIME.PENDING."""
    return int(taken.reply.split(".")[-1])


def _read(data: bytes) -> list[bytes]:
    """The messages of a bundle. What is none was put there by nobody of the hub: it is left out."""
    try:
        return list(read_bundle(data))
    except Rejected:
        return []
