"""The message of a factory: factory-record.

Source: firmware/schema/sealwright.cddl, rule `made`. Digests are 32 bytes; times are unix seconds, UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from .. import labels
from ..cbor import Value
from ..keys import PublicKey
from .cose_key import CNF
from .schema import HASH, TEXT, UINT, Bytes, MapOf, Nullable, Rule, Struct, Unsigned, at

_CODE: Final = Unsigned(0, 255)


class _Outcome(Rule):
    """`outcome` of a self-test: true, or the code of what failed."""

    def parse(self, value: Value) -> bool | int:
        return True if value is True else _CODE.parse(value)


@dataclass(frozen=True, slots=True)
class Chip:
    """The chip that keeps a device's key, as it signed it: serial number 9 bytes, revision 4, SHA-256 of its
    configuration, the key it signs with (X || Y). by_maker: whether its maker certified that key."""

    serial: bytes = field(metadata=at(1, Bytes(9)))
    revision: bytes = field(metadata=at(2, Bytes(4)))
    config: bytes = field(metadata=at(3, HASH))
    attestation: bytes = field(metadata=at(4, Bytes(64)))
    by_maker: int = field(metadata=at(5, Unsigned(0, 1)))


@dataclass(frozen=True, slots=True)
class FactoryRecord:
    """An issuer's word on how a device left its bench. `seq` rises by one, `prev` is the digest of its record before,
    None for its very first. maker: who made it ready. selftest: part -> True, or the code of what failed. chip: what
    custody 2 was certified on."""

    TYPE: ClassVar[int] = labels.FACTORY_RECORD
    NAME: ClassVar[str] = "factory-record"

    maker: str = field(metadata=at(labels.ISS, TEXT))
    name: str = field(metadata=at(labels.SUB, TEXT))
    made_at: int = field(metadata=at(labels.IAT, UINT))
    key: PublicKey = field(metadata=at(labels.CNF, CNF))
    ueid: bytes = field(metadata=at(labels.UEID, Bytes(33)))
    custody: int = field(metadata=at(labels.CUSTODY, Unsigned(0, 2)))
    model: str = field(metadata=at(labels.MODEL, TEXT))
    seq: int = field(metadata=at(labels.SEQ, UINT))
    prev: bytes | None = field(metadata=at(labels.PREV, Nullable(HASH)))
    firmware: str = field(metadata=at(labels.FIRMWARE, TEXT))
    selftest: Mapping[str, bool | int] = field(metadata=at(labels.SELFTEST, MapOf(_Outcome())))
    certificate: bytes = field(metadata=at(labels.CERTIFICATE_DIGEST, HASH))
    chip: Chip | None = field(default=None, metadata=at(labels.CHIP, Struct(Chip)))
