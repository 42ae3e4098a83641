"""Core deterministic CBOR (RFC 8949 section 4.2.1): one encoding for each value; the decoder rejects every other.

Values: int (64-bit CBOR range), bytes, str, bool, None, list, dict and `Tag`. The profile excludes floats, bignums,
undefined and other simple values. The decoder rejects trailing bytes, duplicate or unsorted keys, non-shortest
integers and lengths, indefinite lengths, invalid UTF-8, nesting deeper than MAX_DEPTH, more than MAX_ITEMS items and
input over MAX_SIZE.
"""

from .compat import const, is_utf8
from .errors import Malformed, NotDeterministic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Item

MAX_DEPTH = const(16)
MAX_SIZE = const(16384)  # a message is a few hundred bytes; a chain of four certificates under 1.5 KB
MAX_ITEMS = const(1024)  # an update manifest has four for each file, and a board some hundred files
TAGS = (4, 18)  # decimal fraction, COSE_Sign1

_LIMITS = ((25, 2, 0xFFFF), (26, 4, 0xFFFFFFFF), (27, 8, 0xFFFFFFFFFFFFFFFF))
_left = 0  # items that the decoder may still meet; it runs to its end, so there is one


class Tag:
    """A tagged value: `number` and `value` (RFC 8949 section 3.4)."""

    def __init__(self, number: int, value: "Item") -> None:
        self.number = number
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tag) and self.number == other.number and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.number, str(self.value)))


def encode(value: "Item") -> bytes:
    """Encode `value`. Raises Malformed for a type or an integer outside the profile."""
    out = bytearray()
    encode_to(out, value)
    return bytes(out)


def encode_to(out: bytearray, value: "Item") -> None:
    """Append `value`, encoded. Iterative: a Pico's stack holds some twenty calls. Raises Malformed as `encode`."""
    items, stack = iter((value,)), []  # what is left of the innermost list or map, and of those around it
    while True:
        for value in items:
            if type(value) is int and 0 <= value < 24:  # most keys
                out.append(value)
                continue
            children = _encode_head(value, out)
            if children is not None:
                stack.append(items)
                items = iter(children)
                break
        else:
            if not stack:
                return
            items = stack.pop()


def _encode_head(value: "Item", out: bytearray) -> "list[Item] | tuple[Item, ...] | None":
    """Encode a plain value; or the head of another, whose children are returned. A bool is no int for `type`."""
    kind = type(value)
    if kind is int:
        out.extend(head(0, value) if value >= 0 else head(1, -1 - value))
    elif kind is bytes or kind is str:
        raw = value if kind is bytes else value.encode()
        out.extend(head(2 if kind is bytes else 3, len(raw)))
        out.extend(raw)
    elif kind is dict:
        out.extend(head(5, len(value)))
        return _in_order(value)
    elif kind is list or kind is tuple:
        out.extend(head(4, len(value)))
        return value
    elif value is None:
        out.append(0xF6)
    elif value is True or value is False:
        out.append(0xF5 if value else 0xF4)
    elif kind is Tag:
        out.extend(head(6, value.number))
        return (value.value,)
    elif isinstance(value, (bytearray, memoryview)):
        return _encode_head(bytes(value), out)
    else:
        raise Malformed("no CBOR for %s" % kind.__name__)
    return None


def _in_order(items: "dict[Item, Item]") -> "list[Item]":
    """Keys and items by turns, the keys in bytewise order of their encoding. MicroPython's dict has no order."""
    for key in items:
        if type(key) is not int:
            keys = [key for _, key in sorted([(encode(key), key) for key in items])]
            break
    else:
        keys = sorted(items)
        if keys and keys[0] < 0:  # encoded, they come after the others, the nearest to zero first
            keys = [key for key in keys if key >= 0] + [key for key in reversed(keys) if key < 0]
    flat = []
    for key in keys:
        flat.append(key)
        flat.append(items[key])
    return flat


def head(major: int, number: int) -> bytes:
    """The initial byte and argument of an item, in shortest form."""
    if number < 24:
        return bytes((major << 5 | number,))
    if number < 256:
        return bytes((major << 5 | 24, number))
    for info, size, limit in _LIMITS:
        if number <= limit:
            return bytes((major << 5 | info,)) + number.to_bytes(size, "big")
    raise Malformed("integer outside 64 bits")


def decode(data: bytes) -> "Item":
    """Decode exactly one item from `data` (bytes). Raises Malformed or NotDeterministic."""
    value, end = decode_prefix(data)
    if end != len(data):
        raise Malformed("%d bytes after the item" % (len(data) - end))
    return value


def decode_prefix(data: bytes, start: int = 0) -> "tuple[Item, int]":
    """Decode the item that begins at `start`; returns (value, offset after it)."""
    global _left
    if len(data) > MAX_SIZE:
        raise Malformed("more than %d bytes" % MAX_SIZE)
    _left = MAX_ITEMS
    try:
        return _decode(bytes(data), start, MAX_DEPTH)
    except IndexError:
        raise Malformed("ends early")


def argument(data: bytes, at: int, major: int, info: int) -> tuple[int, int]:
    """(the argument after an initial byte whose low bits are `info`, 24 or more; the offset after it)."""
    if info == 31 and 2 <= major <= 5:
        raise NotDeterministic("indefinite length")
    if info > 27:
        raise Malformed("reserved additional information %d" % info)
    end = at + (1 << (info - 24))
    if end > len(data):
        raise Malformed("ends early")
    number = int.from_bytes(data[at:end], "big")
    # majors 0 to 6 carry a number or a length; major 7 with info 25..27 is a float, which the caller rejects
    if major < 7 and number < (24, 0x100, 0x10000, 0x100000000)[info - 24]:
        raise NotDeterministic("integer not in shortest form")
    return number, end


def _decode(data: bytes, at: int, depth: int) -> "tuple[Item, int]":
    # short numbers, the most frequent items, are decoded where they are met: a call costs as much as all the rest
    if depth == 0:
        raise Malformed("nested deeper than %d" % MAX_DEPTH)
    number = data[at]
    major = number >> 5
    number &= 31
    at += 1
    info = number
    if info > 23:
        number, at = argument(data, at, major, info)
    if major == 2 or major == 3:
        return _string(data, at, number, major == 3)
    if major == 5:
        return _map(data, at, number, depth - 1)
    if major == 0:
        return number, at
    if major == 4:
        return _array(data, at, number, depth - 1)
    if major == 1:
        return -1 - number, at
    if major == 6:
        if number not in TAGS:
            raise Malformed("tag %d is not in the profile" % number)
        value, at = _decode(data, at, depth - 1)
        return Tag(number, value), at
    return _simple(info), at


def _string(data: bytes, at: int, length: int, is_text: bool) -> tuple[bytes | str, int]:
    end = at + length
    if end > len(data):
        raise Malformed("string longer than the input")
    if not is_text:
        return data[at:end], end
    raw = data[at:end]
    if not is_utf8(raw):
        raise Malformed("invalid UTF-8")
    return raw.decode(), end


def _take_items(count: int, left: int) -> None:
    """Check the length of a list or map: what is decoded is bounded, as nothing is proved about it yet."""
    global _left
    _left -= count
    if count > left or _left < 0:
        raise Malformed("a list or map longer than the input, or more than %d items" % MAX_ITEMS)


def _array(data: bytes, at: int, count: int, depth: int) -> "tuple[list[Item], int]":
    _take_items(count, len(data) - at)
    items = []
    for _ in range(count):
        item = data[at]
        if item < 24 and depth:
            at += 1
        else:
            item, at = _decode(data, at, depth)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> "tuple[dict[Item, Item], int]":
    _take_items(2 * count, len(data) - at)
    result = {}
    previous = b""
    for _ in range(count):
        start = at
        key = data[at]
        if key < 24 and depth:
            at += 1
        else:
            key, at = _decode(data, at, depth)
            if not isinstance(key, (int, str, bytes)) or key is True or key is False:
                raise Malformed("map key is neither integer nor string")
        raw = data[start:at]
        if raw <= previous:
            raise NotDeterministic("duplicate map key" if raw == previous else "map keys out of order")
        previous = raw
        item = data[at]
        if item < 24:
            at += 1
        else:
            item, at = _decode(data, at, depth)
        result[key] = item
    return result, at


def _simple(info: int) -> bool | None:
    if 20 <= info <= 22:
        return None if info == 22 else info == 21
    raise Malformed("float" if 25 <= info <= 27 else "simple value outside the profile")
