"""What is kept of a log's entries, by their numbers: in memory the newest of each log, the others in a file.

A device's readings are a log, and so are the vouchers of a lane. Of an entry a record is kept: a digest, or more.
Limits: a run of numbers that came one after the other, either way, takes 24 bytes of memory, however long it is; in a
log out of order each number may take as much. Where tens of thousands of logs come in turn, a run is 8 numbers.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Final

_IN_MEMORY: Final = 1 << 18  # bytes of the shelf
_WAITING: Final = 1 << 17  # records that wait for the shelf, of all logs together
_LEAST, _MOST = 8, 128  # of one log


class Shelf:
    """Records of many logs in a file that is gone with its last reference, in memory while there are few.

    size: bytes of a record. block: records of a log that may wait, so many less as there are more logs.
    """

    def __init__(self, size: int = 32) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with the last reference
        self._count, self._at_end, self._logs = 0, True, 0
        self.size, self.block = size, _MOST

    def join(self) -> None:
        """Count one more log."""
        self._logs += 1
        self.block = min(_MOST, max(_LEAST, _WAITING // self._logs))

    def put(self, records: bytes | bytearray) -> int:
        """Keep records; the place of the first one, counted in records."""
        if not self._at_end:
            self._file.seek(self._count * self.size)
            self._at_end = True
        self._file.write(records)
        place, self._count = self._count, self._count + len(records) // self.size
        return place

    def get(self, place: int) -> bytes:
        """The record in this place."""
        self._file.seek(place * self.size)
        self._at_end = False
        return self._file.read(self.size)


class Runs:
    """Where records of a log are on the shelf: for numbers that follow each other there, the first and the last, and
    the place of the first."""

    __slots__ = ("_lasts", "_places", "_starts")

    def __init__(self) -> None:
        self._starts, self._lasts, self._places = array("Q"), array("Q"), array("Q")

    def find(self, seq: int) -> int | None:
        """The place of the record of this number."""
        at = bisect_right(self._starts, seq) - 1
        return self._places[at] + seq - self._starts[at] if at >= 0 and seq <= self._lasts[at] else None

    def add(self, start: int, last: int, place: int) -> None:
        """Note the place of records, all of whose numbers are new."""
        at = bisect_right(self._starts, start)
        if at and self._lasts[at - 1] + 1 == start and self._places[at - 1] + start - self._starts[at - 1] == place:
            self._lasts[at - 1] = last  # right behind those before it, on the shelf too
            return
        self._starts.insert(at, start)
        self._lasts.insert(at, last)
        self._places.insert(at, place)


class Entries:
    """The first entry of each number of one log. `end`: the number after the newest. shelf: of one log, or of many."""

    __slots__ = ("_late", "_records", "_runs", "_shelf", "_start", "end")

    def __init__(self, shelf: Shelf) -> None:
        shelf.join()
        self._shelf = shelf
        self._start = self.end = 0
        self._records = bytearray()  # of the numbers from _start up to end
        self._runs: Runs | None = None  # most lanes of a city have few vouchers, and none on the shelf
        self._late: dict[int, bytes] | None = None  # of those that came after a later one, and fill gaps

    def get(self, seq: int) -> bytes | None:
        """The record of the entry with this number."""
        if seq >= self._start:
            offset = (seq - self._start) * self._shelf.size
            return bytes(self._records[offset : offset + self._shelf.size]) or None
        place = None if self._runs is None else self._runs.find(seq)
        if place is not None:
            return self._shelf.get(place)
        return None if self._late is None else self._late.get(seq)

    def add(self, seq: int, record: bytes) -> None:
        """Note an entry; one whose number is taken changes nothing."""
        if seq == self.end:
            self.extend((record,))
        elif seq > self.end:
            self._shelve()
            self._start, self.end, self._records = seq, seq + 1, bytearray(record)
        elif self.get(seq) is None:
            self._late = {} if self._late is None else self._late
            self._late[seq] = record
            if len(self._late) > 2 * self._shelf.block:
                self._shelve_late(self._late)

    def extend(self, records: Iterable[bytes]) -> None:
        """Note the entries with the numbers from `end` on."""
        size, before = self._shelf.size, len(self._records)
        self._records += b"".join(records)
        self.end += (len(self._records) - before) // size
        if len(self._records) >= self._shelf.block * size:
            self._shelve()
            self._start, self._records = self.end, bytearray()

    def _shelve(self) -> None:
        if self._records:
            self._put(self._start, self._records)

    def _shelve_late(self, late: dict[int, bytes]) -> None:
        self._late, records = None, bytearray()
        start = min(late)
        for seq in sorted(late):
            if seq != start + len(records) // self._shelf.size:
                self._put(start, records)
                start, records = seq, bytearray()
            records += late[seq]
        self._put(start, records)

    def _put(self, start: int, records: bytearray) -> None:
        """Put records of numbers that follow each other on the shelf."""
        self._runs = Runs() if self._runs is None else self._runs
        self._runs.add(start, start + len(records) // self._shelf.size - 1, self._shelf.put(records))
