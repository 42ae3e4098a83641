"""Places in a spool: the segment's number and the byte in it, and the files in which consumers keep theirs."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import Usage, cause_of
from ..files import write_whole

SUFFIX: Final = ".bundle"
_SEGMENT: Final = re.compile(r"(\d{10})\.bundle")


class Position(NamedTuple):
    """Everything before it was consumed. segment: from 1; offset: bytes."""

    segment: int = 0
    offset: int = 0


def path_of(folder: Path, segment: int) -> Path:
    """The file of a segment."""
    return folder / f"{segment:010d}{SUFFIX}"


def segments(folder: Path) -> list[int]:
    """The numbers of a spool's segments, oldest first. Raises Usage where the folder cannot be read."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise Usage(f"cannot read {folder}: {cause_of(error)}", remedy="Check its permissions.") from error
    return sorted(int(found[1]) for name in names if (found := _SEGMENT.fullmatch(name)))


def read_position(folder: Path, consumer: str) -> Position:
    """How far a consumer is; at the beginning where nothing is noted, or where it cannot be read: what is consumed
    again changes nothing."""
    try:
        segment, offset = (folder / f"{consumer}.position").read_text("ascii").split()
        return Position(int(segment), int(offset))
    except (OSError, ValueError):
        return Position()


def keep_position(folder: Path, consumer: str, position: Position) -> None:
    """Note how far a consumer is, on disk. Raises Usage where the disk refuses it."""
    path = folder / f"{consumer}.position"
    try:
        write_whole(path, f"{position.segment} {position.offset}\n".encode())
    except OSError as error:
        raise Usage(f"cannot write {path}: {cause_of(error)}", remedy="Free some space.") from error
