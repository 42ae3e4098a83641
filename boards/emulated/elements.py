"""Put the chip that keeps keys on an emulated board's bus, where the board has one."""

from seal.compat import ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from emulated.i2c import I2C
    from seal.ports import Ticks

ATECC608 = "atecc608"


def solder(i2c: "I2C", kind: str | None, folder: str, ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
    """Attach the chip `kind`; None: the board has none. Its memory is a file in `folder`, empty or ending in "/".
    Raises ValueError for a kind that there is no model of."""
    if kind is None:
        return
    if kind != ATECC608:
        raise ValueError("no chip model for %s; there is %s" % (kind, ATECC608))
    from emulated.atecc608 import ADDRESS, ATECC608Chip  # heap, for the boards that have one

    i2c.attach(ADDRESS, ATECC608Chip(folder + kind + ".json", ticks))
