"""Values in words, for a page: ids, times, ages. Every text of a device goes through `plain`."""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ...wire.times import utc

CUSTODY: Final = ("open", "sealed", "element")
CLOCK: Final = ("unset", "since boot", "set by a host", "network time")
MOST_EXACT: Final = 2**53 - 1  # JavaScript's Number.MAX_SAFE_INTEGER
_SPANS: Final = ((86400, "d"), (3600, "h"), (60, "min"))
_LONGEST: Final = 300  # characters of a text that others wrote


def plain(text: str) -> str:
    """A text of others on one line, without characters that turn or hide what stands around them."""
    kept = text[:_LONGEST]
    return kept if kept.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in kept)


def short(identifier: bytes | str) -> str:
    """The first 16 hexadecimal digits."""
    return identifier[:16] if isinstance(identifier, str) else identifier[:8].hex()


def named(device: bytes, names: Mapping[bytes, str]) -> str:
    """A device's name, else the beginning of its id."""
    return plain(names.get(device) or short(device))


def ago(unix: int | None, now: float | None = None) -> str:
    """How long ago a time is: "12 s", "3 min", "5 h", "9 d"; "never" for None."""
    if unix is None:
        return "never"
    seconds = int((time.time() if now is None else now) - unix)
    if seconds < 0:
        return "in " + ago(unix, 2 * unix - (time.time() if now is None else now))
    return next((f"{seconds // size} {unit}" for size, unit in _SPANS if seconds >= size), f"{seconds} s")


def when(unix: int | None) -> str:
    """Unix seconds as UTC."""
    return utc(unix)


def custody(level: int) -> str:
    """A custody level as number and word."""
    return f"{level} {CUSTODY[level]}" if 0 <= level < len(CUSTODY) else str(level)


def clock(quality: int | None) -> str:
    """What set a device's clock; empty where nobody knows."""
    return CLOCK[quality] if quality is not None and 0 <= quality < len(CLOCK) else ""


def value_text(value: Decimal | str | bytes | bool) -> str:
    """A measured value, exact."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return value[:64].hex()
    return plain(value) if isinstance(value, str) else f"{value:f}" if abs(value.adjusted()) < 40 else str(value)


def exact(value: int) -> int | str:
    """A number for JSON: text where JavaScript would round it."""
    return value if -MOST_EXACT <= value <= MOST_EXACT else str(value)


def whole(value: Any) -> int | None:
    """An integer that a device said, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None
