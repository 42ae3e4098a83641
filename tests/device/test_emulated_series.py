"""Replaying a series: interpolation, speed, start, the end of the file, and files that are no series."""

import gc
import json
import os
import struct

from check import raises
from drivers.bme280 import BME280
from drivers.ina219 import INA219
from emulated.i2c import I2C
from emulated.sensors import plug
from emulated.series import Series

PATH = "series-" + os.urandom(6).hex() + ".tmp"


class Clock:
    now = 0

    def __call__(self):
        return self.now


def header(rows, columns=("power", "voltage"), seconds=240, sensor="ina219", speed=60, start=0):
    return {
        "format": "sealwright-series",
        "version": 1,
        "sensor": sensor,
        "columns": list(columns),
        "exponents": [-3] * len(columns),
        "rows": rows,
        "seconds": seconds,
        "speed": speed,
        "start": start,
    }


def write(head, records):
    with open(PATH, "wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        for record in records:
            file.write(struct.pack("<I" + "i" * (len(record) - 1), *record))


RECORDS = ((0, 1000, 12_000), (60, 2000, 12_000), (180, -1000, 15_000))


def with_series(test, head=None, records=RECORDS, **options):
    clock = Clock()
    write(head or header(len(records)), records)
    try:
        test(clock, Series(PATH, clock, **options))
    finally:
        os.remove(PATH)


def test_interpolates_between_records_and_wraps():
    def check(clock, series):
        assert (series.sensor, series.columns) == ("ina219", ["power", "voltage"])
        for now, expected in (
            (0, (1000, 12_000)),
            (500, (1500, 12_000)),
            (999, (1999, 12_000)),
            (1000, (2000, 12_000)),
            (2000, (500, 13_500)),
            (3000, (-1000, 15_000)),
            (3500, (0, 13_500)),
            (3999, (998, 12_003)),
            (4000, (1000, 12_000)),
            (4500, (1500, 12_000)),
            (4_000_000 + 1000, (2000, 12_000)),
        ):
            clock.now = now
            assert series() == expected, (now, series(), expected)

    with_series(check)


def test_speed_and_start_from_file_and_from_board():
    def from_file(clock, series):
        assert series() == (2000, 12_000)
        clock.now = 120_000
        assert series() == (-1000, 15_000)

    with_series(from_file, header(3, speed=1, start=60))

    def from_board(clock, series):
        assert series() == (-1000, 15_000)
        clock.now = 500
        assert series() == (998, 12_003) or series() == (0, 13_500)

    with_series(from_board, header(3, speed=1, start=60), speed=60, start=180)


def test_long_file_needs_constant_memory():
    rows = 20_000
    write(header(rows, seconds=rows * 60), [])
    with open(PATH, "ab") as file:
        for i in range(rows):
            file.write(struct.pack("<Iii", i * 60, i, -i))
    clock = Clock()
    series = Series(PATH, clock)
    try:
        gc.collect()
        for i in (0, 1, 2, 19_998, 7, 12_345):
            clock.now = i * 1000 + 20_000_000 * (i == 7)
            series._position, series._last_ticks = clock.now * 60, clock.now
            assert series() == (i, -i)
    finally:
        os.remove(PATH)


def test_invalid_series_file_is_refused():
    for content in (
        b"",
        b"time,power\n1,2\n",
        b"{}\n",
        b"[]\n",
        b"\xff\xfe\n",
        b'{"format": "sealwright-series"}\n',
    ):
        with open(PATH, "wb") as file:
            file.write(content)
        assert PATH in str(raises(ValueError, Series, PATH)), content
    write(header(4), RECORDS)
    assert "cut short" in str(raises(ValueError, Series, PATH))
    os.remove(PATH)
    raises(OSError, Series, PATH)


def test_drivers_read_series_through_their_chips():
    clock = Clock()
    bus = I2C()
    write(header(3, speed=1), RECORDS)
    plug(bus, Series(PATH, clock))
    power = INA219(bus)
    assert abs(power.read()[2][3] - 1000) <= 6
    clock.now = 60_000
    assert abs(power.read()[2][3] - 2000) <= 6
    columns = ("temperature", "pressure", "humidity")
    write(header(2, columns, 60, "bme280"), ((0, 2153, 80_917, 41_500), (30, -500, 80_000, 97_430)))
    plug(bus, Series(PATH, clock))
    assert bus.scan() == [0x40, 0x76]
    t, p, h = BME280(bus).read()
    assert abs(t[3] - 2153) <= 1 and abs(p[3] - 80_917) <= 1 and abs(h[3] - 4150) <= 2
    write(header(2, ("temperature",), 60, "mcu"), ((0, 251), (30, 260)))
    series = Series(PATH, clock)
    assert series() == (251,)
    assert "mcu" in str(raises(ValueError, plug, bus, series))
    os.remove(PATH)
