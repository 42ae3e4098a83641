"""The time by this computer's clock, where something is signed or decided for good by it.

A machine whose clock is not set believes it is 1970, or the year its firmware was built; a fault in the other direction
says 2036 or 2100. What is certified then is of no use, and a ledger that sees such a time gives every channel back to
its payer. The bounds are those of devices: no time before the first version's year, none from 2100 on, and after the
last time that counted none that is more than LONGEST_PAUSE later.
"""

import os
import time
from datetime import UTC, datetime
from typing import Final

from .errors import Usage

EARLIEST: Final = 1_767_225_600  # 2026-01-01
LATEST: Final = 4_102_444_800  # 2100-01-01
LONGEST_PAUSE: Final = 366 * 86400
CHECKED: Final = "SEALWRIGHT_CLOCK_CHECKED"  # the environment variable that says a person has checked the clock


class ClockWrong(Usage):
    """This computer's clock has a time that cannot be, or that is too far from the last one to be believed."""

    code = "bad_clock"


def now(*, since: int = EARLIEST) -> int:
    """Unix seconds, to sign with. since: what has been signed already is from then. Raises ClockWrong for a time that
    cannot be."""
    found = int(time.time())
    if not max(since, EARLIEST) <= found < LATEST:
        remedy = "Set this computer's clock first: devices and certificates get it."
        raise ClockWrong(f"this computer's clock says {_day(found)}", remedy=remedy)
    return found


def longest_pause() -> int | None:
    """LONGEST_PAUSE, or None where the environment says that a person has checked the clock."""
    return None if os.environ.get(CHECKED) else LONGEST_PAUSE


def check_pause(found: int, last: int, longest: int | None) -> None:
    """Raise ClockWrong for a time that is more than `longest` seconds after the last one that counted. last: 0 where
    there is none."""
    if last and longest is not None and found > last + longest:
        raise ClockWrong(
            f"this computer's clock says {_day(found)}, and the ledger was last written on {_day(last)}",
            remedy=f"Set the clock. If it is right, run this again with {CHECKED}=1: every claim that has ended since "
            "is refunded.",
        )


def _day(unix: int) -> str:
    try:
        return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return f"{unix} seconds after 1970"
