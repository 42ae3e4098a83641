"""Core deterministic CBOR without floats: one encoding for each value, and a decoder that takes no other.

Source: RFC 8949 sections 3 and 4.2.1. In the profile are integers of the 64-bit CBOR range, byte and text
strings, arrays, maps whose keys are integers or strings, false, true, null, and the tags 4 (decimal
fraction) and 18 (COSE_Sign1). Limits: MAX_DEPTH levels, the innermost scalar counted, and MAX_SIZE bytes.

The decoder is our own and one pass long, because cbor2's accepts trailing bytes, duplicate and unsorted
keys, longer forms and indefinite lengths, and acts on tags before anyone can refuse them (a decimal
fraction with a large exponent ends in a decimal error, a regular expression is compiled). The encoder uses
cbor2 for items and orders maps itself: cbor2's canonical mode sorts keys by length first (RFC 7049), not
bytewise.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cbor2

from ..errors import Malformed, NotDeterministic

MAX_DEPTH: Final = 16
MAX_SIZE: Final = 65536
TAGS: Final = frozenset((4, 18))

Key: TypeAlias = "int | str | bytes"
Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[Key, Value] | Tag | None"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged value (RFC 8949 section 3.4)."""

    number: int
    value: Value


def encode(value: Value) -> bytes:
    """Encode `value`; tuples count as arrays. Raises Malformed for what the profile has no place for."""
    return cbor2.dumps(_ordered(value, MAX_DEPTH))


def encode_lists(value: list[Any]) -> bytes:
    """As `encode`, for lists of integers within 64 bits, byte strings, texts, null and such lists: unchecked, and some
    ten times as fast."""
    return cbor2.dumps(value)


def head_of(major: int, argument: int) -> bytes:
    """The shortest head of an item: its major type, 0 to 5, and its argument, 0 to 2**64 - 1."""
    if argument < 24:
        return _SHORT[major << 5 | argument]
    if argument < 1 << 8:
        return bytes((major << 5 | 24, argument))
    if argument < 1 << 16:
        return _SHORT[major << 5 | 25] + argument.to_bytes(2, "big")
    if argument < 1 << 32:
        return _SHORT[major << 5 | 26] + argument.to_bytes(4, "big")
    return _SHORT[major << 5 | 27] + argument.to_bytes(8, "big")


_SHORT: Final = tuple(bytes((first,)) for first in range(256))


def _ordered(value: Any, depth: int) -> Any:  # noqa: PLR0911 - one return a type
    """`value` as cbor2 must be given it: maps in bytewise order of their encoded keys, everything checked."""
    if depth == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**64) <= value < 2**64:
            raise Malformed("integer outside CBOR's 64 bits")
        return int(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Tag):
        if value.number not in TAGS:
            raise Malformed(f"tag {value.number} is not in the profile")
        return cbor2.CBORTag(value.number, _ordered(value.value, depth - 1))
    if isinstance(value, list | tuple):
        return [_ordered(item, depth - 1) for item in value]
    if isinstance(value, dict):
        pairs = [(_map_key(key), item) for key, item in value.items()]
        pairs.sort(key=lambda pair: cbor2.dumps(pair[0]))
        return {key: _ordered(item, depth - 1) for key, item in pairs}
    raise Malformed(f"no CBOR for {type(value).__name__}")


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Malformed("text with a lone surrogate has no UTF-8") from error
    return value


def _map_key(key: Any) -> Any:
    # True == 1 in Python, so a map could not hold both; no message has such keys
    if isinstance(key, bool) or not isinstance(key, int | str | bytes):
        raise Malformed(f"map key that is no integer or string: {type(key).__name__}")
    return _ordered(key, MAX_DEPTH)


def decode(data: bytes) -> Value:
    """Decode the one item that `data` is. Raises Malformed or NotDeterministic: what comes first in it."""
    if len(data) > MAX_SIZE:
        raise Malformed(f"{len(data)} bytes, more than {MAX_SIZE}")
    value, end = _item(data, 0, MAX_DEPTH)
    if end != len(data):
        raise Malformed(f"{len(data) - end} bytes after the item")
    return value


def head(data: bytes, at: int) -> tuple[int, int, int, int]:
    """The item head at `at`: major type, additional information, argument, offset after it.

    Takes longer forms as well; the argument is 0 where the information is 31. Raises Malformed where `data`
    ends in the head or the information is reserved.
    """
    if at >= len(data):
        raise Malformed(f"ends early, at byte {at}")
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, info, at + 1
    if info == 31:
        return major, info, 0, at + 1
    if info > 27:
        raise Malformed(f"reserved additional information at byte {at}")
    end = at + 1 + (1 << (info - 24))
    if end > len(data):
        raise Malformed(f"ends early, at byte {len(data)}")
    return major, info, int.from_bytes(data[at + 1 : end], "big"), end


# smallest argument each longer form may carry (RFC 8949 section 4.2.1)
_SMALLEST: Final = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}


def _item(data: bytes, start: int, depth: int) -> tuple[Value, int]:
    if depth == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}, at byte {start}")
    first = data[start] if start < len(data) else 0xFF
    if first & 31 < 24:  # nearly every item, and a call less
        major, info, number, at = first >> 5, first & 31, first & 31, start + 1
    else:
        major, info, number, at = head(data, start)
    if major == 7:
        return _simple(info, start), at
    if info == 31:
        if 2 <= major <= 5:
            raise NotDeterministic(f"indefinite length at byte {start}")
        raise Malformed(f"reserved additional information at byte {start}")
    if info > 23 and number < _SMALLEST[info]:
        raise NotDeterministic(f"not in shortest form at byte {start}")
    if major <= 1:
        return -1 - number if major else number, at
    if major <= 3:
        return _string(data, at, number, is_text=major == 3)
    if major == 6:
        if number not in TAGS:
            raise Malformed(f"tag {number} is not in the profile, at byte {start}")
        value, at = _item(data, at, depth - 1)
        return Tag(number, value), at
    if number > len(data) - at:  # every element takes a byte at least: refused before anything is set aside
        raise Malformed(f"ends early, at byte {len(data)}")
    return _array(data, at, number, depth) if major == 4 else _map(data, at, number, depth)


def _simple(info: int, start: int) -> bool | None:
    if info in (20, 21):
        return info == 21
    if info == 22:
        return None
    kind = "float" if 25 <= info <= 27 else "simple value outside the profile"
    raise Malformed(f"{kind} at byte {start}")


def _string(data: bytes, at: int, length: int, *, is_text: bool) -> tuple[bytes | str, int]:
    end = at + length
    if end > len(data):
        raise Malformed(f"string longer than the input, at byte {at}")
    raw = bytes(data[at:end])
    if not is_text:
        return raw, end
    try:
        return raw.decode(), end
    except UnicodeDecodeError as error:
        raise Malformed(f"invalid UTF-8 at byte {at}") from error


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Value], int]:
    items: list[Value] = []
    for _ in range(count):
        item, at = _item(data, at, depth - 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[Key, Value], int]:
    result: dict[Key, Value] = {}
    before = b""
    for _ in range(count):
        start = at
        key, at = _item(data, at, depth - 1)
        if isinstance(key, bool) or not isinstance(key, int | str | bytes):
            raise Malformed(f"map key that is no integer or string, at byte {start}")
        raw = data[start:at]
        if raw <= before:
            what = "duplicate map key" if raw == before else "map keys out of order"
            raise NotDeterministic(f"{what} at byte {start}")
        before = raw
        result[key], at = _item(data, at, depth - 1)
    return result, at
