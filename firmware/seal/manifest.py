"""A firmware message (type 65011) on flash, read through a window: its list of files has no place in a board's memory.

What `messages.parse` checks of such a message is checked here, with the same codes and two more limits: no item of
its payload but the list of files exceeds WINDOW bytes, and the list has up to MAX_FILES entries.
"""

import hashlib
import os

from . import cbor, cose, labels
from .compat import const
from .errors import Malformed, NotDeterministic
from .messages import FIRMWARE_UPDATE, is_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator
    from .ports import Claims, Item

    Span = tuple[int, int, int]  # of a byte string: its head, its content, its end

WINDOW = const(512)
MAX_FILES = const(253)  # four items for each, and five keys with their values: what cbor.MAX_ITEMS allows


class Manifest:
    """The message in the file `path`. Raises OSError, and Malformed, NotDeterministic, WrongType for a bad envelope.

    digest: of the message. signature: 64 bytes, to be checked by the caller. count: of its files, after `check`.
    """

    def __init__(self, path: str) -> None:
        self.path = path  # changes with the file's name
        self.count = 0
        self._window, self._start = b"", 0
        self._end = os.stat(path)[6]  # of the items that may be read: of the envelope, then of the payload
        header, payload, signature = self._envelope()
        self._header, self._payload = header[1:], payload[1:]
        self.signature = self._bytes(*signature[1:])
        hasher = hashlib.sha256(cose.CONTEXT)
        self._hash(hasher, header[0], header[2])
        hasher.update(b"\x40")
        self._hash(hasher, payload[0], payload[2])
        self.digest = hasher.digest()
        self._first = self._at = 0  # where the first file is, and the one that was read last
        self._index = 0  # of that one

    def check(self) -> "Claims":
        """Header and payload against the schema; the claims but for the list of files."""
        cose.read_header(self._bytes(*self._header), labels.FIRMWARE_UPDATE)
        at, self._end = self._payload
        self._window = b""  # which may have bytes beyond that end
        major, count, at = self._head(at)
        if major != 5 or 2 * count > self._end - at:
            self._item(self._payload[0])  # its own fault goes first
            raise Malformed("not a map")
        claims, is_good, previous = {}, True, b""
        for _ in range(count):
            key, at = self._item(at)
            previous = _rising(key, previous)
            if key == labels.FIRMWARE_FILES and self._head(at)[0] == 4:
                fits, at = self._check_files(at)
                claims[key] = None
            else:
                value, at = self._item(at)
                claims[key] = value
                fits = key in FIRMWARE_UPDATE and FIRMWARE_UPDATE[key][1](value)
            is_good = is_good and fits  # a fault of the encoding, further on, would go first
        if at != self._end:
            raise Malformed("bytes after the payload")
        if not is_good or len(claims) != len(FIRMWARE_UPDATE):
            raise Malformed("not what the schema has for a firmware message")
        return claims

    def files(self) -> "Iterator[list[Item]]":
        """[path, bytes, SHA-256] of each file. After `check`."""
        at = self._first
        for _ in range(self.count):
            file, at = self._item(at)
            yield file

    def file(self, index: int) -> "list[Item]":
        """The same of one file: without a search if it is the one after the last."""
        if index < self._index:
            self._index, self._at = 0, self._first
        while True:
            file, end = self._item(self._at)
            if self._index == index:
                return file
            self._index, self._at = self._index + 1, end

    def _envelope(self) -> "tuple[Span, Span, Span]":
        """Protected header, payload and signature. The faults of the encoding go first, as in `cose.parse`."""
        at = 0
        for wanted in ((6, 18), (4, 4)):
            major, number, end = self._head(at)
            if (major, number) != wanted:
                self._item(0)
                raise Malformed("not a tagged COSE_Sign1 of four parts")
            at = end
        parts = []
        for _ in range(4):
            start = at
            major, number, at = self._head(at)
            if major == 2:
                parts.append((start, at, at + number))
                at += number
                if at > self._end:
                    raise Malformed("string longer than the input")
            else:
                value, at = self._item(start)
                parts.append(value)
        if at != self._end:
            raise Malformed("bytes after the message")
        unprotected = parts.pop(1)
        if not isinstance(unprotected, dict) or unprotected or not all(isinstance(part, tuple) for part in parts):
            raise Malformed("byte strings, and an empty map, make a COSE_Sign1")
        if parts[2][2] - parts[2][1] != 64:
            raise Malformed("an ES256 signature has 64 bytes")
        return parts[0], parts[1], parts[2]

    def _check_files(self, at: int) -> tuple[bool, int]:
        """(whether the list of files at `at` fits the schema, the offset after it)."""
        _, count, at = self._head(at)
        if count > MAX_FILES:
            raise Malformed("more than %d files" % MAX_FILES)
        self.count, self._first, self._at, self._index = count, at, at, 0
        fits = count > 0
        for _ in range(count):
            value, at = self._item(at)
            fits = fits and is_file(value)
        return fits, at

    def _item(self, at: int) -> "tuple[Item, int]":
        """(the item at `at`, the offset after it)."""
        if self._start <= at < self._start + len(self._window):
            try:
                return self._decode(at)
            except Malformed:
                pass  # as it may be where the window ends
        self._load(at)
        return self._decode(at)

    def _decode(self, at: int) -> "tuple[Item, int]":
        value, end = cbor.decode_prefix(self._window, at - self._start)
        if self._start + end > self._end:
            raise Malformed("ends early")
        return value, self._start + end

    def _head(self, at: int) -> tuple[int, int, int]:
        """(major type, argument, the offset after the head) of the item at `at`."""
        if not self._start <= at <= self._start + len(self._window) - 9:
            self._load(at)
        if at >= self._end:
            raise Malformed("ends early")
        begin = at - self._start
        major, number, end = self._window[begin] >> 5, self._window[begin] & 31, begin + 1
        if number > 23:
            number, end = cbor.argument(self._window, end, major, number)
        return major, number, self._start + end

    def _load(self, at: int) -> None:
        self._window, self._start = self._bytes(at, min(at + WINDOW, self._end)), at

    def _bytes(self, start: int, end: int) -> bytes:
        if end - start > WINDOW:
            raise Malformed("an item of more than %d bytes" % WINDOW)
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read(max(end - start, 0))

    def _hash(self, hasher: "Any", start: int, end: int) -> None:
        with open(self.path, "rb") as file:
            file.seek(start)
            while start < end:
                piece = file.read(min(WINDOW, end - start))
                if not piece:
                    raise OSError(5)  # the file is shorter than it was
                hasher.update(piece)
                start += len(piece)


def _rising(key: "Item", previous: bytes) -> bytes:
    """The encoding of a map's key. Raises Malformed, or NotDeterministic unless it comes after `previous`."""
    if not isinstance(key, (int, str, bytes)) or key is True or key is False:
        raise Malformed("map key is neither integer nor string")
    raw = cbor.encode(key)
    if raw <= previous:
        raise NotDeterministic("map keys out of order")
    return raw
