"""What a device measured: readings of SenML records.

Source: firmware/schema/sealwright.cddl; RFC 8428 section 6 for SenML in CBOR. Times are unix seconds, UTC.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from .decimals import Number
from .schema import BOOL, BYTES, HASH, NUMBER, TEXT, UINT, Nullable, Unsigned, at


@dataclass(frozen=True, slots=True)
class Record:
    """One SenML record (RFC 8428 section 4): base values hold for those after it too."""

    base_name: str | None = field(default=None, metadata=at(-2, TEXT))
    base_time: Number | None = field(default=None, metadata=at(-3, NUMBER))
    base_unit: str | None = field(default=None, metadata=at(-4, TEXT))
    name: str | None = field(default=None, metadata=at(0, TEXT))
    unit: str | None = field(default=None, metadata=at(1, TEXT))
    value: Number | None = field(default=None, metadata=at(2, NUMBER))
    text: str | None = field(default=None, metadata=at(3, TEXT))
    flag: bool | None = field(default=None, metadata=at(4, BOOL))
    data: bytes | None = field(default=None, metadata=at(8, BYTES))
    time: Number | None = field(default=None, metadata=at(6, NUMBER))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device measured. `prev` is the digest of its reading before, None for its very first."""

    TYPE: ClassVar[int] = labels.READING
    NAME: ClassVar[str] = "reading"

    sampled_at: int = field(metadata=at(labels.IAT, UINT))
    seq: int = field(metadata=at(labels.SEQ, UINT))
    prev: bytes | None = field(metadata=at(labels.PREV, Nullable(HASH)))
    clock_quality: int = field(metadata=at(labels.CLOCK_QUALITY, Unsigned(0, 3)))
    firmware: str = field(metadata=at(labels.FIRMWARE, TEXT))
    records: tuple[Record, ...]
