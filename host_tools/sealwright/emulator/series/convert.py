"""From rows to the series file an emulated board replays (`boards/emulated/series.py` reads it).

One line of JSON, then for each row, little-endian: seconds since the first row (u32) and one i32 a column,
the value times 10**-exponent. Fixed-size records let a board with little memory look up any second by
seeking.
"""

import json
import struct
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from ...errors import Usage, cause_of
from .measured import Source, measured
from .sensors import INA219_HIGHEST_MICROAMPERE, SENSORS, Column
from .spec import SensorSpec
from .table import Row, Table, fault, read_table, seconds_between

FORMAT, VERSION = "sealwright-series", 1
_VOLTAGE = Fraction(18)


@dataclass(frozen=True)
class Summary:
    """What a series file holds; `rows` and `skipped` count rows of the CSV, `seconds` is one round of it."""

    sensor: str
    source: str
    rows: int
    skipped: int
    seconds: int
    speed: int
    start: int
    scale: Fraction
    voltage: Fraction | None

    def describe(self) -> str:
        """One line for people."""
        hours, minutes = divmod(self.seconds // 60, 60)
        text = f"{self.sensor}: {self.rows} rows of {self.source}, {hours} h {minutes} min"
        text += f", {self.speed} s of it a second, from second {self.start} on"
        if self.scale != 1:
            text += f", power times {self.scale}"
        if self.voltage is not None:
            text += f", at {float(self.voltage):g} V"
        return text + (f"; {self.skipped} incomplete rows left out" if self.skipped else "")


def write_series(spec: SensorSpec, path: Path) -> Summary:
    """Write the series file for `spec` to `path`, whole or not at all.

    Raises Usage for a CSV file that is missing or faulty (naming line and column), for a start outside it,
    and where `path` cannot be written.
    """
    source = measured(spec.sensor) if spec.path is None else Source(spec.path)
    if spec.scale is not None:
        source = replace(source, scale=spec.scale)
    table = read_table(source, SENSORS[spec.sensor], optional="voltage")
    if len(table.rows) < 2:
        why = f"{source.path}: complete rows: {len(table.rows)}; a series needs two"
        raise Usage(why, remedy="Check that every column has values.", code="bad_csv")
    voltage = _add_voltage(spec, source, table)
    offsets = [seconds_between(table.rows[0].time, row.time) or 0 for row in table.rows]
    seconds = 2 * offsets[-1] - offsets[-2]
    if seconds >= 1 << 32:
        raise Usage(f"{source.path} spans more than 136 years", remedy="Check its times.", code="bad_csv")
    start = _start(spec.start or source.start, source, table, offsets)
    scale = source.scale if spec.sensor == "ina219" else Fraction(1)
    rows = len(table.rows)
    summary = Summary(spec.sensor, source.path.name, rows, table.skipped, seconds, spec.speed, start, scale, voltage)
    _write(path, _header(summary, table.columns), offsets, table)
    return summary


def _add_voltage(spec: SensorSpec, source: Source, table: Table) -> Fraction | None:
    """For an INA219: fill in the voltage where the file has none, and refuse what its shunt cannot carry."""
    if spec.sensor != "ina219":
        return None
    power, voltage = SENSORS["ina219"]
    steady = None
    if voltage not in table.columns:
        steady = _VOLTAGE if spec.voltage is None else spec.voltage
        if steady > voltage.high:
            remedy = f"Choose one up to {voltage.high} V."
            raise Usage(f"voltage={float(steady):g} is too much: {voltage.hint}", remedy=remedy)
        table.columns = (power, voltage)
        table.rows = [replace(row, values=(*row.values, steady)) for row in table.rows]
    elif spec.voltage is not None:
        remedy = "Leave out voltage=, or rename the column."
        raise Usage(f"{source.path} has a voltage column of its own", remedy=remedy)
    for row in table.rows:
        _check_current(source, row)
    return steady


def _check_current(source: Source, row: Row) -> None:
    power, voltage = row.values
    if abs(power) * 1_000_000 <= INA219_HIGHEST_MICROAMPERE * voltage:
        return
    highest = INA219_HIGHEST_MICROAMPERE * voltage / 1_000_000
    why = f"{float(power):g} W at {float(voltage):g} V is beyond the sensor's {float(highest):.1f} W"
    raise fault(source, row.line, source.columns.get("power", ("power", 1))[0], why, "Scale it: scale=1/100.")


def _start(text: str, source: Source, table: Table, offsets: list[int]) -> int:
    """Seconds after the first row at which the board is switched on."""
    if text.isdecimal():
        if int(text) > offsets[-1]:
            why = f"start={text} is behind the last row of {source.path}, second {offsets[-1]}"
            raise Usage(why, remedy="Choose an earlier start.", code="bad_sensor_spec")
        return int(text)
    for row, offset in zip(table.rows, offsets, strict=True):
        if isinstance(row.time, datetime) and row.time.strftime("%H:%M") >= text:
            return offset
    why = f"start={text}: no row of {source.path} is at or after this time of day"
    remedy = "Choose another time, or give start in seconds if the file's times are numbers."
    raise Usage(why, remedy=remedy, code="bad_sensor_spec")


def _header(summary: Summary, columns: tuple[Column, ...]) -> bytes:
    header = {
        "format": FORMAT,
        "version": VERSION,
        "sensor": summary.sensor,
        "columns": [column.name for column in columns],
        "exponents": [column.exponent for column in columns],
        "rows": summary.rows,
        "seconds": summary.seconds,
        "speed": summary.speed,
        "start": summary.start,
        "source": summary.source,
        "scale": str(summary.scale),
    }
    return json.dumps(header).encode("ascii") + b"\n"


def _write(path: Path, header: bytes, offsets: list[int], table: Table) -> None:
    layout = struct.Struct(f"<I{len(table.columns)}i")
    steps = [Fraction(10) ** -column.exponent for column in table.columns]
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("wb") as file:
            file.write(header)
            for row, offset in zip(table.rows, offsets, strict=True):
                values = (round(value * step) for value, step in zip(row.values, steps, strict=True))
                file.write(layout.pack(offset, *values))
        draft.replace(path)
    except OSError as error:
        raise Usage(
            f"{path} cannot be written: {cause_of(error)}",
            remedy="Choose another folder, or make room in this one.",
        ) from error
