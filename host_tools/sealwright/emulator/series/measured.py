"""The measured series that come with Sealwright: where they are, and what their columns mean.

They were measured by the National Renewable Energy Laboratory in Golden, Colorado, and come from the CSV files in the
PyPI package pvanalytics 0.2.2 (MIT, data/LICENSE): the rows and values as they are there, the columns that are used
here alone.

- bme280: `rmis_weather_data.csv`, the RMIS weather station, 1 to 4 January 2022, every five minutes. Its
  first column, the time, has no label; the other labels fit the columns after it: ambient temperature
  -15.7..12.7 Cel, pressure 808.7..823.9 (so mbar, at 1,800 m), relative humidity 13..97 %. The last row of
  each day is empty.
- ina219: `serf_east_1min_ac_power.csv`, AC power of the array on the east of the SERF building, 18 and 19
  March 2022, every minute, -5..4629 W (negative at night: its inverter draws power). Scaled to 1/100 it is a
  panel of 46 W, written as if at a steady 18 V: the file has no voltage.
- mcu: `nrel_RSF_II.csv`, column inv2_temp__1050: the temperature of an inverter's electronics on the RSF II
  building, 2 to 6 January 2022, every 15 minutes, 20..64 Cel. It is used as that of a microcontroller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Source:
    """A CSV file: which of its columns is which, times what, and what to assume where a SPEC says nothing."""

    path: Path
    time: str = "time"
    time_format: str | None = None
    columns: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    scale: Fraction = Fraction(1)
    start: str = "0"


_AMERICAN = "%m/%d/%Y %H:%M"
_MEASURED: dict[str, Source] = {
    "bme280": Source(
        Path("rmis_weather_data.csv"),
        "",
        _AMERICAN,
        {
            "temperature": ("Ambient Temperature", 1),
            "pressure": ("Barometric Pressure", 100),
            "humidity": ("Relative Humidity", 1),
        },
        start="08:00",
    ),
    "ina219": Source(
        Path("serf_east_1min_ac_power.csv"),
        "measured_on",
        None,
        {"power": ("ac_power__752", 1)},
        Fraction(1, 100),
        "08:00",
    ),
    "mcu": Source(Path("nrel_RSF_II.csv"), "", _AMERICAN, {"temperature": ("inv2_temp__1050", 1)}, start="08:00"),
}


def measured(sensor: str) -> Source:
    """The measured series for `sensor`."""
    source = _MEASURED[sensor]
    return replace(source, path=_FOLDER / source.path)
