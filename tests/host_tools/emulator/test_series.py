"""Series files: from a SPEC and a CSV file to what an emulated board replays, under both interpreters."""

import json
import os
import shutil
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from sealwright.emulator.series import parse_spec, write_series
from sealwright.emulator.series.sensors import SENSORS
from sealwright.errors import Usage

REPOSITORY = Path(__file__).resolve().parents[3]
POWER = "time,power\n2022-03-18T08:00:00,10\n2022-03-18T08:01:00,20.5\n2022-03-18T08:03:00,-1\n"

REPLAY = """
import sys
from emulated.series import Series
class Clock:
    now = 0
    def __call__(self):
        return self.now
clock = Clock()
series = Series(sys.argv[1], clock)
for now in sys.argv[2:]:
    clock.now = int(now)
    print(" ".join(str(value) for value in series()))
"""


def micropython() -> str | None:
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


@pytest.fixture
def build(tmp_path):
    def build(content: str | bytes, options: str = "", sensor: str = "ina219"):
        source = tmp_path / "data.csv"
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        target = tmp_path / "data.series"
        return write_series(parse_spec(f"{sensor}=csv:{source}{options}"), target), target

    return build


def records(path: Path):
    head, _, body = path.read_bytes().partition(b"\n")
    header = json.loads(head)
    layout = struct.Struct(f"<I{len(header['columns'])}i")
    return header, list(layout.iter_unpack(body))


def test_a_csv_becomes_a_header_and_records(build):
    summary, path = build(POWER, ",speed=30")
    header, rows = records(path)
    assert header == {
        "format": "sealwright-series",
        "version": 1,
        "sensor": "ina219",
        "columns": ["power", "voltage"],
        "exponents": [-3, -3],
        "rows": 3,
        "seconds": 300,
        "speed": 30,
        "start": 0,
        "source": "data.csv",
        "scale": "1",
    }
    assert rows == [(0, 10_000, 18_000), (60, 20_500, 18_000), (180, -1000, 18_000)]
    assert (summary.rows, summary.skipped, summary.seconds, summary.voltage) == (3, 0, 300, Fraction(18))
    assert "3 rows of data.csv" in summary.describe() and "at 18 V" in summary.describe()
    assert not path.with_name("data.series.new").exists()


def test_scale_is_exact_and_only_for_power(build):
    _, path = build("time,power,voltage\n0,300,12.004\n60,1,12\n", ",scale=1/7")
    assert records(path)[1] == [(0, 42_857, 12_004), (60, 143, 12_000)]


def test_rows_that_are_incomplete_are_left_out_and_counted(build):
    text = "time,temperature,x,pressure,humidity\n0,1,,80000,50\n1,,,80000,50\n2,nan,,80000,50\n"
    text += "3,-4.567,?,80000.4,50.0004\n\n"
    summary, path = build(text, sensor="bme280")
    assert records(path)[1] == [(0, 100, 80_000, 50_000), (3, -457, 80_000, 50_000)]
    assert (summary.rows, summary.skipped) == (2, 2)
    assert "2 incomplete rows left out" in summary.describe()


def test_start_by_time_of_day_and_by_seconds(build):
    assert build(POWER, ",start=08:01")[0].start == 60
    assert build(POWER, ",start=08:02")[0].start == 180
    assert build(POWER, ",start=100")[0].start == 100
    with pytest.raises(Usage, match="no row .* at or after this time of day"):
        build(POWER, ",start=09:00")
    with pytest.raises(Usage, match="behind the last row"):
        build(POWER, ",start=181")
    with pytest.raises(Usage, match="time of day"):
        build("time,power\n0,1\n60,2\n", ",start=08:00")


def test_a_byte_order_mark_and_offsets_are_fine(build):
    text = "\ufefftime,temperature\n2022-03-27T01:59:00+01:00,20\n2022-03-27T03:00:00+02:00,21\n"
    assert records(build(text, sensor="mcu")[1])[1] == [(0, 200), (60, 210)]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["column 'power' is missing", "nothing"]),
        ("time,watts\n0,1\n", ["column 'power' is missing", "'watts'"]),
        ("zeit,power\n0,1\n", ["column 'time' is missing"]),
        ("time,power,power\n0,1,1\n", ["column 'power' is there more than once"]),
        ("time,power\n0,1\n60,1,2\n", ["line 3 has 3 values for 2 columns"]),
        ("time,power\n0,1\n60\n", ["line 3 has 1 values for 2 columns"]),
        ("time,power\n0,1\n60,much\n", ["line 3", "'power'", "'much' is no number"]),
        ("time,power\n0,1\n60,inf\n", ["line 3", "'power'", "no measured value"]),
        ("time,power\n0,1\n60,1e999999999\n", ["line 3", "'power'", "no measured value"]),
        ("time,power\n0,1\n60,1e-999999999\n", ["line 3", "'power'", "no measured value"]),
        ("time,power\n0,1\n60,1e9\n", ["line 3", "'power'", "outside -1000000..1000000 W"]),
        ("time,power\n0,1\n60,120\n", ["line 3", "'power'", "120 W at 18 V is beyond", "118.0 W"]),
        ("time,power,voltage\n0,1,0\n60,1,12\n", ["line 2", "1 W at 0 V is beyond"]),
        ("time,power,voltage\n0,1,12\n60,1,27\n", ["line 3", "'voltage'", "outside 0..26"]),
        ("time,power\n0,1\nnoon,1\n", ["line 3", "'time'", "'noon' is no time"]),
        ("time,power\n0,1\n60.5,1\n", ["line 3", "'time'", "no time"]),
        ("time,power\n60,1\n60,1\n", ["line 3", "'time'", "not a second or more after"]),
        ("time,power\n60,1\n0,1\n", ["line 3", "'time'", "not a second or more after"]),
        ("time,power\n0,1\n2022-01-01,1\n", ["line 3", "'time'", "another form"]),
        ("time,power\n2022-01-01T00:00:00Z,1\n2022-01-02,1\n", ["line 3", "'time'", "another form"]),
        ("time,power\n0,1\n", ["complete rows: 1", "needs two"]),
        ("time,power\n0,\n60,nan\n", ["complete rows: 0"]),
        ("time,power\n0,1\n99999999999,1\n", ["136 years"]),
        (b"time,power\n0,\xff\n", ["no CSV file in UTF-8"]),
        ('time,power\n0,"1\n', ["no CSV file in UTF-8"]),
    ],
)
def test_a_bad_csv_names_line_and_column(build, tmp_path, content, parts):
    with pytest.raises(Usage) as caught:
        build(content)
    for part in [*parts, "data.csv"]:
        assert part in str(caught.value)
    assert caught.value.remedy and caught.value.exit_code == 2 and caught.value.code == "bad_csv"
    assert not (tmp_path / "data.series").exists()


def test_hectopascals_are_noticed(build):
    with pytest.raises(Usage, match=r"line 2, column 'pressure': 1013.2 Pa is outside") as caught:
        build("time,temperature,pressure,humidity\n0,1,1013.2,50\n", sensor="bme280")
    assert "hPa" in caught.value.remedy


def test_voltage_option_and_column_exclude_each_other(build):
    with pytest.raises(Usage, match="voltage column of its own"):
        build("time,power,voltage\n0,1,12\n60,1,12\n", ",voltage=12")
    with pytest.raises(Usage, match="26 V"):
        build(POWER, ",voltage=27")
    assert records(build(POWER, ",voltage=12.5")[1])[1][0] == (0, 10_000, 12_500)


def test_files_that_cannot_be_read_or_written(tmp_path, build):
    with pytest.raises(Usage, match="nowhere.csv") as caught:
        write_series(parse_spec(f"mcu=csv:{tmp_path}/nowhere.csv"), tmp_path / "x")
    assert caught.value.code == "no_series"
    with pytest.raises(Usage, match=str(tmp_path)):
        write_series(parse_spec(f"mcu=csv:{tmp_path}"), tmp_path / "x")
    build(POWER)
    with pytest.raises(Usage, match="cannot be written"):
        write_series(parse_spec(f"ina219=csv:{tmp_path}/data.csv"), tmp_path / "no" / "x")


def test_measured_weather(tmp_path):
    summary = write_series(parse_spec("bme280"), tmp_path / "x")
    header, rows = records(tmp_path / "x")
    assert header["columns"] == ["temperature", "pressure", "humidity"]
    # The file's first row: 1/1/2022 0:05, -10.59725 Cel, 809.178 mbar, 97.43063 %.
    assert rows[0] == (0, -1060, 80_918, 97_431)
    assert (summary.rows, summary.skipped, summary.start) == (1147, 4, 7 * 3600 + 55 * 60)
    for column, values in zip(SENSORS["bme280"], list(zip(*rows, strict=True))[1:], strict=True):
        low, high = (bound * 10**-column.exponent for bound in (column.low, column.high))
        assert low <= min(values) < max(values) <= high


def test_measured_power(tmp_path):
    summary = write_series(parse_spec("ina219"), tmp_path / "x")
    header, rows = records(tmp_path / "x")
    assert (summary.rows, summary.skipped, summary.scale) == (2607, 0, Fraction(1, 100))
    assert rows[0] == (0, -27, 18_000)  # -2.7098 W of the array, at 04:33
    assert max(power for _, power, _ in rows) == 46_285
    at_start = next(power for second, power, _ in rows if second == header["start"])
    assert at_start > 25_000


def test_measured_mcu_temperature(tmp_path):
    write_series(parse_spec("mcu"), tmp_path / "x")
    _, rows = records(tmp_path / "x")
    assert rows[0] == (0, 204) and len(rows) == 480


@pytest.mark.parametrize("interpreter", ["cpython", "micropython"])
def test_a_board_replays_what_was_written(build, interpreter):
    program = sys.executable if interpreter == "cpython" else micropython()
    if program is None:
        pytest.skip("no micropython beside this Python or on the path")
    _, path = build(POWER)
    folders = [str(REPOSITORY / "firmware"), str(REPOSITORY / "boards")]
    script = path.with_name("replay.py")
    script.write_text(REPLAY)
    variables = {"PYTHONPATH": os.pathsep.join(folders), "MICROPYPATH": ":".join([*folders, ".frozen"])}
    result = subprocess.run(
        [program, str(script), str(path), "0", "500", "1000", "2000", "3000", "4000", "5000"],
        env={**os.environ, **variables, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    powers = [int(line.split()[0]) for line in result.stdout.splitlines()]
    assert powers == [10_000, 15_250, 20_500, 9_750, -1_000, 4_500, 10_000]
