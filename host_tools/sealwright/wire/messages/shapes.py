"""Readings of one shape, recognised without being taken apart: what a chain of readings needs of each, and no more.

Purpose: speed. A shape says which fields each record of a reading has, and how long its texts are. Its expression is
made from the schema's table with the rules of `patterns`, for readings of exactly that shape, so what it takes the
strict reader takes too, with equal fields. What it does not take is not thereby wrong: the strict reader judges it.
Limits: header and payload of 24 to 255 bytes; texts beyond ASCII only as they were. Asserted by property tests.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeAlias

from .. import cbor
from ..cose import BEGIN
from ..labels import ALG, CONTENT_TYPE, CWT_CLAIMS, ES256, KID, MAX_UINT, SENML_CBOR, TYP
from .measurement import Reading, Record
from .message import Message
from .patterns import item_of, literal
from .schema import Bytes, Rule, Text, Unsigned, table

LOG_AT: Final = slice(4, 20)  # where a reading in its usual form has the beginning of its header, and its key's hint
KID_AT: Final = slice(12, 20)
_SIGNATURE: Final = 66  # bytes of the signature and its head, the last of a message
_BEGIN_HEADER: Final = b"\xd2\x84\x58"
_HEADER: Final = bytes((0xA5,)) + b"".join(map(cbor.encode, (ALG, ES256, CONTENT_TYPE, SENML_CBOR, KID))) + b"\x48"
_INLINE: Final = 24  # from this number on an argument has a byte of its own
_LONGEST: Final = 255
_LENGTH: Final = rb"\x58[\x18-\xff]"  # the head of a string of 24 to 255 bytes
_GROUPED: Final = ("sampled_at", "seq", "prev", "clock_quality")
HASH_HEAD: Final = b"\x58\x20"
NULL: Final = b"\xf6"


class Glimpse(NamedTuple):
    """What a chain needs of several readings, one of each per reading. times, before: the items as received, and
    deterministic numbers are in the order of their bytes. qualities: of the clocks, one byte each."""

    times: tuple[bytes, ...]
    numbers: list[int]
    before: tuple[bytes, ...]
    qualities: tuple[bytes, ...]
    digests: list[bytes]


# What a check needs of one reading, as `Glimpse` has it of several: time, number, before, quality, digest.
Glance: TypeAlias = tuple[bytes, int, bytes, bytes, bytes]


class Shape:
    """Recognises readings of one shape."""

    def __init__(self, expression: bytes) -> None:
        self.match: Final = re.compile(expression, re.DOTALL).fullmatch


def in_usual_place(raw: bytes) -> bool:
    """Whether the header of a reading begins, and has its key's hint, where nearly all have them."""
    return raw[:3] == _BEGIN_HEADER and raw[LOG_AT].startswith(_HEADER)


def time_in(item: bytes) -> int:
    """The number in an item that holds one, such as those of `Glimpse.times`."""
    return int.from_bytes(item[1:], "big") if len(item) > 1 else item[0]


def glimpse(raws: Sequence[bytes], shapes: Sequence[Shape]) -> Glimpse | None:
    """What a chain needs of these readings; None unless there is one, and all of them are of these shapes."""
    if not shapes or not raws:
        return None
    found = list(map(shapes[0].match, raws))
    if None in found:
        found = [_match(raw, shapes) for raw in raws]
    whole = [one for one in found if one is not None]
    middles = [one.start(5) for one in whole]
    if len(whole) < len(raws) or not all(map(_has_lengths, raws, middles)):
        return None
    times, numbers, before, qualities, _ = zip(*[one.groups() for one in whole], strict=True)
    return Glimpse(times, list(map(time_in, numbers)), before, qualities, list(map(_digest, raws, middles)))


def glance(raw: bytes, shapes: Sequence[Shape]) -> Glance | None:
    """What a check needs of a reading; None unless it is of one of these shapes."""
    found = _match(raw, shapes)
    if found is None or not _has_lengths(raw, middle := found.start(5)):
        return None
    time, seq, before, quality, _ = found.groups()
    return time, time_in(seq), before, quality, _digest(raw, middle)


def _match(raw: bytes, shapes: Sequence[Shape]) -> re.Match[bytes] | None:
    for shape in shapes:
        found = shape.match(raw)
        if found is not None:
            return found
    return None


def _has_lengths(raw: bytes, middle: int) -> bool:
    """Whether header and payload are as long as their heads say. middle: where the empty header between them is."""
    return raw[3] == middle - 4 and raw[middle + 2] == len(raw) - middle - 3 - _SIGNATURE


def _digest(raw: bytes, middle: int) -> bytes:
    """What is signed are the bytes received, but for the unprotected header in the middle (RFC 9052 section 4.4)."""
    return sha256(BEGIN + raw[2:middle] + b"\x40" + raw[middle + 1 : -_SIGNATURE]).digest()


def expression_of(message: Message[Reading]) -> bytes | None:
    """The expression for readings of the shape of this one, None for a reading that has no usual shape."""
    records = message.body.records
    claims = _map_like(Reading, message.body, _GROUPED)
    found = [_map_like(Record, record) for record in records]
    usual = all(_INLINE <= len(part) <= _LONGEST for part in (message.sign1.protected, message.sign1.payload))
    if claims is None or None in found or not usual:
        return None
    # groups: the claims of _GROUPED, in the order of their keys, and the empty unprotected header between the strings
    header = rb"\xa5%b%b%b%b" % (literal(ALG), literal(ES256), literal(CONTENT_TYPE), literal(SENML_CBOR))
    header += rb"%b\x48.{8}%b%b%b%b" % (literal(KID), literal(CWT_CLAIMS), claims, literal(TYP), literal(Reading.TYPE))
    payload = re.escape(bytes((0x80 + len(records),))) + b"".join(filter(None, found))
    return rb"\xd2\x84%b%b(\xa0)%b%b\x58\x40.{64}" % (_LENGTH, header, _LENGTH, payload)


def _map_like(cls: type[Any], like: Any, grouped: tuple[str, ...] = ()) -> bytes | None:
    """Matches the map of an object with the fields that `like` has."""
    fields: list[tuple[bytes, bytes]] = []
    for name, label, rule, required in table(cls):
        value = getattr(like, name)
        if value is None and not required:
            continue
        item = _like(rule, value)
        if item is None:
            return None
        fields.append((cbor.encode(label), b"(%b)" % item if name in grouped else item))
    fields.sort()
    head = re.escape(bytes((0xA0 + len(fields),)))
    return head + b"".join(re.escape(label) + item for label, item in fields)


def _like(rule: Rule, value: Any) -> bytes | None:
    """Matches items under this rule; of strings with a free length, those as long as this one."""
    match rule:
        case Unsigned(low=0, high=high) if high < _INLINE:
            return b"[\x00-%b]" % re.escape(bytes((high,)))
        case Text() | Bytes(size=None):
            return _as_long(value)
        case Unsigned(low=low, high=high) if (low, high) != (0, MAX_UINT):
            return None
        case _:
            found = item_of(rule)
            return None if found is None else found[0]


def _as_long(value: str | bytes) -> bytes | None:
    written = cbor.encode(value)
    if len(value) > _LONGEST or (isinstance(value, str) and not value.isascii()):
        return re.escape(written) if len(value) <= _LONGEST else None
    one = b"[\x00-\x7f]" if isinstance(value, str) else b"."
    return re.escape(written[: len(written) - len(value)]) + one + b"{%d}" % len(value)
