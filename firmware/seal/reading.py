"""The gap-proof log of signed readings: `seq` rises by one, `prev` is the digest before it.

A reading is signed when sampled, stored on flash before anyone receives it, and kept until acknowledged.

Segment files `r-<first seq>` hold frames [length u16 | message | CRC-32 of both]. The journal record "readings" names
the last reserved number (numbers are reserved in blocks) and the newest segment. A lost end therefore never leads to a
number used twice: after a torn last frame or a missing last segment the device continues past the reserved block, and
a verifier reports the gap. Any other damage of the newest segment locks the log.
"""

import struct

from . import cose, labels, messages, senml
from .compat import const, crc32
from .errors import SensorFailed, StateDamaged, StorageFull
from .records import READINGS_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator
    from .cose import Message, Signer
    from .journal import Journal
    from .ports import Clock, Item, Quantity, Record, Store

RESERVE = const(16)  # numbers in a block
RECENT = const(2)  # segments that `find` looks through
SEGMENT_BYTES = const(3800)  # one 4 KB flash block without its metadata
# Free blocks of flash that readings leave to the journal: else not even the ack that frees some could be noted
KEPT_BLOCKS = const(16)
_PREFIX = "r-"
# Keys of the record
_RESERVED = const(1)  # uint: last reserved number
_ACKNOWLEDGED = const(2)  # uint: last number that the owner has
_SEGMENT = const(3)  # uint: first number of the newest segment


def frame(raw: bytes) -> bytes:
    """`raw` as one segment frame."""
    body = struct.pack(">H", len(raw)) + raw
    return body + struct.pack(">I", crc32(body))


def frames(data: bytes) -> "Iterator[bytes | None]":
    """Yield the messages of a segment in order, then None for a torn last frame. Raises StateDamaged."""
    at = 0
    while at < len(data):
        end = at + 6 + (struct.unpack(">H", data[at : at + 2])[0] if at + 2 <= len(data) else 0)
        if end > len(data):
            yield None
            return
        if struct.unpack(">I", data[end - 4 : end])[0] != crc32(data[at : end - 4]):
            if end < len(data):
                raise StateDamaged("a stored reading is damaged")
            yield None
            return
        yield data[at + 2 : end - 4]
        at = end


class ReadingLog:
    """Signs and stores readings. Call `load` first. firmware: the version in the claims."""

    prev: bytes | None  # digest of the newest reading
    last: bytes | None  # the newest reading
    _signer: "Signer"
    _segment: str | None

    def __init__(self, journal: "Journal", store: "Store", clock: "Clock", firmware: str) -> None:
        self._journal = journal
        self._store = store
        self._clock = clock
        self._firmware = firmware
        self._signer = None
        self._segment = None
        self._segment_size = 0
        self.seq = 0
        self.prev = None
        self.last = None

    def load(self, signer: "Signer") -> None:
        """Find the log's end on flash. Raises StateDamaged unless it agrees with the journal."""
        self._signer = signer
        state = self._state()
        reserved = state[_RESERVED]
        self.seq, self.prev, self.last, self._segment = 0, None, None, None
        segments = self.segments()
        newest = _name(state[_SEGMENT])
        is_lost = state[_SEGMENT] > 0 and newest not in segments
        if self._load_tail(segments, newest) or is_lost:
            self._segment = None
            self.seq = reserved
        elif not reserved - RESERVE <= self.seq <= reserved:
            raise StateDamaged("the reading log does not reach its reserved numbers")

    def _load_tail(self, segments: list[str], newest: str) -> bool:
        """Find the last whole reading. Returns whether the newest segment ends in a torn frame."""
        is_torn = False
        for name in reversed(segments):
            data = self._store.read(name)
            for raw in frames(data):
                is_torn = is_torn or (raw is None and name == newest)
                self.last = raw or self.last
            if name == newest:
                self._segment, self._segment_size = name, len(data)
            if self.last:
                break
        message = self.last_message()
        if message:
            self.seq, self.prev = message.header[labels.CWT_CLAIMS][labels.SEQ], message.digest
        return is_torn

    def _state(self) -> "Record":
        return dict(self._journal.get(READINGS_RECORD, {_RESERVED: 0, _ACKNOWLEDGED: 0, _SEGMENT: 0}))

    def _change(self, key: int, value: "Item") -> None:
        state = self._state()
        state[key] = value
        self._journal.put(READINGS_RECORD, state)

    @property
    def acknowledged(self) -> int:
        """The highest acknowledged seq."""
        return self._state()[_ACKNOWLEDGED]

    def last_message(self) -> "Message | None":
        """The newest reading, or None."""
        return messages.recall(self.last, labels.READING) if self.last else None

    def segments(self) -> list[str]:
        """Names of the segment files, oldest first."""
        return [name for name in self._store.names() if name.startswith(_PREFIX)]

    def append(self, quantities: "list[Quantity]") -> tuple[bytes, bytes]:
        """Sign and store a reading of `quantities`; returns (raw, digest). Raises StorageFull, Fault,
        SensorFailed."""
        if not quantities:
            raise SensorFailed("no sensor gave a value")
        seq = self.seq + 1
        if seq > self._state()[_RESERVED]:
            self._change(_RESERVED, seq + RESERVE - 1)
        claims = {
            labels.IAT: self._clock.now(),
            labels.SEQ: seq,
            labels.PREV: self.prev,
            labels.CLOCK_QUALITY: self._clock.quality,
            labels.FIRMWARE: self._firmware,
        }
        raw, digest = self._signer.sign(labels.READING, senml.write_records(quantities), claims)
        entry = frame(raw)
        if self._segment is None or self._segment_size + len(entry) > SEGMENT_BYTES:
            if self._store.free_blocks() < KEPT_BLOCKS:
                raise StorageFull("the flash has no room for readings: collect and acknowledge some")
            self._change(_SEGMENT, seq)
            self._segment, self._segment_size = _name(seq), 0
        segment, self._segment = self._segment, None  # after a failed append the next reading starts a new file
        self._store.append(segment, entry)
        self._segment, self._segment_size = segment, self._segment_size + len(entry)
        self.seq, self.prev, self.last = seq, digest, raw
        return raw, digest

    def since(self, seq: int, limit: int) -> list[bytes]:
        """Up to `limit` stored readings with a number above `seq`, oldest first, as a list of raw messages."""
        batch = []
        names = self.segments()
        for index, name in enumerate(names):
            if index + 1 < len(names) and _first(names[index + 1]) <= seq + 1:
                continue
            for number, raw in self._intact_messages(name):
                if number > seq:
                    batch.append(raw)
                    if len(batch) == limit:
                        return batch
        return batch

    def find(self, digest: bytes, seq: int | None = None) -> bytes | None:
        """The stored reading with this digest, or None. seq: its number; without it only the newest readings, of
        RECENT segments, are looked through."""
        if digest == self.prev:
            return self.last
        names = self.segments()
        if seq is not None:
            names = [name for name in names if _first(name) <= seq][-1:]
        for name in reversed(names[-RECENT:]):
            for _, raw in self._intact_messages(name):
                if cose.digest_of(raw) == digest:
                    return raw
        return None

    def _intact_messages(self, name: str) -> "Iterator[tuple[int, bytes]]":
        # (number, message): numbers rise by one within a segment, whose name has the first. Up to the segment's end or
        # its first damage: a verifier reports the gap, and later segments remain collectable
        number = _first(name)
        try:
            for raw in frames(self._store.read(name)):
                if raw is None:
                    return
                yield number, raw
                number += 1
        except StateDamaged:
            return

    def acknowledge(self, seq: int) -> None:
        """Note that the owner has the readings up to `seq`, and prune."""
        seq = min(seq, self.seq)
        if seq > self.acknowledged:
            self._change(_ACKNOWLEDGED, seq)
        self.prune(seq)

    def prune(self, seq: int) -> None:
        """Remove the segments that hold only readings up to `seq`. The newest segment stays: it is the log's end."""
        names = self.segments()
        for index, name in enumerate(names[:-1]):
            if _first(names[index + 1]) <= seq + 1:
                self._store.remove(name)


def _name(first: int) -> str:
    return "%s%08x" % (_PREFIX, first)


def _first(name: str) -> int:
    return int(name[len(_PREFIX) :], 16)
