"""The battery's voltage: the divider's arithmetic, the mean of several looks, and a converter that fails."""

from check import raises
from drivers.battery import Battery, microvolt_of
from seal.errors import SensorFailed


def test_battery():
    # two equal resistors under a lithium cell
    assert Battery(lambda: 2_100_000, 2, 1).read() == [("battery", "V", -3, 4200)]
    # a Pico's third of VSYS, in steps of its converter
    for millivolt in (1800, 3700, 5000):
        steps = millivolt * 1000 // 3 * 65535 // 3_300_000
        ((_, unit, exponent, found),) = Battery(lambda: microvolt_of(steps), 3, 1).read()
        assert (unit, exponent) == ("V", -3) and abs(found - millivolt) <= 1
    looks = iter([2_000_000, 2_200_000] * 4)
    assert Battery(lambda: next(looks), 1, 1).read() == [("battery", "V", -3, 2100)]
    assert microvolt_of(65535) == 3_300_000 and microvolt_of(0) == 0

    def broken():
        raise OSError(5)

    assert "battery" in str(raises(SensorFailed, Battery(broken, 2, 1).read))
