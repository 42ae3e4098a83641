"""The digests of a log's entries by their numbers, 32 bytes each where the numbers follow each other.

Limits: an entry whose number is below the newest and was not there before takes as much as a row of a dict.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

_SIZE: Final = 32  # bytes of a digest


class Entries:
    """The first entry of each number of one log. `end`: the number after the newest."""

    __slots__ = ("_digests", "_rest", "_start", "_starts", "_stretches", "end")

    def __init__(self) -> None:
        self._start = self.end = 0
        self._digests = bytearray()  # of the numbers from _start up to end
        self._starts: list[int] = []  # of what came before a gap
        self._stretches: list[bytearray] = []
        self._rest: dict[int, bytes] = {}

    def get(self, seq: int) -> bytes | None:
        """The digest of the entry with this number."""
        start, digests = self._start, self._digests
        if seq < start and self._starts:
            at = max(0, bisect_right(self._starts, seq) - 1)
            start, digests = self._starts[at], self._stretches[at]
        offset = (seq - start) * _SIZE
        if 0 <= offset < len(digests):
            return bytes(digests[offset : offset + _SIZE])
        return self._rest.get(seq)

    def add(self, seq: int, digest: bytes) -> None:
        """Note an entry; one whose number is taken changes nothing."""
        if seq == self.end and self._digests:
            self.extend((digest,))
        elif seq >= self.end:
            if self._digests:
                self._starts.append(self._start)
                self._stretches.append(self._digests)
            self._start, self.end, self._digests = seq, seq + 1, bytearray(digest)
        elif self.get(seq) is None:
            self._rest[seq] = digest

    def extend(self, digests: Iterable[bytes]) -> None:
        """Note the entries with the numbers from `end` on, where there is an entry before them."""
        before = len(self._digests)
        self._digests += b"".join(digests)
        self.end += (len(self._digests) - before) // _SIZE
