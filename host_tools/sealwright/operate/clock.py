"""This computer's time, where a device will rely on it: a computer whose clock was never set must set no device's."""

import time
from datetime import UTC, datetime
from typing import Final

from ..errors import Usage

MIN_TIME: Final = 1_767_225_600  # 2026-01-01: the years that devices take, as firmware/schema/rpc.cddl has them
MAX_TIME: Final = 4_102_444_800  # 2100-01-01


def now() -> int:
    """Unix seconds. Raises Usage outside of 2026 to 2099."""
    found = int(time.time())
    if not MIN_TIME <= found < MAX_TIME:
        day = f"{datetime.fromtimestamp(max(0, min(found, MAX_TIME)), UTC):%Y-%m-%d}"
        why = f"this computer's clock says {day}, and devices take times of 2026 to 2099"
        raise Usage(why, remedy="Set this computer's clock first: devices and certificates get it.", code="bad_clock")
    return found
