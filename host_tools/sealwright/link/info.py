"""What a device says of itself, checked before anything relies on it: the link proves nothing of who answers.

The names are those of firmware/schema/rpc.cddl. Names that are not in the table are left as they are: a newer firmware
may say more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import Malformed
from ..wire.cbor import Value
from ..wire.messages import DevicePolicy
from ..wire.messages.schema import AMOUNT, BOOL, HASH, TEXT, UINT, Nullable, Pair, Rule, Struct, Unsigned

STATES: Final = ("blank", "keyed", "provisioned", "wiped", "damaged")
ORDER_STATES: Final = 5
_INTEGER: Final = Unsigned(-(2**63), 2**63 - 1)


class Row(Rule):
    """An array of as many elements as there are rules, in that order."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def parse(self, value: Value) -> Any:
        if not isinstance(value, list) or len(value) != len(self.rules):
            raise Malformed(f"not an array of {len(self.rules)}")
        return [rule.parse(item) for rule, item in zip(self.rules, value, strict=True)]


class Rows(Rule):
    """An array, which may be empty, under one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def parse(self, value: Value) -> Any:
        if not isinstance(value, list):
            raise Malformed("not an array")
        return [self.rule.parse(item) for item in value]


class _Named(Rule):
    """A map from names to values under one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def parse(self, value: Value) -> Any:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise Malformed("not a map of names")
        return {name: self.rule.parse(item) for name, item in value.items()}


_ALWAYS: Final[dict[str, Rule]] = {
    "state": TEXT,
    "fault": Nullable(UINT),
    "firmware": TEXT,
    "model": TEXT,
    "custody": Unsigned(0, 2),
    "engine": TEXT,
    "clock": Row(UINT, Unsigned(0, 3)),
    "device": Nullable(HASH),
    "peer": Nullable(TEXT),
    "sensors": Rows(TEXT),
}
_SLOTS: Final[dict[str, Rule]] = {
    "slot": TEXT,
    "version": UINT,
    "trial": BOOL,
}
_SOMETIMES: Final[dict[str, Rule]] = {
    "owner": HASH,
    "transfers": UINT,
    "arch": TEXT,
    "rotations": UINT,
    "rolled_back": UINT,
    "hss": BOOL,
    "clock_fault": Nullable(UINT),
    "peers": Rows(TEXT),
    "protection": _Named(AMOUNT),
    "batch": UINT,
    "waiting": UINT,
    "awake": UINT,
    "uptime": Pair(UINT),
    "locked": BOOL,
    "fault_by_seller": BOOL,
    "ticks": Nullable(Pair(UINT)),
    "buying": Nullable(Row(Nullable(HASH), TEXT, TEXT, AMOUNT)),
}
_PROVISIONED: Final[dict[str, Rule]] = {
    "device": HASH,
    "network": HASH,
    "command_seq": UINT,
    "paused": BOOL,
    "policy": Nullable(Struct(DevicePolicy)),
    "offer": Nullable(Row(TEXT, TEXT, AMOUNT)),
    "interval": UINT,
    "reading_seq": UINT,
    "acknowledged": UINT,
    "sensor_fault": Nullable(UINT),
    "trade_fault": Nullable(UINT),
    "uplink": Nullable(Row(Nullable(TEXT), BOOL, Nullable(UINT), UINT)),
    "bought": Nullable(Rows(Row(TEXT, TEXT, _INTEGER, Nullable(_INTEGER)))),
    "order": Nullable(Row(Unsigned(0, ORDER_STATES - 1), Nullable(UINT), Nullable(Pair(UINT)))),
    "channels": Pair(UINT),
}


@dataclass(frozen=True, slots=True)
class Info:
    """What a device says of itself. `raw` has everything it said, by name."""

    state: str
    model: str
    firmware: str
    custody: int
    device: bytes | None
    raw: dict[str, Any]

    @property
    def provisioned(self) -> bool:
        return self.state == "provisioned"

    @property
    def peers(self) -> list[str]:
        """Addresses where other devices reach it, such as tcp:HOST:PORT or uart:0; older firmware names one alone."""
        first: str | None = self.raw["peer"]
        named: list[str] = self.raw.get("peers", [] if first is None else [first])
        return named


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as a device keeps it: its messages and the certificates of the other party that are not its own."""

    paying: bool
    messages: list[bytes]
    certificates: list[bytes]


def parse_info(value: Value) -> Info:
    """An Info from a device's answer. Raises Malformed, naming what is wrong."""
    if not isinstance(value, dict):
        raise Malformed("not a map")
    raw: dict[Any, Any] = dict(value)
    _check(raw, _ALWAYS)
    if raw["state"] not in STATES:
        raise Malformed(f"a state {raw['state']!r} that is none")
    if "slot" in raw:
        _check(raw, _SLOTS)
    _check(raw, {name: rule for name, rule in _SOMETIMES.items() if name in raw})
    if raw["state"] == "provisioned":
        _check(raw, _PROVISIONED)
    return Info(raw["state"], raw["model"], raw["firmware"], raw["custody"], raw["device"], raw)


def _check(raw: Mapping[Any, Any], rules: Mapping[str, Rule]) -> None:
    for name, rule in rules.items():
        try:
            rule.parse(raw[name])
        except KeyError as error:
            raise Malformed(f"{name} is missing") from error
        except Malformed as error:
            raise Malformed(f"{name}: {error}") from error


def byte_strings(value: Any) -> list[bytes]:
    """A device's answer as messages. Raises Malformed."""
    if not isinstance(value, list) or not all(isinstance(item, bytes) for item in value):
        raise Malformed("the device answered with something else than messages")
    return value
