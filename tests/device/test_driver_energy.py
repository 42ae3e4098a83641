"""The energy counter: exact, never falling, without unmeasured time."""

from check import raises
from drivers.energy import EnergyMeter
from drivers.ina219 import INA219
from seal.errors import Malformed, SensorFailed
from sensor_bus import Leap, panel


class Power:
    model = "INA219"

    def __init__(self, values):
        self.values = list(values)

    def read(self):
        value = self.values.pop(0)
        if value is None:
            raise SensorFailed("gone")
        return [("voltage", "V", -3, 12_000), ("power", "W", -3, value)]


def energies(meter, count):
    return [meter.read()[-1] for _ in range(count)]


def test_energy_is_trapezoid_rule_without_loss():
    meter = EnergyMeter(Power([1000, 3000, 3000, 333, 0]), Leap(1000))
    assert meter.model == "INA219"
    assert energies(meter, 5) == [("energy", "J", 0, n) for n in (0, 2, 5, 6, 6)]
    # 1 mW, every 997 ms: a thousand readings that each round to nothing make one joule.
    meter = EnergyMeter(Power([0]), Leap(1))
    meter._sensor.read = lambda: [("power", "W", -3, 1)]
    for _ in range(1_000_000 // 997):
        meter.read()
        meter._ticks.now += 996
    assert (meter._count, meter.joules) == (2 * 997 * (1_000_000 // 997 - 1), 0)
    meter.read()
    assert meter.read()[-1][3] == 0
    meter._ticks.now += 5_000
    assert meter.read()[-1][3] == 1


def test_energy_counts_looks_and_reads_alike():
    meter = EnergyMeter(Power([1000, 3000]), Leap(1000))  # a sensor without looks is read
    assert (meter.look()[-1][3], meter.read()[-1][3]) == (0, 2)
    bus, _ = panel((45_000, 18_000))
    meter = EnergyMeter(INA219(bus), Leap(1000))
    meter.read()
    assert abs(meter.look()[-1][3] - 45) <= 1


def test_energy_never_falls_and_skips_unmeasured_time():
    meter = EnergyMeter(Power([2000, -9_000_000, -1, 0]), Leap(1000))
    assert [e[3] for e in energies(meter, 4)] == [0, 1, 1, 1]
    meter = EnergyMeter(Power([1000, None, 1000, 1000]), Leap(1000))
    meter.read()
    raises(SensorFailed, meter.read)
    assert [e[3] for e in energies(meter, 2)] == [0, 1]
    clock = Leap(1000)
    meter = EnergyMeter(Power([1000] * 4), clock, 0, 5_000)
    meter.read()
    clock.now += 5_000
    assert meter.read()[-1][3] == 0
    assert meter.read()[-1][3] == 1


def test_energy_restore():
    meter = EnergyMeter(Power([1000] * 4), Leap(1500), 500)
    energies(meter, 2)
    assert meter.joules == 2
    meter.restore(70)
    meter.restore(70)
    meter.restore(3)
    assert meter.joules == 71
    assert meter.read()[-1] == ("energy", "J", 0, 73)
    raises(Malformed, meter.restore, -1)


def test_energy_needs_power():
    class Other:
        model = "x"

        def read(self):
            return [("power", "W", -2, 5)]

    raises(SensorFailed, EnergyMeter(Other()).read)


def test_energy_over_real_ina219():
    bus, _ = panel((36_000, 18_000))
    meter = EnergyMeter(INA219(bus), Leap(1000))
    names = [q[0] for q in meter.read()]
    assert names == ["voltage", "current", "power", "energy"]
    assert meter.read()[-1] == ("energy", "J", 0, 36)
