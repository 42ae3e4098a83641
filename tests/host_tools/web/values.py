"""Draws values that the schema allows in a field: by its rule, near what was there, or from what others say."""

import random
from dataclasses import is_dataclass, replace
from typing import Any

from sealwright.errors import SealwrightError
from sealwright.wire.keys import PublicKey
from sealwright.wire.messages import claims, cose_key, embedded, factory, row, schema
from sealwright.wire.messages.decimals import DecimalFraction

from tests.host_tools.factory import NOW

TIMES = (NOW - 1, NOW, NOW + 1, NOW + 300, NOW + 301, NOW - 10**6)
NUMBERS = (0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 40, 63, 64, 1000, 2**20, 2**20 + 1, 2**32, 2**53 - 1, 2**53, 2**63 - 1)


class Values:
    """pool: for each type of value what others say. Draws from a seed."""

    def __init__(self, draw: random.Random, pool: dict) -> None:
        self.random, self.pool = draw, pool
        self._by_rule = {
            schema.Unsigned: self._unsigned,
            schema.Bytes: self._bytes,
            schema.Boolean: lambda rule, value: self.random.random() < 0.5,
            schema.Nullable: lambda rule, value: None if self.one_in(4) else self.of(rule.rule, value),
            schema.NumberRule: lambda rule, value: self.random.choice((-1, 7, DecimalFraction(-2, 2**64 - 1))),
            schema.ListOf: self._list,
            schema.Pair: lambda rule, value: (self.of(rule.rule, 0), self.of(rule.rule, 0)),
            schema.Struct: self._struct,
            row.Row: self._row,
            claims.ClaimsRule: self._claims,
            cose_key.KeyRule: self._pooled(PublicKey),
            cose_key.Confirmation: self._pooled(PublicKey),
            embedded.EmbeddedCertificate: self._pooled("certificate"),
            factory._Outcome: lambda rule, value: self.random.choice((True, 0, 255)),
        }

    def one_in(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    def of(self, rule: Any, value: Any) -> Any:
        """Another value under the rule, or the same where there is nothing to draw."""
        if isinstance(rule, schema.Text):
            return self.random.choice((value, *self.pool[str])) or "x"
        make = self._by_rule.get(type(rule))
        return value if make is None else make(rule, value)

    def field(self, body: Any, without: float = 0.3) -> Any:
        """The body with one field drawn anew. Raises what its class does for what it does not take."""
        name, _, rule, required = self.random.choice(schema.table(type(body)))
        if not required and getattr(body, name) is not None and self.random.random() < without:
            return replace(body, **{name: None})
        return replace(body, **{name: self.of(rule, getattr(body, name))})

    def _pooled(self, kind: Any) -> Any:
        return lambda rule, value: self.random.choice(self.pool[kind])

    def _unsigned(self, rule: Any, value: Any) -> int:
        near = [] if value is None else [value - 1, value + 1, value + 2, value - 100]
        wanted = self.random.choice((*near, *near, *NUMBERS, *TIMES, *TIMES, rule.low, rule.high))
        return min(max(wanted, rule.low), rule.high)

    def _bytes(self, rule: Any, value: Any) -> bytes:
        same = [one for one in self.pool[bytes] if rule.size is None or len(one) == rule.size]
        return self.random.choice(same) if same and not self.one_in(4) else self.random.randbytes(rule.size or 3)

    def _list(self, rule: Any, value: Any) -> tuple:
        items = list(value or ())
        kind = self.random.randrange(4)
        if kind == 0 and len(items) > 1:
            items.pop(self.random.randrange(len(items)))
        elif kind == 1 and items:
            at = self.random.randrange(len(items))
            items[at] = self.of(rule.rule, items[at])
        else:
            made = self.of(rule.rule, items[0] if items else None)
            items.insert(self.random.randrange(len(items) + 1), made)
        return tuple(item for item in items if item is not None) or (value or None)

    def _struct(self, rule: Any, value: Any) -> Any:
        return self.field(value) if is_dataclass(value) else None

    def _row(self, rule: Any, value: Any) -> Any:
        return rule.cls(*(self.of(one, None if value is None else value[at]) for at, one in enumerate(rule.rules)))

    def _claims(self, rule: Any, value: Any) -> tuple:
        made = [self._row(claims._CLAIM, one) for one in (*(value or ()), *[None] * self.random.randrange(2))]
        return tuple(sorted({one.lane: one for one in made}.values()))


def tried(make: Any) -> Any:
    """What `make` gives, or None where a class or a rule does not take it."""
    try:
        return make()
    except (SealwrightError, TypeError, ValueError, OverflowError):
        return None
