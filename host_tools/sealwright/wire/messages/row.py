"""The rule for an array of a fixed form, such as `[uint, hash]`."""

from typing import Any

from ...errors import Malformed
from ..cbor import Value
from .schema import Rule


class Row(Rule):
    """An array with one rule for each place; a named tuple here, whose fields are the places in their order."""

    def __init__(self, cls: type[Any], *rules: Rule) -> None:
        self.cls, self.rules = cls, rules

    def parse(self, value: Value) -> Any:
        if not isinstance(value, list) or len(value) != len(self.rules):
            raise Malformed(f"not an array of {len(self.rules)}")
        return self.cls(*(rule.parse(part) for rule, part in zip(self.rules, value, strict=True)))

    def dump(self, value: Any) -> Value:
        return [rule.dump(part) for rule, part in zip(self.rules, value, strict=True)]
