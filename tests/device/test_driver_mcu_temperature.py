"""The microcontroller's own temperature: each port's arithmetic, and values no chip runs at."""

from check import raises
from drivers import mcu_temperature
from drivers.mcu_temperature import McuTemperature
from seal.errors import SensorFailed


def test_mcu_temperature():
    # RP2040 data sheet 4.9.5: 0.706 V at 27 Cel, -1.721 mV for each degree.
    at_27 = 706 * 65535 // 3300
    assert abs(mcu_temperature.rp2_deci_celsius(at_27) - 270) <= 1
    for deci in range(-300, 1000, 77):
        volt = 0.706 - (deci / 10 - 27) * 0.001721
        assert abs(mcu_temperature.rp2_deci_celsius(int(volt * 65535 / 3.3 + 0.5)) - deci) <= 1
    assert mcu_temperature.fahrenheit_deci_celsius(212) == 1000
    assert mcu_temperature.fahrenheit_deci_celsius(-40) == -400
    assert McuTemperature("RP2040", lambda: 431).read() == [("mcu-temperature", "Cel", -1, 431)]
    for value in (-401, 1251, mcu_temperature.rp2_deci_celsius(0), mcu_temperature.rp2_deci_celsius(65535)):
        assert "RP2040" in str(raises(SensorFailed, McuTemperature("RP2040", lambda: value).read))

    def broken():
        raise OSError(5)

    raises(SensorFailed, McuTemperature("RP2040", broken).read)
