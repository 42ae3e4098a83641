"""The Parquet file has every row of the store, as another program reads it."""

import datetime
import sys

import pyarrow.parquet
import pytest
from sealwright.errors import Usage
from sealwright.readings import parquet
from sealwright.readings.parquet import write_parquet
from sealwright.wire.messages import DecimalFraction, Record

from tests.host_tools.factory import NOW


def written(desk, path):
    with desk.store() as store, path.open("wb") as out:
        count = write_parquet(out, store.stretches(), {desk.roof.id: "roof"})
        return count, list(store.rows())


@pytest.mark.parametrize("rows", [3, 100_000])
def test_every_row_is_there(desk, tmp_path, monkeypatch, rows):
    monkeypatch.setattr(parquet, "_ROWS", rows)
    records = (
        Record(name="power", unit="W", value=DecimalFraction(-3, -21500)),
        Record(name="state", text="no value"),
        Record(name="on", flag=False),
        Record(name="raw", data=b"\x00\xff"),
        Record(name="big", value=DecimalFraction(300, 7)),
    )
    desk.take(*(one.reading(n) for n in range(10) for one in (desk.roof, desk.car)), desk.car.reading(records=records))
    path = tmp_path / "all.parquet"
    count, expected = written(desk, path)
    found = pyarrow.parquet.read_table(path).to_pylist()
    assert count == len(found) == len(expected) == 25
    for row in expected:
        (one,) = [two for two in found if (two["digest"], two["quantity"]) == (row.digest, row.series.name)]
        assert (one["device"], one["number"], one["clock"]) == (row.series.device.hex(), row.seq, row.clock)
        assert one["time"] == datetime.datetime.fromtimestamp(row.at / 10**6, datetime.UTC)
        assert (one["chained"], one["doubtful"]) == (False, False)
        assert one["name"] == ("roof" if row.series.device == desk.roof.id else None)
    power, big = ([one for one in found if one["quantity"] == name][0] for name in ("power", "big"))
    assert (power["value"], power["mantissa"], power["exponent"], power["unit"]) == (-21.5, -21500, -3, "W")
    assert (big["value"], big["unit"]) == (7e300, None)
    texts = {one["quantity"]: one["text"] for one in found if one["value"] is None}
    assert texts == {"state": "no value", "on": "false", "raw": "00ff"}


def test_nothing_is_a_file_without_rows(desk, tmp_path):
    desk.take()
    assert written(desk, tmp_path / "none.parquet")[0] == 0
    assert pyarrow.parquet.read_table(tmp_path / "none.parquet").num_rows == 0


def test_without_pyarrow_it_says_how_to_get_it(desk, tmp_path, monkeypatch):
    desk.take(desk.roof.reading(sampled_at=NOW))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Usage, match="Parquet files need pyarrow") as caught:
        written(desk, tmp_path / "x.parquet")
    assert "[parquet]" in caught.value.remedy


def test_what_a_device_contradicts_is_marked(desk, tmp_path):
    readings = [desk.roof.reading(n) for n in range(3)]
    state = 2, readings[0].digest
    desk.take(*readings, desk.car.reading())
    desk.take(desk.back(desk.roof, state).reading(9))
    written(desk, tmp_path / "x.parquet")
    found = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert sorted((one["name"] or "car", one["number"], one["doubtful"]) for one in found) == [
        ("car", 1, False),
        ("roof", 1, False),
        ("roof", 2, True),
        ("roof", 3, True),
    ]
