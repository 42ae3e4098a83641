"""The temperature of the microcontroller itself, from its built-in sensor.

Each port reads it in its own way, so the board passes a function; the arithmetic for each chip is here, in
integers.

    McuTemperature("RP2040", lambda: rp2_deci_celsius(machine.ADC(4).read_u16()))     # RP2350B: ADC(8)
    McuTemperature("ESP32-S3", lambda: esp32.mcu_temperature() * 10)
    McuTemperature("ESP32", lambda: fahrenheit_deci_celsius(esp32.raw_temperature()))

Limits: uncalibrated, good for changes and for "too hot", not for the weather. RP2040: about 0.5 Cel a step
and several Cel off, more so where the 3.3 V reference is off. ESP32: whole degrees.
"""

from seal.errors import SensorFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Quantity


class McuTemperature:
    """`model` names the chip; `read_deci_celsius()` returns its temperature in 0.1 Cel."""

    def __init__(self, model: str, read_deci_celsius: "Callable[[], int]") -> None:
        self.model = model
        self._read = read_deci_celsius

    def read(self) -> "list[Quantity]":
        """[("mcu-temperature", "Cel", -1, n)]. Raises SensorFailed outside -40..125 Cel, where no chip
        runs."""
        try:
            value = self._read()
        except OSError as error:
            raise SensorFailed("%s: its sensor does not answer (OSError %s)" % (self.model, error.args[0]))
        if not -400 <= value <= 1250:
            raise SensorFailed("%s: it cannot run at %d/10 Cel; check its supply" % (self.model, value))
        return [("mcu-temperature", "Cel", -1, value)]


def rp2_deci_celsius(adc_u16: int) -> int:
    """0.1 Cel from ADC channel 4 as `ADC.read_u16` scales it, with a reference of 3.3 V.

    RP2040 data sheet, section 4.9.5: T = 27 - (V - 0.706) / 0.001721.
    """
    microvolt = adc_u16 * 3_300_000 // 65535
    return 270 - (microvolt - 706_000) * 10 // 1721


def fahrenheit_deci_celsius(fahrenheit: int) -> int:
    """0.1 Cel from the whole degrees Fahrenheit that `esp32.raw_temperature` returns on the first ESP32."""
    return (fahrenheit - 32) * 50 // 9
