"""The message of an update: firmware.

Source: firmware/schema/sealwright.cddl, rule for rule.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from .. import labels
from ..cbor import Value
from ..errors import Malformed
from .schema import HASH, TEXT, UINT, ListOf, Rule, Unsigned, at

_SIZE: Final = Unsigned(1, labels.MAX_UINT)


class FirmwareFile(NamedTuple):
    """A file of a firmware slot: its path there, its size in bytes, and its SHA-256."""

    path: str
    size: int
    digest: bytes


class _FileRule(Rule):
    """`[path, size, sha256]`."""

    def parse(self, value: Value) -> FirmwareFile:
        if not isinstance(value, list) or len(value) != 3:
            raise Malformed("not an array of three")
        return FirmwareFile(TEXT.parse(value[0]), _SIZE.parse(value[1]), HASH.parse(value[2]))

    def dump(self, value: FirmwareFile) -> Value:
        return [value.path, value.size, value.digest]


@dataclass(frozen=True, slots=True)
class Firmware:
    """The owner's word on what a board of `model` may run: every file of `version`, a number that only rises. name:
    what people call the version; arch: the native architecture of its .mpy files."""

    TYPE: ClassVar[int] = labels.FIRMWARE_UPDATE
    NAME: ClassVar[str] = "firmware"

    model: str = field(metadata=at(1, TEXT))
    version: int = field(metadata=at(2, UINT))
    name: str = field(metadata=at(3, TEXT))
    arch: str = field(metadata=at(4, TEXT))
    files: tuple[FirmwareFile, ...] = field(metadata=at(5, ListOf(_FileRule())))
