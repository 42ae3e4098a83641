"""Put the chips that measured the series files on an emulated board's bus."""

from emulated.bme280 import BME280Chip
from emulated.ina219 import INA219Chip
from emulated.series import Series
from seal.compat import ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from emulated.i2c import I2C
    from seal.ports import Ticks

# The addresses on breakout boards, without a solder bridge.
CHIPS: "dict[str, tuple[int, Callable[..., Any]]]" = {"bme280": (0x76, BME280Chip), "ina219": (0x40, INA219Chip)}


def plug(i2c: "I2C", series: Series, ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
    """Attach the chip that replays `series` to `i2c`; the series says which. ticks: the chip's clock. Raises
    ValueError for a kind that is not on the bus."""
    if series.sensor not in CHIPS:
        raise ValueError("no chip model for %s; there are %s" % (series.sensor, ", ".join(sorted(CHIPS))))
    address, model = CHIPS[series.sensor]
    i2c.attach(address, model(series, ticks=ticks))


def solder(i2c: "I2C", paths: list[str], ticks: "Callable[[], Ticks]" = ticks_ms) -> dict[str, Series]:
    """Attach the chips that replay the series files `paths`; returns the series that are no chips', by sensor.
    Raises OSError, ValueError for what is no series."""
    rest = {}
    for path in paths:
        series = Series(path, ticks)
        if series.sensor in CHIPS:
            plug(i2c, series, ticks)
        else:
            rest[series.sensor] = series
    return rest
