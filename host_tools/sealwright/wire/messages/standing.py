"""The standing of a device: status, revocation, rotation.

Source: firmware/schema/sealwright.cddl, rules `stat`, `revo` and `rota`. Device ids, digests and nonces are 32 bytes;
times are unix seconds, UTC.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from ..keys import PublicKey
from .cose_key import CNF
from .ownership import OWNED, Owned
from .schema import HASH, TEXT, UINT, Nullable, Unsigned, at


@dataclass(frozen=True, slots=True)
class Status:
    """A device's answer to the host's nonce: its last command, and the end of its log. `reading` is the digest of its
    last reading, None before the first. clock_quality: 0 to 3, as a reading's. owned: after a transfer. acknowledged:
    the last reading that its owner had it forget, 0 for none; None of older firmware."""

    TYPE: ClassVar[int] = labels.STATUS
    NAME: ClassVar[str] = "status"

    device: bytes = field(metadata=at(1, HASH))
    nonce: bytes = field(metadata=at(labels.NONCE, HASH))
    command_seq: int = field(metadata=at(2, UINT))
    reading_seq: int = field(metadata=at(3, UINT))
    reading: bytes | None = field(metadata=at(4, Nullable(HASH)))
    signed_at: int = field(metadata=at(labels.IAT, UINT))
    clock_quality: int = field(metadata=at(labels.CLOCK_QUALITY, Unsigned(0, 3)))
    firmware: str = field(metadata=at(labels.FIRMWARE, TEXT))
    owned: Owned | None = field(default=None, metadata=at(5, OWNED))
    acknowledged: int | None = field(default=None, metadata=at(7, UINT))


@dataclass(frozen=True, slots=True)
class Revocation:
    """The issuer takes back its certificates for `device`, as of `revoked_from`. reason: `labels.REASON_*`, 0 to 4."""

    TYPE: ClassVar[int] = labels.REVOCATION
    NAME: ClassVar[str] = "revocation"

    device: bytes = field(metadata=at(1, HASH))
    reason: int = field(metadata=at(2, Unsigned(labels.REASON_NONE, labels.REASON_MISUSED)))
    revoked_from: int = field(metadata=at(labels.IAT, UINT))


@dataclass(frozen=True, slots=True)
class Rotation:
    """The device's old key names its new one, which signs the device's next message. `generation`: 1 for the first;
    rises by one. seq, prev: number and digest of the last reading that the old key signed, None where there is none."""

    TYPE: ClassVar[int] = labels.ROTATION
    NAME: ClassVar[str] = "rotation"

    device: bytes = field(metadata=at(1, HASH))
    key: PublicKey = field(metadata=at(labels.CNF, CNF))
    rotated_at: int = field(metadata=at(labels.IAT, UINT))
    generation: int = field(metadata=at(2, UINT))
    seq: int | None = field(default=None, metadata=at(labels.SEQ, UINT))
    prev: bytes | None = field(default=None, metadata=at(labels.PREV, HASH))
