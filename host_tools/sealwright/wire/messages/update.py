"""The message of an update: firmware.

Source: firmware/schema/sealwright.cddl, rule for rule.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from .. import labels
from .row import Row
from .schema import HASH, TEXT, UINT, ListOf, Unsigned, at


class FirmwareFile(NamedTuple):
    """A file of a firmware slot: its path there, its size in bytes, and its SHA-256."""

    path: str
    size: int
    digest: bytes


_FILE: Final = Row(FirmwareFile, TEXT, Unsigned(1, labels.MAX_UINT), HASH)


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
    files: tuple[FirmwareFile, ...] = field(metadata=at(5, ListOf(_FILE)))
