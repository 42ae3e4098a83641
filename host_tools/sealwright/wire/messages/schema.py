"""The schema as a table: each field of a message class carries its map key and rule; one reader checks all.

Source: firmware/schema/sealwright.cddl. A rule takes a decoded CBOR value and gives the Python value or
raises Malformed; `dump` is its inverse and checks only what is read more leniently than it is built,
because what is built is read back before it leaves. Python takes True for the integer 1 and CBOR does not: rules
look at the exact type.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final, TypeVar

from ...errors import Malformed
from ..cbor import Tag, Value
from ..labels import DECIMAL_FRACTION_TAG, MAX_AMOUNT, MAX_UINT
from .decimals import DecimalFraction, Number

T = TypeVar("T")


class Rule:
    """What a value must be. The base class takes anything as it is."""

    def parse(self, value: Value) -> Any:
        """The Python value, or Malformed."""
        return value

    def dump(self, value: Any) -> Value:
        """The CBOR value of a Python value. Malformed for one that is read and no longer built."""
        return value  # type: ignore[no-any-return]


class Unsigned(Rule):
    """An integer between two bounds, both included."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def parse(self, value: Value) -> int:
        if type(value) is not int or not self.low <= value <= self.high:
            raise Malformed(f"not an integer in {self.low}..{self.high}")
        return value


class Text(Rule):
    """A text string."""

    def parse(self, value: Value) -> str:
        if type(value) is not str:
            raise Malformed("not text")
        return value


class Bytes(Rule):
    """A byte string, of one size if given."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    def parse(self, value: Value) -> bytes:
        if type(value) is not bytes or (self.size is not None and len(value) != self.size):
            raise Malformed("not a byte string" if self.size is None else f"not {self.size} bytes")
        return value


class Boolean(Rule):
    """False or true."""

    def parse(self, value: Value) -> bool:
        if type(value) is not bool:
            raise Malformed("neither false nor true")
        return value


class Nullable(Rule):
    """Null, or what another rule takes."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def parse(self, value: Value) -> Any:
        return None if value is None else self.rule.parse(value)

    def dump(self, value: Any) -> Value:
        return None if value is None else self.rule.dump(value)


class NumberRule(Rule):
    """`num`: an integer or a tag 4 of two integers."""

    def parse(self, value: Value) -> Number:
        if type(value) is int:
            return value
        if isinstance(value, Tag) and value.number == DECIMAL_FRACTION_TAG:
            pair = value.value
            if isinstance(pair, list) and [type(part) for part in pair] == [int, int]:
                return DecimalFraction(*pair)  # type: ignore[arg-type]
        raise Malformed("neither an integer nor a decimal fraction of two integers")

    def dump(self, value: Any) -> Value:
        return Tag(DECIMAL_FRACTION_TAG, list(value)) if isinstance(value, DecimalFraction) else value


class ListOf(Rule):
    """An array of one element or more, each under the same rule; a tuple here."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def parse(self, value: Value) -> tuple[Any, ...]:
        if not isinstance(value, list) or not value:
            raise Malformed("not an array of at least one element")
        return tuple(self.rule.parse(item) for item in value)

    def dump(self, value: Any) -> Value:
        return [self.rule.dump(item) for item in value]


class Pair(Rule):
    """An array of exactly two under the same rule; a tuple here."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def parse(self, value: Value) -> tuple[Any, Any]:
        if not isinstance(value, list) or len(value) != 2:
            raise Malformed("not an array of two")
        return self.rule.parse(value[0]), self.rule.parse(value[1])

    def dump(self, value: Any) -> Value:
        return [self.rule.dump(item) for item in value]


class MapOf(Rule):
    """A map of one text key or more to values under one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def parse(self, value: Value) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            raise Malformed("not a map of at least one entry")
        return {TEXT.parse(name): self.rule.parse(item) for name, item in value.items()}

    def dump(self, value: Any) -> Value:
        return {name: self.rule.dump(item) for name, item in value.items()}


class Struct(Rule):
    """A map that a dataclass represents."""

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls

    def parse(self, value: Value) -> Any:
        return read(self.cls, value)

    def dump(self, value: Any) -> Value:
        return write(value)


ANY: Final = Rule()
UINT: Final = Unsigned(0, MAX_UINT)
AMOUNT: Final = Unsigned(0, MAX_AMOUNT)
TEXT: Final = Text()
BYTES: Final = Bytes()
BOOL: Final = Boolean()
HASH: Final = Bytes(32)
NUMBER: Final = NumberRule()

_TABLES: Final[dict[type[Any], tuple[tuple[str, int, Rule, bool], ...]]] = {}


def at(label: int, rule: Rule, *, required: bool = False) -> dict[str, Any]:
    """Field metadata. A field without a default is required, and one with `required`."""
    return {"at": (label, rule, required)}


def table(cls: type[Any]) -> tuple[tuple[str, int, Rule, bool], ...]:
    """Name, map key, rule and whether required, for each field that has a map key; made once a class."""
    known = _TABLES.get(cls)
    if known is not None:
        return known
    rows = []
    for field in fields(cls):
        if "at" in field.metadata:
            label, rule, required = field.metadata["at"]
            rows.append((field.name, label, rule, required or field.default is MISSING))
    return _TABLES.setdefault(cls, tuple(rows))


def read(cls: type[T], value: Value, **others: Any) -> T:
    """`cls` from a decoded map; `others` are those without a map key. Raises Malformed, naming the field."""
    if not isinstance(value, dict):
        raise Malformed("not a map")
    found = 0
    for name, label, rule, required in table(cls):
        if label in value:
            found += 1
            try:
                others[name] = rule.parse(value[label])
            except Malformed as error:
                raise Malformed(f"{name} (key {label}): {error}") from error
        elif required:
            raise Malformed(f"{name} (key {label}) is missing")
    if found != len(value):
        known = {label for _, label, _, _ in table(cls)}
        raise Malformed(f"unknown key {next(label for label in value if label not in known)!r}")
    return cls(**others)


def write(body: Any) -> dict[Any, Value]:
    """The map of a dataclass: the inverse of `read`. Optional fields that are None are left out.

    Raises Malformed, naming the field, for a value that is read and no longer built.
    """
    result: dict[Any, Value] = {}
    values: Mapping[str, Any] = {name: getattr(body, name) for name, *_ in table(type(body))}
    for name, label, rule, required in table(type(body)):
        if required or values[name] is not None:
            try:
                result[label] = rule.dump(values[name])
            except Malformed as error:
                raise Malformed(f"{name} (key {label}): {error}") from error
    return result
