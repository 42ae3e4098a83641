"""The spool between intake and those who use what it took: numbered segments, each a bundle that checks by itself.

Purpose: what is in it may be acknowledged. `Spool.add` returns when its messages are on disk; a device or a broker may
forget them then. Each consumer keeps a position of its own and works at its own pace; a segment goes once all have
passed it. All that is done with a message is idempotent by its digest, so a consumer that was killed takes its last
batch again.

Crashes: the writer begins a new segment whenever it starts, and never writes on where another process stopped; what is
half a message at the end of an older segment was never acknowledged, and is cut off. So a position beyond the end of
its segment, which a power cut may leave, misses nothing.

Limits: one writer, which holds the lock of its part. `most` bytes in all: beyond it `room` is 0, and intake waits. Each
segment repeats the certificates of its messages' signers, some KB for each device.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import Malformed, Usage, cause_of
from ..files import sync_folder
from ..wire.sequence import item_end
from .positions import Position, path_of, read_position, segments

CONSUMERS: Final = ("settle", "readings")
SEGMENT_BYTES: Final = 4 << 20
MOST_BYTES: Final = 64 << 20
LEAST_FREE: Final = 64 << 20  # bytes of the disk that are left to the ledger and the store
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SpoolFull(Usage):
    """The disk has no room for the next message; nothing of it was acknowledged."""

    code = "disk_full"
    remedy = "Free some space: the hub goes on by itself."


class Spool:
    """The writer's side. segment: bytes after which a segment is closed; most: bytes of all. Raises Usage."""

    def __init__(self, folder: Path, *, segment: int = SEGMENT_BYTES, most: int = MOST_BYTES) -> None:
        self._folder, self._segment_bytes, self._most = folder, min(segment, most // 4), most
        self._handle: int | None = None
        self._written = 0
        self._known: set[bytes] = set()  # digests of the certificates in the segment that is open
        self._sizes = {number: _mend(path_of(folder, number)) for number in segments(folder)}
        last = max(self._sizes, default=0)
        self._number = max([last, *(read_position(folder, one).segment for one in CONSUMERS)])

    @property
    def size(self) -> int:
        """Bytes of all segments that are there."""
        return sum(self._sizes.values())

    @property
    def room(self) -> int:
        """Bytes that it still takes, 0 where consumers have to go on first. One call of `add` may exceed it."""
        return max(0, self._most - self.size)

    @property
    def disk_is_full(self) -> bool:
        """Whether the disk has too little left for those who consume."""
        try:
            return shutil.disk_usage(self._folder).free < min(LEAST_FREE, self._most)
        except OSError:
            return True

    def add(self, messages: Iterable[bytes], support: Mapping[bytes, bytes]) -> None:
        """Return when these messages are on disk, in this order. support: what certifies their signers, by digest,
        issuers first; it is written before them where this segment has not had it.

        Raises SpoolFull, and Usage where the disk refuses them otherwise: then none of them is there."""
        new = {digest: raw for digest, raw in support.items() if digest not in self._known}
        data = b"".join([*new.values(), *messages])
        if not data:
            return
        try:
            if self._handle is None:
                self._begin()
                data = b"".join([*support.values(), *messages])
                new = dict(support)
            self._write(data)
        except OSError as error:
            self._give_up()
            error_of = SpoolFull if error.errno in _FULL else Usage
            raise error_of(f"cannot write the spool {self._folder}: {cause_of(error)}") from error
        self._known.update(new)
        if self._written >= self._segment_bytes:
            self.close()

    def trim(self) -> int:
        """Remove the segments that all consumers have passed; how many. A full spool closes the one that is open, which
        else would never go. Raises Usage."""
        if not self.room:
            self.close()
        passed = min(read_position(self._folder, one) for one in CONSUMERS).segment
        gone = [number for number in self._sizes if number < passed or (number == passed and self._is_done(number))]
        for number in gone:
            try:
                path_of(self._folder, number).unlink(missing_ok=True)
            except OSError as error:
                raise Usage(f"cannot remove a segment of {self._folder}: {cause_of(error)}") from error
            del self._sizes[number]
        return len(gone)

    def _is_done(self, number: int) -> bool:
        """Whether a segment that is closed was consumed to its end."""
        closed = self._handle is None or number != self._number
        return closed and all(
            read_position(self._folder, one) >= Position(number, self._sizes[number]) for one in CONSUMERS
        )

    def close(self) -> None:
        """Close the segment that is open; the next message begins another."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._known, self._written = None, set(), 0

    def _begin(self) -> None:
        self._number += 1
        path = path_of(self._folder, self._number)
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._sizes[self._number] = 0
        sync_folder(self._folder)

    def _write(self, data: bytes) -> None:
        assert self._handle is not None
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        os.fsync(self._handle)
        self._written += len(data)
        self._sizes[self._number] = self._written

    def _give_up(self) -> None:
        """Cut off what was not confirmed, and write no further here: nobody knows what a failed flush left."""
        if self._handle is not None:
            with suppress(OSError):
                os.ftruncate(self._handle, self._written)
        self.close()


def _mend(path: Path) -> int:
    """Cut off half a message at the end of a segment; the bytes that are left. Raises Usage."""
    try:
        data = path.read_bytes()
        end = whole(data)
        if end < len(data):
            os.truncate(path, end)
        return end
    except OSError as error:
        raise Usage(f"cannot read {path}: {cause_of(error)}", remedy="Check its permissions.") from error


def whole(data: bytes, start: int = 0) -> int:
    """Where the last whole message ends that begins after `start`, which is a beginning. A file that a power cut left
    with blank bytes has no message there."""
    at = start
    with suppress(Malformed):
        while data.startswith(_MESSAGE, at) and (end := item_end(data, at)) is not None:
            at = end
    return at


_MESSAGE: Final = b"\xd2"  # the tag of a COSE_Sign1
