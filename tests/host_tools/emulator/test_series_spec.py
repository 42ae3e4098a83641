"""What `--sensor SPEC` may say, and what is answered to a SPEC that says something else."""

from fractions import Fraction
from pathlib import Path

import pytest
from sealwright.emulator.series import SensorSpec, parse_spec
from sealwright.errors import Usage


def test_a_spec_says_sensor_source_and_options():
    assert parse_spec("bme280") == parse_spec("bme280=measured") == SensorSpec("bme280")
    spec = parse_spec("ina219=csv:some/file.csv,scale=1/100,speed=3600,start=07:30,voltage=12.8")
    assert spec == SensorSpec("ina219", Path("some/file.csv"), 3600, "07:30", Fraction(1, 100), Fraction(128, 10))
    assert parse_spec("ina219=measured,scale=0.5,start=86400").scale == Fraction(1, 2)
    assert parse_spec("mcu=csv:~/f.csv").path == Path.home() / "f.csv"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no sensor ''"),
        ("bme180", "bme280, ina219, mcu"),
        ("bme280=f.csv", "neither measured nor csv:FILE"),
        ("bme280=csv:", "neither measured nor csv:FILE"),
        ("bme280=csv:f.csv,scale=1/2", "no option of bme280"),
        ("ina219=measured,speed", "'speed' is no option"),
        ("ina219=measured,sped=1", "scale, voltage"),
        ("ina219=measured,speed=1,speed=2", "twice"),
        ("ina219=measured,speed=0", "1 to 86400"),
        ("ina219=measured,speed=86401", "1 to 86400"),
        ("ina219=measured,speed=1.5", "1 to 86400"),
        ("ina219=measured,start=24:00", "HH:MM"),
        ("ina219=measured,start=-5", "HH:MM"),
        ("ina219=measured,scale=0", "above 0"),
        ("ina219=measured,scale=1/0", "above 0"),
        ("ina219=measured,scale=-1", "above 0"),
        ("ina219=measured,scale=1/2/3", "above 0"),
        ("ina219=measured,scale=1e999999999", "above 0"),
        ("ina219=measured,voltage=", "above 0"),
    ],
)
def test_a_bad_spec_says_what_is_wrong(text, part):
    with pytest.raises(Usage) as caught:
        parse_spec(text)
    assert part in str(caught.value) and repr(text) in str(caught.value)
    assert caught.value.exit_code == 2 and caught.value.code == "bad_sensor_spec"
    assert "SENSOR=csv:FILE" in caught.value.remedy
