"""Where the items of a CBOR sequence end (RFC 8742), in a buffer that may hold only part of one.

This takes any well-formed CBOR (RFC 8949 section 3), in whatever form, so that one bad message does not hide
those after it: what a message may be is `cbor.decode`'s to say. Limits: cbor.MAX_SIZE bytes an item,
MAX_NESTING levels.
"""

from typing import Final

from ..errors import Malformed
from . import cbor

MAX_NESTING: Final = 64  # deeper than any message, so that it is the message's own check that says why
_BREAK: Final = 0xFF
_SIGN1: Final = b"\xd2\x84"  # tag 18, an array of four
_ONE_BYTE: Final = 0x58  # the head of a byte string whose length is in the next byte
_EMPTY_MAP: Final = b"\xa0\x58"  # and the head of such a string
_SIGNATURE: Final = b"\x58\x40"


class _Cut(Exception):
    """The buffer ends inside the item."""


def item_end(data: bytes, start: int = 0) -> int | None:
    """The offset after the item that begins at `start`, or None where `data` ends before the item does.

    Raises Malformed for what is no CBOR item, or one over the limits of size or nesting.
    """
    usual = _usual_end(data, start)
    if usual is not None:
        return usual
    try:
        end = _skip(data, start, MAX_NESTING)
    except _Cut as cut:
        end, whole = cut.args[0], False
    else:
        whole = True
    if end - start > cbor.MAX_SIZE:
        raise Malformed(f"an item of more than {cbor.MAX_SIZE} bytes")
    return end if whole else None


def _usual_end(data: bytes, start: int) -> int | None:
    """The end of a whole tagged COSE_Sign1 with strings of usual lengths, at a tenth of the price; None of all else."""
    if data[start : start + 2] != _SIGN1 or len(data) < start + 4:
        return None
    head = data[start + 2]
    at = start + 4 + data[start + 3] if head == _ONE_BYTE else start + 3 + head - 0x40
    if not (head == _ONE_BYTE or 0x40 <= head < _ONE_BYTE) or data[at : at + 2] != _EMPTY_MAP or len(data) < at + 3:
        return None
    end = at + 3 + data[at + 2] + len(_SIGNATURE) + 64
    return end if end <= len(data) and data.startswith(_SIGNATURE, end - 64 - len(_SIGNATURE)) else None


def _skip(data: bytes, at: int, depth: int) -> int:
    if depth == 0:
        raise Malformed(f"nested deeper than {MAX_NESTING}")
    major, info, number, at = _head(data, at)
    if major == 6:
        return _skip(data, at, depth - 1)
    if major in (2, 3):
        return _skip_chunks(data, at, major) if info == 31 else _within(data, at + number)
    if major in (4, 5):
        return _skip_items(data, at, None if info == 31 else number, 1 if major == 4 else 2, depth)
    return at


def _skip_items(data: bytes, at: int, count: int | None, each: int, depth: int) -> int:
    """Past `count` elements of `each` items, or past the break where `count` is None."""
    done = 0
    while done != count:
        if count is None and _byte(data, at) == _BREAK:
            return at + 1
        for _ in range(each):
            at = _skip(data, at, depth - 1)
        done += 1
    return at


def _skip_chunks(data: bytes, at: int, kind: int) -> int:
    """Past the chunks of an indefinite string, definite strings of its kind, and past their break."""
    while _byte(data, at) != _BREAK:
        major, info, number, at = _head(data, at)
        if major != kind or info == 31:
            raise Malformed("an indefinite string of other than strings of its kind")
        at = _within(data, at + number)
    return at + 1


def _head(data: bytes, at: int) -> tuple[int, int, int, int]:
    info = _byte(data, at) & 31
    if 24 <= info <= 27:
        _within(data, at + 1 + (1 << (info - 24)))
    major, info, number, after = cbor.head(data, at)
    if info == 31 and major in (0, 1, 6, 7):  # 7: a break where nothing indefinite is open
        raise Malformed("reserved additional information, or a break out of place")
    if major == 7 and info == 24 and number < 32:
        raise Malformed("a simple value in a form that is not well-formed")
    return major, info, number, after


def _byte(data: bytes, at: int) -> int:
    return data[_within(data, at + 1) - 1]


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise _Cut(end)
    return end
