"""The gap-proof log of signed readings: `seq` rises by one, `prev` is the digest before it.

A reading is signed when it is sampled and is on flash before anyone gets it. It waits there until acknowledged.

Segment files `r-<first seq>` hold frames [length u16 | message | CRC-32 of both]. The journal record "readings" says
up to which number was reserved, in blocks, and in which segment the log ends, so that a lost end never leads to a
number being used twice: after a torn last frame, or a last segment that is not there, the device goes on past the
reserved block, which a verifier reports as the gap it is. Any other damage of the newest segment locks the log.
"""

import struct

from . import cbor, cose, labels
from .compat import const, crc32
from .errors import SensorFailed, StateDamaged
from .records import READINGS_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator
    from .cose import Message, Signer
    from .journal import Journal
    from .ports import Claims, Clock, Item, Quantity, Record, Store

RESERVE = const(16)
SEGMENT_BYTES = const(3800)  # one 4 KB flash block less its bookkeeping
_PREFIX = "r-"
_RESERVED = const(1)
_ACKNOWLEDGED = const(2)
_SEGMENT = const(3)  # first number of the newest segment


def senml(quantities: "list[Quantity]") -> "list[Claims]":
    """SenML records (RFC 8428) of sensor quantities [(name, unit, exponent, mantissa), ...]."""
    records = []
    for name, unit, exponent, mantissa in quantities:
        value = cbor.Tag(4, [exponent, mantissa]) if exponent else mantissa
        records.append({labels.SENML_NAME: name, labels.SENML_UNIT: unit, labels.SENML_VALUE: value})
    return records


def count(message: "Message", unit: str) -> int | None:
    """The whole number that a reading's Message gives in `unit` (its first record in it), or None where it has none."""
    for record in message.payload:
        if record.get(labels.SENML_UNIT) == unit:
            value = record.get(labels.SENML_VALUE)
            return value if isinstance(value, int) else None
    return None


def summary(message: "Message") -> "list[list[Item]]":
    """[[name, unit, exponent, mantissa], ...] of a reading's numbers, for a person to look at."""
    rows = []
    for record in message.payload:
        value = record.get(labels.SENML_VALUE)
        exponent, mantissa = value.value if isinstance(value, cbor.Tag) else (0, value)
        rows.append([record.get(labels.SENML_NAME, ""), record.get(labels.SENML_UNIT, ""), exponent, mantissa])
    return rows


def frame(raw: bytes) -> bytes:
    """One segment frame."""
    body = struct.pack(">H", len(raw)) + raw
    return body + struct.pack(">I", crc32(body))


def frames(data: bytes) -> "Iterator[bytes | None]":
    """The messages in a segment's bytes, in order; a torn last frame comes out as None. Raises StateDamaged."""
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
    """Signs readings and keeps them. `load` first.

    journal: Journal; store: port Store; clock: port Clock; firmware: text for the claim. The signer comes with `load`.
    """

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
        """Find the log's end on flash. Raises StateDamaged when it is not where the journal says it must be."""
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
        """Find the last whole reading; True when the newest segment ends in a torn one."""
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
        """The highest seq the owner has said is safe elsewhere."""
        return self._state()[_ACKNOWLEDGED]

    def last_message(self) -> "Message | None":
        """The Message of the newest reading, or None."""
        return cose.parse(self.last, labels.READING) if self.last else None

    def segments(self) -> list[str]:
        """Names of the segment files, oldest first."""
        return [name for name in self._store.names() if name.startswith(_PREFIX)]

    def append(self, quantities: "list[Quantity]") -> tuple[bytes, bytes]:
        """Sign a reading of `quantities` and keep it; returns (raw, digest). Raises StorageFull, Fault,
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
        raw, digest = self._signer.sign(labels.READING, senml(quantities), claims)
        entry = frame(raw)
        if self._segment is None or self._segment_size + len(entry) > SEGMENT_BYTES:
            self._change(_SEGMENT, seq)
            self._segment, self._segment_size = _name(seq), 0
        segment, self._segment = self._segment, None  # after a failed append the next one begins a new file
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
            for raw in self._intact_messages(name):
                if cose.parse(raw).header[labels.CWT_CLAIMS][labels.SEQ] > seq:
                    batch.append(raw)
                    if len(batch) == limit:
                        return batch
        return batch

    def find(self, digest: bytes) -> bytes | None:
        """The stored reading with this digest, or None once it has been pruned."""
        for name in reversed(self.segments()):
            for raw in self._intact_messages(name):
                if cose.parse(raw).digest == digest:
                    return raw
        return None

    def _intact_messages(self, name: str) -> "Iterator[bytes]":
        # up to where the segment ends or is damaged: what is lost there, a verifier sees as a gap, and the readings
        # that came after it in other segments can still be collected
        try:
            for raw in frames(self._store.read(name)):
                if raw is None:
                    return
                yield raw
        except StateDamaged:
            return

    def acknowledge(self, seq: int) -> None:
        """The owner has readings up to `seq`: prune whole segments below. The newest stays: it is the log's end."""
        seq = min(seq, self.seq)
        if seq > self.acknowledged:
            self._change(_ACKNOWLEDGED, seq)
        names = self.segments()
        for index, name in enumerate(names[:-1]):
            if _first(names[index + 1]) <= seq + 1:
                self._store.remove(name)


def _name(first: int) -> str:
    return "%s%08x" % (_PREFIX, first)


def _first(name: str) -> int:
    return int(name[len(_PREFIX) :], 16)
