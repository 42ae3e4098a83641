"""Core deterministic CBOR (RFC 8949 section 4.2.1): one encoding for each value; the decoder rejects every other.

Values: int (64-bit CBOR range), bytes, str, bool, None, list, dict and `Tag`. The profile excludes floats, bignums,
undefined and other simple values. The decoder rejects trailing bytes, duplicate or unsorted keys, non-shortest
integers and lengths, indefinite lengths, invalid UTF-8, nesting deeper than MAX_DEPTH and input over MAX_SIZE.
"""

from .compat import const
from .errors import Malformed, NotDeterministic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Item

MAX_DEPTH = const(16)
MAX_SIZE = const(16384)  # a message is a few hundred bytes; a chain of four certificates under 1.5 KB
TAGS = (4, 18)  # decimal fraction, COSE_Sign1

_LIMITS = ((24, 1, 0xFF), (25, 2, 0xFFFF), (26, 4, 0xFFFFFFFF), (27, 8, 0xFFFFFFFFFFFFFFFF))


class Tag:
    """A tagged value: `number` and `value` (RFC 8949 section 3.4)."""

    def __init__(self, number: int, value: "Item") -> None:
        self.number = number
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tag) and self.number == other.number and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.number, str(self.value)))

    def __repr__(self) -> str:
        return "Tag(%d, %r)" % (self.number, self.value)


def encode(value: "Item") -> bytes:
    """Encode `value`. Raises Malformed for a type or an integer outside the profile.

    Iterative: a Pico's stack holds some twenty calls, and stored values nest as deep as signed ones.
    """
    out = bytearray()
    stack = [(b"", value)]  # pending values, last first, each with the bytes that precede it
    while stack:
        prefix, value = stack.pop()
        out.extend(prefix)
        if isinstance(value, dict):
            out.extend(head(5, len(value)))
            stack.extend(_pairs(value))
        elif isinstance(value, (list, tuple)):
            out.extend(head(4, len(value)))
            for item in reversed(value):
                stack.append((b"", item))
        elif isinstance(value, Tag):
            stack.append((head(6, value.number), value.value))
        else:
            _encode_plain(value, out)
    return bytes(out)


def _pairs(value: "dict[Item, Item]") -> "list[tuple[bytes, Item]]":
    """[(encoded key, item), ...] in descending bytewise order. MicroPython's dict has no order."""
    items = []
    for key, item in value.items():
        items.append((encode(key), (item,)))  # in a tuple: the sort must not compare items of different types
    items.sort(reverse=True)
    return [(key, item[0]) for key, item in items]


def head(major: int, number: int) -> bytes:
    """The initial byte and argument of an item, in shortest form."""
    if number < 24:
        return bytes((major << 5 | number,))
    for info, size, limit in _LIMITS:
        if number <= limit:
            return bytes((major << 5 | info,)) + number.to_bytes(size, "big")
    raise Malformed("integer outside 64 bits")


def _encode_plain(value: "Item", out: bytearray) -> None:
    # bool before int: True is an int on CPython and not on MicroPython
    if value is None:
        out.append(0xF6)
    elif value is True or value is False:
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        out.extend(head(0, value) if value >= 0 else head(1, -1 - value))
    elif isinstance(value, (bytes, bytearray, memoryview)):
        out.extend(head(2, len(value)))
        out.extend(value)
    elif isinstance(value, str):
        text = value.encode()
        out.extend(head(3, len(text)))
        out.extend(text)
    else:
        raise Malformed("no CBOR for %s" % type(value).__name__)


def decode(data: bytes) -> "Item":
    """Decode exactly one item from `data` (bytes). Raises Malformed or NotDeterministic."""
    value, end = decode_prefix(data)
    if end != len(data):
        raise Malformed("%d bytes after the item" % (len(data) - end))
    return value


def decode_prefix(data: bytes, start: int = 0) -> "tuple[Item, int]":
    """Decode the item that begins at `start`; returns (value, offset after it)."""
    if len(data) > MAX_SIZE:
        raise Malformed("more than %d bytes" % MAX_SIZE)
    return _decode(data, start, MAX_DEPTH)


def _argument(data: bytes, at: int) -> tuple[int, int, int, int]:
    if at >= len(data):
        raise Malformed("ends early")
    initial = data[at]
    major, info = initial >> 5, initial & 31
    at += 1
    if info < 24:
        return major, info, info, at
    if info == 31 and 2 <= major <= 5:
        raise NotDeterministic("indefinite length")
    if info > 27:
        raise Malformed("reserved additional information %d" % info)
    size = 1 << (info - 24)
    if at + size > len(data):
        raise Malformed("ends early")
    number = int.from_bytes(data[at : at + size], "big")
    # majors 0 to 6 carry a number or a length; major 7 with info 25..27 is a float, which the caller rejects
    if major < 7 and number < (24, 0x100, 0x10000, 0x100000000)[info - 24]:
        raise NotDeterministic("integer not in shortest form")
    return major, info, number, at + size


def _decode(data: bytes, at: int, depth: int) -> "tuple[Item, int]":
    if depth == 0:
        raise Malformed("nested deeper than %d" % MAX_DEPTH)
    major, info, number, at = _argument(data, at)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major == 2 or major == 3:
        return _string(data, at, number, major == 3)
    if major == 4:
        return _array(data, at, number, depth)
    if major == 5:
        return _map(data, at, number, depth)
    if major == 6:
        if number not in TAGS:
            raise Malformed("tag %d is not in the profile" % number)
        value, at = _decode(data, at, depth - 1)
        return Tag(number, value), at
    return _simple(info), at


def _string(data: bytes, at: int, length: int, is_text: bool) -> tuple[bytes | str, int]:
    if at + length > len(data):
        raise Malformed("string longer than the input")
    raw = bytes(data[at : at + length])
    at += length
    if not is_text:
        return raw, at
    check_utf8(raw)
    return raw.decode(), at


def _array(data: bytes, at: int, count: int, depth: int) -> "tuple[list[Item], int]":
    if count > len(data) - at:
        raise Malformed("array longer than the input")
    items = []
    for _ in range(count):
        item, at = _decode(data, at, depth - 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> "tuple[dict[Item, Item], int]":
    if count > len(data) - at:
        raise Malformed("map longer than the input")
    result = {}
    previous = None
    for _ in range(count):
        start = at
        key, at = _decode(data, at, depth - 1)
        if not isinstance(key, (int, str, bytes)) or key is True or key is False:
            raise Malformed("map key is neither integer nor string")
        raw = bytes(data[start:at])
        if previous is not None and raw <= previous:
            raise NotDeterministic("duplicate map key" if raw == previous else "map keys out of order")
        previous = raw
        result[key], at = _decode(data, at, depth - 1)
    return result, at


def _simple(info: int) -> bool | None:
    if info == 20 or info == 21:
        return info == 21
    if info == 22:
        return None
    raise Malformed("float" if 25 <= info <= 27 else "simple value outside the profile")


def check_utf8(raw: bytes) -> None:
    """Raise Malformed unless `raw` is UTF-8 (RFC 3629). MicroPython's own check accepts overlong forms."""
    at = 0
    while at < len(raw):
        lead = raw[at]
        at += 1
        if lead < 0x80:
            continue
        if 0xC2 <= lead <= 0xDF:
            continuation_count, minimum = 1, 0x80
        elif 0xE0 <= lead <= 0xEF:
            continuation_count, minimum = 2, 0x800
        elif 0xF0 <= lead <= 0xF4:
            continuation_count, minimum = 3, 0x10000
        else:
            raise Malformed("invalid UTF-8")
        point = lead & (0x3F >> continuation_count)
        for _ in range(continuation_count):
            if at >= len(raw) or raw[at] & 0xC0 != 0x80:
                raise Malformed("invalid UTF-8")
            point = point << 6 | raw[at] & 0x3F
            at += 1
        if point < minimum or 0xD800 <= point <= 0xDFFF or point > 0x10FFFF:
            raise Malformed("invalid UTF-8")
