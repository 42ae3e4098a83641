"""The gap-proof log of signed readings: `seq` rises by one, `prev` is the digest before it.

A reading is signed when sampled, stored on flash before anyone receives it, and kept until acknowledged.

The readings are in segment files, see `segments`. The journal record "readings" names the last reserved number (numbers
are reserved in blocks) and the newest segment. A lost end therefore never leads to a number used twice: after a torn
last frame or a missing last segment the device continues past the reserved block, and a verifier reports the gap. Any
other damage of the newest segment locks the log.
"""

from . import cose, labels, messages, segments, senml
from .compat import const
from .errors import SensorFailed, StateDamaged, StorageFull
from .records import READINGS_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Sequence
    from .cose import Message, Signer
    from .journal import Journal
    from .segments import Segment
    from .ports import Clock, Item, Quantity, Record, Sample, Store

RESERVE = const(16)  # numbers in a block
RECENT = const(32)  # readings that `find` looks through
# Free blocks of flash that readings leave to the journal: else not even the ack that frees some could be noted
KEPT_BLOCKS = const(16)
# Keys of the record
_RESERVED = const(1)  # uint: last reserved number
_ACKNOWLEDGED = const(2)  # uint: last number that the owner has
_SEGMENT = const(3)  # uint: first number of the newest segment


class ReadingLog:
    """Signs and stores readings. Call `load` first. firmware: the version in the claims."""

    prev: bytes | None  # digest of the newest reading
    last: bytes | None  # the newest reading
    _signer: "Signer"
    _segment: "Segment | None"

    def __init__(self, journal: "Journal", store: "Store", clock: "Clock", firmware: str) -> None:
        self._journal = journal
        self._store = store
        self._clock = clock
        self._firmware = firmware
        self._signer = None
        self._segment = None
        self.seq = 0
        self.prev = None
        self.last = None

    def load(self, signer: "Signer") -> None:
        """Find the log's end on flash. Raises StateDamaged unless it agrees with the journal."""
        self._signer = signer
        state = self._state()
        reserved = state[_RESERVED]
        self.seq, self.prev, self.last, self._segment = 0, None, None, None
        names = self.segments()
        newest = segments.name(state[_SEGMENT])
        is_lost = state[_SEGMENT] > 0 and newest not in names
        if self._load_tail(names, newest) or is_lost:
            self._segment = None
            self.seq = reserved
        elif newest in names:
            self.seq = max(self.seq, state[_SEGMENT] - 1)  # it may be empty, and follow numbers that were skipped
        if not reserved - RESERVE <= self.seq <= reserved:
            raise StateDamaged("the reading log does not reach its reserved numbers")

    def _load_tail(self, names: list[str], newest: str) -> bool:
        """Find the last whole reading. Returns whether the newest segment ends in a torn frame."""
        is_torn = False
        for name in reversed(names):
            segment = segments.Segment(self._store, name)
            for raw in segment.messages():
                is_torn = is_torn or (raw is None and name == newest)
                self.last = raw or self.last
            if name > newest and not segment.end:
                self._store.remove(name)  # erased ahead, and the power failed before the journal named it
            if name == newest and not is_torn and segment.restore(self.last if segment.end else None):
                self._segment = segment
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
        return [name for name in self._store.names() if name.startswith(segments.PREFIX)]

    def append(self, quantities: "list[Quantity]", earlier: "Sequence[Sample]" = ()) -> tuple[bytes, bytes]:
        """Sign and store a reading of `quantities`, and of `earlier` samples (see `senml.write_samples`); returns (raw,
        digest). Raises StorageFull, Fault, SensorFailed."""
        if not quantities:
            raise SensorFailed("no sensor gave a value")
        seq = self.seq + 1
        if seq > self._state()[_RESERVED]:
            self._change(_RESERVED, seq + RESERVE - 1)
        now = self._clock.now()
        claims = {
            labels.IAT: now,
            labels.SEQ: seq,
            labels.PREV: self.prev,
            labels.CLOCK_QUALITY: self._clock.quality,
            labels.FIRMWARE: self._firmware,
        }
        records = senml.write_samples(quantities, earlier, now)
        raw, digest = self._signer.sign(labels.READING, records, claims)
        entry = segments.frame(raw)
        if self._segment is None or not self._segment.has_room(len(entry)):
            self._segment = self._begin(seq)
        segment, self._segment = self._segment, None  # after a failed append the next reading starts a new file
        segment.append(entry)
        self._segment = segment
        self.seq, self.prev, self.last = seq, digest, raw
        return raw, digest

    def _begin(self, seq: int) -> "Segment":
        """A new segment, whose first reading is `seq`. Raises StorageFull."""
        free = self._store.free_blocks() - KEPT_BLOCKS
        if free < 0:
            raise StorageFull("the flash has no room for readings: collect and acknowledge some")
        segment = segments.create(self._store, seq, min(segments.BLOCKS_AHEAD, free + 1))
        state = self._state()
        state[_SEGMENT], state[_RESERVED] = seq, seq + RESERVE - 1
        self._journal.put(READINGS_RECORD, state)
        return segment

    def since(self, seq: int, limit: int) -> list[bytes]:
        """Up to `limit` stored readings with a number above `seq`, oldest first, as a list of raw messages."""
        batch = []
        names = self.segments()
        for index, name in enumerate(names):
            if index + 1 < len(names) and segments.first(names[index + 1]) <= seq + 1:
                continue
            for _, raw in self._intact_messages(name, seq + 1):
                batch.append(raw)
                if len(batch) == limit:
                    return batch
        return batch

    def find(self, digest: bytes, seq: int | None = None) -> bytes | None:
        """The stored reading with this digest, or None. seq: its number; without it only the RECENT newest readings
        are looked through."""
        if digest == self.prev:
            return self.last
        if seq is not None:
            found = self.since(seq - 1, 1)
        else:
            found = self.since(self.seq - RECENT, RECENT)
        for raw in reversed(found):
            if cose.digest_of(raw) == digest:
                return raw
        return None

    def _intact_messages(self, name: str, seq: int) -> "Iterator[tuple[int, bytes]]":
        # (number, message) from number `seq` on: numbers rise by one within a segment, whose name has the first. Up to
        # the segment's end or its first damage: a verifier reports the gap, and later segments remain collectable
        number = segments.first(name)
        skipped = max(0, seq - number)
        number += skipped
        try:
            for raw in segments.Segment(self._store, name).messages(skipped):
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
            if segments.first(names[index + 1]) <= seq + 1:
                self._store.remove(name)
