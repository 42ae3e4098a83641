"""Patterns of whole messages, made from the schema's table: most messages, read by one regular expression each.

Purpose: speed. A pattern takes only deterministic encodings (RFC 8949 section 4.2.1) that the strict reader takes too,
and gives equal messages. What no pattern takes is not thereby wrong: the strict reader judges it, and says why.
Limits: patterns exist for rules without structure (integers, strings up to 23 bytes, hashes, numbers) and for the
records of readings; an optional field under any other rule is never matched. Asserted by property tests, both ways.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ...errors import Malformed
from .. import cbor
from ..cose import Sign1, digest_of
from ..labels import ALG, CONTENT_TYPE, CWT_CLAIMS, ES256, KID, SENML_CBOR, TYP
from .decimals import DecimalFraction
from .measurement import Reading, Record
from .schema import Boolean, Bytes, Nullable, NumberRule, Rule, Text, Unsigned, table

# An integer's head in its shortest form: a longer form may not carry what a shorter one can.
_UNSIGNED: Final = rb"(?:[\x00-\x17]|\x18[\x18-\xff]|\x19[\x01-\xff].|\x1a(?!\x00\x00).{4}|\x1b(?!\x00{4}).{8})"
_NEGATIVE: Final = rb"(?:[\x20-\x37]|\x38[\x18-\xff]|\x39[\x01-\xff].|\x3a(?!\x00\x00).{4}|\x3b(?!\x00{4}).{8})"
_INTEGER: Final = rb"(?:%b|%b)" % (_UNSIGNED, _NEGATIVE)
_SHORT: Final = 23  # bytes of a string whose length is in its first byte
_SHORT_TEXT: Final = b"(?:%b)" % b"|".join(b"%b.{%d}" % (re.escape(bytes((0x60 + n,))), n) for n in range(_SHORT + 1))
_SHORT_BYTES: Final = b"(?:%b)" % b"|".join(b"%b.{%d}" % (re.escape(bytes((0x40 + n,))), n) for n in range(_SHORT + 1))
_NULL: Final = b"\xf6"

Read = Callable[[bytes], Any]  # a matched item to its Python value; raises ValueError or Malformed


class _Field(NamedTuple):
    name: str
    label: bytes
    pattern: bytes
    read: Read
    required: bool


def _integer(raw: bytes) -> int:
    first = raw[0]
    number = first & 31 if first & 31 < 24 else int.from_bytes(raw[1:], "big")
    return -1 - number if first & 0x20 else number


def _number(raw: bytes) -> int | DecimalFraction:
    if raw[0] != 0xC4:
        return _integer(raw)
    first = raw[2] & 31
    end = 3 if first < 24 else 3 + (1 << (first - 24))
    return DecimalFraction(_integer(raw[2:end]), _integer(raw[end:]))


def _bounded(rule: Unsigned) -> Read:
    def read(raw: bytes) -> int:
        number = raw[0] if len(raw) == 1 else int.from_bytes(raw[1:], "big")
        return number if rule.low <= number <= rule.high else rule.parse(number)

    return read


def item_of(rule: Rule) -> tuple[bytes, Read] | None:  # noqa: PLR0911 - one return a rule
    """What matches a rule's items, without groups, and what reads them; None for a rule without a pattern."""
    match rule:
        case Unsigned():
            return _UNSIGNED, _bounded(rule)
        case Bytes(size=int(size)) if size <= _SHORT:
            return re.escape(bytes((0x40 + size,))) + b".{%d}" % size, lambda raw: raw[1:]
        case Bytes(size=int(size)) if size < 256:
            return rb"\x58" + re.escape(bytes((size,))) + b".{%d}" % size, lambda raw: raw[2:]
        case Bytes(size=None):
            return _SHORT_BYTES, lambda raw: raw[1:]
        case Nullable():
            inner = item_of(rule.rule)
            if inner is None:
                return None
            return b"(?:%b|%b)" % (_NULL, inner[0]), lambda raw: None if raw == _NULL else inner[1](raw)
        case NumberRule():
            return b"(?:%b|\xc4\x82%b{2})" % (_INTEGER, _INTEGER), _number
        case Boolean():
            return b"[\xf4\xf5]", lambda raw: raw == b"\xf5"
        case Text():
            return _SHORT_TEXT, lambda raw: rule.parse(raw[1:].decode())
        case _:
            return None


class _Map(NamedTuple):
    """The map of a class. pattern: a group for its head, then one for each field. bare: the same without groups. build:
    of the groups, to the object; None where the head counts other than the fields that are there."""

    pattern: bytes
    bare: bytes
    build: Callable[..., Any]


def _map_of(cls: type[Any]) -> _Map:
    fields: list[_Field] = []
    for name, label, rule, required in table(cls):
        found = item_of(rule)
        if found is None and required:
            raise LookupError(cls.__name__)
        if found is not None:
            fields.append(_Field(name, cbor.encode(label), *found, required))
    fields.sort(key=lambda field: field.label)  # the order of a deterministic map: bytewise by encoded key
    head = b"[\xa0-\xb7]"
    grouped = [b"(?>%b(%b))%b" % (re.escape(f.label), f.pattern, b"" if f.required else b"?") for f in fields]
    bare = [b"(?>%b%b)%b" % (re.escape(f.label), f.pattern, b"" if f.required else b"?") for f in fields]
    reads = tuple((field.name, field.read) for field in fields)

    def build(groups: Sequence[bytes | None], **others: Any) -> Any:
        found = [(row, raw) for row, raw in zip(reads, groups[1:], strict=True) if raw is not None]
        if 0xA0 + len(found) != groups[0][0]:  # type: ignore[index]  # the head always matches
            return None
        for (name, read), raw in found:
            others[name] = read(raw)
        return cls(**others)

    return _Map(b"(%b)%b" % (head, b"".join(grouped)), head + b"".join(bare), build)


# bytes of a string before it: its length must be what follows, which the pattern itself cannot say
_LENGTH: Final = rb"([\x40-\x57]|\x58[\x18-\xff]|\x59[\x01-\xff].)"


def _length(head: bytes) -> int:
    return head[0] - 0x40 if len(head) == 1 else int.from_bytes(head[1:], "big")


def literal(value: cbor.Value) -> bytes:
    """Matches this item and no other."""
    return re.escape(cbor.encode(value))


class Pattern:
    """Reads messages of one class. Raises LookupError for a class that has no pattern."""

    def __init__(self, cls: type[Any]) -> None:
        self._cls, self._map = cls, _map_of(cls)
        self._match = _envelope(rb"\xa3%b" % _header(), b"(%b)" % self._map.pattern, cls)

    def read(self, raw: bytes) -> tuple[Sign1, Any] | None:
        """The envelope and the body; None where the strict reader must look."""
        found = self._match(raw)
        if found is None:
            return None
        protected_head, protected, kid, payload_head, payload, *content, signature = found.groups()
        if _length(protected_head) != len(protected) or _length(payload_head) != len(payload):
            return None
        try:
            body = self._map.build(content)
        except (Malformed, ValueError):  # a value out of its rule's bounds, or text that is no UTF-8
            return None
        if body is None:
            return None
        header: dict[cbor.Key, cbor.Value] = {ALG: ES256, KID: kid, TYP: self._cls.TYPE}
        return Sign1(raw, protected, payload, signature, header, digest_of(protected, payload)), body


class ReadingPattern:
    """Reads readings: their claims are in the header (RFC 9597), their records are the payload."""

    def __init__(self) -> None:
        self._map, self._records = _map_of(Reading), _map_of(Record)
        self._labels = {name: label for name, label, *_ in table(Reading)}
        self._record = re.compile(self._records.pattern, re.DOTALL).match
        content = literal(CONTENT_TYPE) + literal(SENML_CBOR)
        header = rb"\xa5%b%b%b" % (_header(content), literal(CWT_CLAIMS), self._map.pattern)
        self._match = _envelope(header, rb"([\x81-\x97](?:%b)+)" % self._records.bare, Reading)

    def read(self, raw: bytes) -> tuple[Sign1, Reading] | None:
        """The envelope and the body; None where the strict reader must look."""
        found = self._match(raw)
        if found is None:
            return None
        protected_head, protected, kid, *claims, payload_head, payload, signature = found.groups()
        if _length(protected_head) != len(protected) or _length(payload_head) != len(payload):
            return None
        try:
            records = self._read_records(payload)
            body = None if records is None else self._map.build(claims, records=records)
        except (Malformed, ValueError):
            return None
        if body is None:
            return None
        said: dict[cbor.Key, cbor.Value] = {label: getattr(body, name) for name, label in self._labels.items()}
        header: dict[cbor.Key, cbor.Value] = {ALG: ES256, CONTENT_TYPE: SENML_CBOR, KID: kid}
        header |= {CWT_CLAIMS: said, TYP: Reading.TYPE}
        return Sign1(raw, protected, payload, signature, header, digest_of(protected, payload)), body

    def _read_records(self, payload: bytes) -> tuple[Record, ...] | None:
        records, at = [], 1
        while at < len(payload):
            found = self._record(payload, at)
            record = found and self._records.build(found.groups())
            if found is None or record is None:
                return None
            records.append(record)
            at = found.end()
        return tuple(records) if len(records) == payload[0] - 0x80 else None


def _header(before_kid: bytes = b"") -> bytes:
    """A protected header's map up to its kid, a group; its type follows, see `_envelope`."""
    return literal(ALG) + literal(ES256) + before_kid + literal(KID) + rb"\x48(.{8})"


def _envelope(header: bytes, payload: bytes, cls: type[Any]) -> Callable[[bytes], "re.Match[bytes] | None"]:
    """Matches a whole COSE_Sign1: groups for head and content of header, for head and content of payload, and for the
    signature, those within each in between."""
    whole = rb"\xd2\x84%b(%b%b%b)\xa0%b%b\x58\x40(.{64})"
    parts = (_LENGTH, header, literal(TYP), literal(cls.TYPE), _LENGTH, payload)
    return re.compile(whole % parts, re.DOTALL).fullmatch


_PATTERNS: Final[dict[type[Any], "Pattern | ReadingPattern | None"]] = {}


def pattern_of(cls: type[Any]) -> Pattern | ReadingPattern | None:
    """The pattern of a message class, made at its first use; None where the class has none."""
    if cls not in _PATTERNS:
        try:
            _PATTERNS[cls] = ReadingPattern() if cls is Reading else Pattern(cls)
        except LookupError:
            _PATTERNS[cls] = None
    return _PATTERNS[cls]
