"""The digests of a log's entries by their numbers: in memory a few of each log, the others in a file.

Limits: numbers that follow each other and came one after the other, either way, take 24 bytes of memory, however many
they are; in a log out of order each may take as much.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Final

_SIZE: Final = 32  # bytes of a digest
_IN_MEMORY: Final = 1 << 18  # bytes of the shelf
_BLOCK: Final = 128  # digests of a log that wait for the shelf
_LATE: Final = 256  # of those that came after a later one, and fill gaps


class Shelf:
    """Digests in a file that is gone with its last reference, in memory while there are few."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with the last reference
        self._count, self._at_end = 0, True

    def put(self, digests: bytes | bytearray) -> int:
        """Keep digests; the place of the first one, counted in digests."""
        if not self._at_end:
            self._file.seek(self._count * _SIZE)
            self._at_end = True
        self._file.write(digests)
        place, self._count = self._count, self._count + len(digests) // _SIZE
        return place

    def get(self, place: int) -> bytes:
        """The digest in this place."""
        self._file.seek(place * _SIZE)
        self._at_end = False
        return self._file.read(_SIZE)


class Entries:
    """The first entry of each number of one log. `end`: the number after the newest. shelf: of one log, or of many."""

    __slots__ = ("_digests", "_lasts", "_late", "_places", "_shelf", "_start", "_starts", "end")

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._start = self.end = 0
        self._digests = bytearray()  # of the numbers from _start up to end
        # what is on the shelf, by numbers that follow each other: the first, the last, and the place of the first
        self._starts, self._lasts, self._places = array("Q"), array("Q"), array("Q")
        self._late: dict[int, bytes] = {}

    def get(self, seq: int) -> bytes | None:
        """The digest of the entry with this number."""
        if seq >= self._start:
            offset = (seq - self._start) * _SIZE
            return bytes(self._digests[offset : offset + _SIZE]) or None
        at = bisect_right(self._starts, seq) - 1
        if at >= 0 and seq <= self._lasts[at]:
            return self._shelf.get(self._places[at] + seq - self._starts[at])
        return self._late.get(seq)

    def add(self, seq: int, digest: bytes) -> None:
        """Note an entry; one whose number is taken changes nothing."""
        if seq == self.end:
            self.extend((digest,))
        elif seq > self.end:
            self._shelve()
            self._start, self.end, self._digests = seq, seq + 1, bytearray(digest)
        elif self.get(seq) is None:
            self._late[seq] = digest
            if len(self._late) > _LATE:
                self._shelve_late()

    def extend(self, digests: Iterable[bytes]) -> None:
        """Note the entries with the numbers from `end` on."""
        before = len(self._digests)
        self._digests += b"".join(digests)
        self.end += (len(self._digests) - before) // _SIZE
        if len(self._digests) >= _BLOCK * _SIZE:
            self._shelve()
            self._start, self._digests = self.end, bytearray()

    def _shelve(self) -> None:
        if self._digests:
            self._put(self._start, self._digests)

    def _shelve_late(self) -> None:
        late, self._late = sorted(self._late.items()), {}
        start, digests = late[0][0], bytearray()
        for seq, digest in late:
            if seq != start + len(digests) // _SIZE:
                self._put(start, digests)
                start, digests = seq, bytearray()
            digests += digest
        self._put(start, digests)

    def _put(self, start: int, digests: bytearray) -> None:
        """Put digests of numbers that follow each other on the shelf."""
        place, last = self._shelf.put(digests), start + len(digests) // _SIZE - 1
        at = bisect_right(self._starts, start)
        if at and self._lasts[at - 1] + 1 == start and self._places[at - 1] + start - self._starts[at - 1] == place:
            self._lasts[at - 1] = last  # right behind those before it, on the shelf too
            return
        self._starts.insert(at, start)
        self._lasts.insert(at, last)
        self._places.insert(at, place)
