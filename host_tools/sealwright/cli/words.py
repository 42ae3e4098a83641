"""Values in words: ids, amounts, times, custody, safe to print on a terminal."""

import time
from collections.abc import Iterable, Mapping
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Final

from ..money import Assets
from ..wire.labels import CLOCK_HOST
from ..wire.messages import DevicePolicy, Limit
from ..wire.times import utc

CUSTODY: Final = ("open", "sealed", "element")
SMALLEST: Final = Assets()  # without declarations amounts are in smallest units
CLOCK: Final = ("unset", "running since boot", "set by a host", "set by network time")

_SHORTEST: Final = 8  # hexadecimal digits of an id
MAX_EXACT: Final = 2**53 - 1  # JavaScript's Number.MAX_SAFE_INTEGER


def plain(text: str) -> str:
    """`text` on one line, without control characters: a device or a bundle may say anything, a terminal would obey it,
    and a line break would make a line that looks like ours."""
    if text.isprintable():  # nearly always
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def number(count: int, noun: str) -> str:
    """ "1 channel", "2 channels", "0 entries": how many of a thing there are."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ry") else f"{count} {noun}s"


def short(identifier: bytes) -> str:
    """The first 16 hexadecimal digits of an id or digest: the device's kid, and enough to tell a fleet apart."""
    return identifier[:8].hex()


def prefixes(identifiers: Iterable[bytes]) -> dict[bytes, str]:
    """For each id or digest the shortest beginning, in hexadecimal, that no other of them has: 8 digits or more."""
    ordered = sorted(set(identifiers))
    digits = [one.hex() for one in ordered]
    shared = [_SHORTEST - 1] * (len(digits) + 1)  # digits in common with the one before
    for at in range(1, len(digits)):
        pairs = zip(digits[at - 1], digits[at], strict=True)
        shared[at] = max(_SHORTEST - 1, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return {one: digits[at][: max(shared[at], shared[at + 1]) + 1] for at, one in enumerate(ordered)}


def named(device: bytes | None, names: Mapping[bytes, str]) -> str:
    """A device's name, else the beginning of its id."""
    return "" if device is None else names.get(device) or short(device)


def clock(unix: int) -> str:
    """A time of the wire as UTC, to the second; the bare number where no calendar has it."""
    return utc(unix)


def worth_of_clock(quality: int) -> str:
    """What to think of a time under this clock quality; empty where a host or a network had set the clock."""
    return "" if quality >= CLOCK_HOST else "clock not set"


def custody(level: int) -> str:
    """A custody level as number and word."""
    return f"{level} ({CUSTODY[level]})" if 0 <= level < len(CUSTODY) else str(level)


def amount(value: int, asset: str, assets: Assets = SMALLEST) -> str:
    """An amount in smallest units as people write it. assets: those that are declared."""
    return assets.show(value, asset)


def spending(
    policy: DevicePolicy | None, assets: Assets = SMALLEST, names: Mapping[bytes, str] = MappingProxyType({})
) -> str:
    """A spending policy in one line. names: of devices, for its payees, which it has by their ids."""
    if policy is None:
        return "none: it will not pay"
    parts = [_limit(asset, limit, assets) for asset, limit in policy.limits.items()]
    if policy.payees is not None:
        parts.append("only to " + ", ".join(named(payee, names) for payee in policy.payees))
    if policy.button_above is not None:
        one = next(iter(policy.limits)) if len(policy.limits) == 1 else None
        above = f"{policy.button_above:,}" if one is None else assets.show(policy.button_above, one)
        parts.append(f"button above {above}")
    if policy.not_after is not None:
        parts.append(f"until {clock(policy.not_after)}")
    return "; ".join(parts)


def _limit(asset: str, limit: Limit, assets: Assets) -> str:
    return f"{assets.show(limit.per_voucher, asset)} a voucher, {assets.show(limit.per_day, asset)} a day"


def ago(start: float) -> str:
    """The time since `start` (of time.monotonic), for people."""
    return f"{time.monotonic() - start:.1f} s"


def json_value(value: Any) -> Any:
    """A CBOR value as JSON can say it: byte strings in hexadecimal, map keys as text, and integers that a reader with
    64-bit floats would round (RFC 8259 section 6) as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | Mapping):
        return {key if isinstance(key, str) else str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, int) and abs(value) > MAX_EXACT:
        return str(value)
    return value
