"""What `--sensor SPEC` says: which sensor an emulated board has, and what that sensor saw.

    SENSOR                          the measured series that comes with Sealwright
    SENSOR=measured[,OPTION...]     the same, with options
    SENSOR=csv:FILE[,OPTION...]     your own; FILE may not contain a comma

SENSOR is bme280, ina219 or mcu. Options:

    speed=N       seconds of the series that pass in one second, 1..86400; default 60
    start=HH:MM   begin at the first row at or after this time of day, as the file writes it (default of the
                  measured series: 08:00, in daylight)
    start=N       begin N seconds after the first row (default of a CSV file: 0)
    scale=A/B     ina219: multiply the power by it, also as a decimal number (measured: 1/100; CSV: 1)
    voltage=V     ina219: the voltage in V where the file has no voltage column (default 18)
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ...errors import Usage
from .sensors import SENSORS

_REMEDY = "Write SENSOR, SENSOR=measured or SENSOR=csv:FILE, then options: ina219=csv:f.csv,scale=1/100,speed=60"
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_DEFAULT_SPEED = 60


@dataclass(frozen=True)
class SensorSpec:
    """A parsed SPEC. `path` None is the measured series; an option that is None was not given."""

    sensor: str
    path: Path | None = None
    speed: int = _DEFAULT_SPEED
    start: str | None = None
    scale: Fraction | None = None
    voltage: Fraction | None = None


def parse_spec(text: str) -> SensorSpec:
    """The SensorSpec `text` says. Raises Usage for an unknown sensor, source or option, or a bad value."""
    sensor, _, rest = text.partition("=")
    if sensor not in SENSORS:
        raise _wrong(text, f"there is no sensor {sensor!r}; there are {', '.join(SENSORS)}")
    source, *parts = rest.split(",") if rest else ["measured"]
    path: Path | None = None
    if source.startswith("csv:") and len(source) > len("csv:"):
        path = Path(source.removeprefix("csv:")).expanduser()
    elif source != "measured":
        raise _wrong(text, f"the source {source!r} is neither measured nor csv:FILE")
    options = _options(text, sensor, parts)
    return SensorSpec(
        sensor,
        path,
        _speed(text, options.get("speed", str(_DEFAULT_SPEED))),
        _start(text, options.get("start")),
        _fraction(text, "scale", options.get("scale")),
        _fraction(text, "voltage", options.get("voltage")),
    )


def _options(text: str, sensor: str, parts: list[str]) -> dict[str, str]:
    known = ["speed", "start"] + (["scale", "voltage"] if sensor == "ina219" else [])
    options: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if name not in known or not equals:
            raise _wrong(text, f"{part!r} is no option of {sensor}; there are {', '.join(known)}")
        if name in options:
            raise _wrong(text, f"{name} is there twice")
        options[name] = value
    return options


def _speed(text: str, value: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", value) or not 1 <= int(value) <= 86_400:
        raise _wrong(text, f"speed={value} is no whole number from 1 to 86400")
    return int(value)


def _start(text: str, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]|[0-9]{1,10}", value):
        raise _wrong(text, f"start={value} is neither a time of day, HH:MM, nor a number of seconds")
    return value


def _fraction(text: str, name: str, value: str | None) -> Fraction | None:
    if value is None:
        return None
    parts = value.split("/")
    if len(parts) > 2 or not all(_NUMBER.fullmatch(part) and Fraction(part) > 0 for part in parts):
        raise _wrong(text, f"{name}={value} is no number above 0, such as 18, 0.01 or 1/100")
    return Fraction(parts[0]) / Fraction(parts[1] if len(parts) == 2 else 1)


def _wrong(text: str, why: str) -> Usage:
    return Usage(f"sensor {text!r}: {why}", remedy=_REMEDY, code="bad_sensor_spec")
