"""Bosch BME280: temperature, pressure and relative humidity over I2C.

Source: data sheet BST-BME280-DS002; section 4.2.3 for the compensation (32-bit integers for temperature and
humidity, 64-bit for pressure), 5.4 for the registers, 9.1 for the time a measurement takes.

One forced measurement per read, the chip sleeps in between: temperature twice, pressure four times, humidity
once oversampled, no IIR filter. Resolution 0.01 Cel, 1 Pa, 0.01 %RH.

Limits: I2C only. The chip warms itself and its board: the value is the chip's temperature, not the air's.
"""

import struct

from drivers.registers import Registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from drivers.registers import Bus
    from seal.ports import Quantity

_CHIP_ID = 0x60
_CALIBRATION, _CALIBRATION_H, _ID = 0x88, 0xE1, 0xD0
_CTRL_HUM, _STATUS, _CTRL_MEAS, _DATA = 0xF2, 0xF3, 0xF4, 0xF7
_MEASURING, _COPYING = 0x08, 0x01
_HUM_ONCE = 0x01
_TWICE_FOUR_TIMES = 0b010_011_00
_FORCED = 0x01
_NEVER_MEASURED = 0x80000
_TIMEOUT_MS = 200  # the data sheet's longest for this oversampling is 19 ms


class BME280:
    """A BME280 at `address`: 0x76, or 0x77 with SDO high. Raises SensorFailed for no chip or another one."""

    model = "BME280"

    def __init__(self, i2c: "Bus", address: int = 0x76) -> None:
        self._chip = Registers(i2c, address, self.model)
        chip_id = self._chip.read(_ID, 1)[0]
        if chip_id != _CHIP_ID:
            hint = " (a BMP280, which has no humidity)" if chip_id in (0x56, 0x57, 0x58) else ""
            raise self._chip.failure("chip id 0x%02x%s, not 0x60; fit a BME280" % (chip_id, hint))
        self._chip.wait(self._has_calibration, _TIMEOUT_MS)
        self._calibration = self._read_calibration()

    def read(self) -> "list[Quantity]":
        """Measure once: temperature in 0.01 Cel, pressure in Pa, humidity in 0.01 %RH. Takes about 20 ms.

        Raises SensorFailed when the chip is silent, does not finish, did not measure, or returns a value
        outside its rated range (-40..85 Cel, 300..1100 hPa).
        """
        chip = self._chip
        # ctrl_hum takes effect with the write to ctrl_meas that follows; the driver writes both each time, because
        # the supply may have failed since the last measurement and left the reset values.
        chip.write(_CTRL_HUM, bytes((_HUM_ONCE,)))
        chip.write(_CTRL_MEAS, bytes((_TWICE_FOUR_TIMES | _FORCED,)))
        chip.wait(self._is_done, _TIMEOUT_MS)
        data = chip.read(_DATA, 8)
        raw_pressure = data[0] << 12 | data[1] << 4 | data[2] >> 4
        raw_temperature = data[3] << 12 | data[4] << 4 | data[5] >> 4
        if raw_pressure == raw_temperature == _NEVER_MEASURED:
            raise chip.failure("it has not measured (reset values); power the sensor off and on")
        fine = fine_temperature(self._calibration, raw_temperature)
        temperature = (fine * 5 + 128) >> 8
        pressure = compensate_pressure(self._calibration, fine, raw_pressure)
        humidity = compensate_humidity(self._calibration, fine, data[6] << 8 | data[7])
        if not -4000 <= temperature <= 8500 or not 30000 << 8 <= pressure <= 110000 << 8:
            raise chip.failure("%d/100 Cel, %d Pa: out of range; replace it" % (temperature, pressure >> 8))
        return [
            ("temperature", "Cel", -2, temperature),
            ("pressure", "Pa", 0, (pressure + 128) >> 8),
            ("humidity", "%RH", -2, (humidity * 100 + 512) >> 10),
        ]

    def _has_calibration(self) -> bool:
        return not self._chip.read(_STATUS, 1)[0] & _COPYING

    def _is_done(self) -> bool:
        """Whether the chip is back in sleep mode. Raises SensorFailed if it lost its settings."""
        hum, status, meas = self._chip.read(_CTRL_HUM, 3)
        if hum & 7 != _HUM_ONCE or meas & 0xFC != _TWICE_FOUR_TIMES:
            raise self._chip.failure("it lost its settings during the measurement; check its supply")
        return not status & _MEASURING and not meas & 3

    def _read_calibration(self) -> tuple[int, ...]:
        block = self._chip.read(_CALIBRATION, 26)
        h2, h3, e4, e5, e6, h6 = struct.unpack("<hBbBbb", self._chip.read(_CALIBRATION_H, 7))
        words = struct.unpack_from("<HhhHhhhhhhhh", block)
        if words[0] in (0, 0xFFFF) or words[3] in (0, 0xFFFF):
            raise self._chip.failure("its calibration is blank; check the wiring or replace it")
        # H4 and H5 are 12 bits each and share the byte at 0xE5 (table 16).
        return words + (block[25], h2, h3, e4 << 4 | e5 & 0x0F, e6 << 4 | e5 >> 4, h6)


def fine_temperature(calibration: tuple[int, ...], adc: int) -> int:
    """The data sheet's t_fine (temperature in 1/5120 Cel) from the 20-bit word `adc`.

    `calibration` is the 18 words T1..T3, P1..P9, H1..H6 in that order.
    """
    t1, t2, t3 = calibration[:3]
    offset = (adc >> 4) - t1
    return ((((adc >> 3) - (t1 << 1)) * t2) >> 11) + ((((offset * offset) >> 12) * t3) >> 14)


def compensate_pressure(calibration: tuple[int, ...], fine: int, adc: int) -> int:
    """Pressure in 1/256 Pa from the 20-bit word `adc` and t_fine; 0 where the formula would divide by
    zero."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = calibration[3:12]
    x = fine - 128000
    offset = x * x * p6 + ((x * p5) << 17) + (p4 << 35)
    scale = (((1 << 47) + ((x * x * p3) >> 8) + ((x * p2) << 12)) * p1) >> 33
    if scale <= 0:
        return 0
    p = (((1048576 - adc) << 31) - offset) * 3125 // scale
    square = (p9 * (p >> 13) * (p >> 13)) >> 25
    return ((p + square + ((p8 * p) >> 19)) >> 8) + (p7 << 4)


def compensate_humidity(calibration: tuple[int, ...], fine: int, adc: int) -> int:
    """Relative humidity in 1/1024 %, 0 to 100 %, from the 16-bit word `adc` and t_fine."""
    h1, h2, h3, h4, h5, h6 = calibration[12:]
    x = fine - 76800
    slope = (((x * h6) >> 10) * (((x * h3) >> 11) + 32768)) >> 10
    y = (((adc << 14) - (h4 << 20) - h5 * x + 16384) >> 15) * (((slope + 2097152) * h2 + 8192) >> 14)
    y -= ((((y >> 15) * (y >> 15)) >> 7) * h1) >> 4
    return min(max(y, 0), 419430400) >> 12
