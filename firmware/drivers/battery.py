"""The voltage of the battery that powers the board, at a pin of the chip's converter through a divider.

`wiring` names it as BATTERY = (pin, times, parts): the battery has times/parts of the pin's voltage, as (29, 3, 1) for
the two resistors on a Pico that give a third of VSYS to GP29. RP2: 16 bits of a reference of 3.3 V, which comes from
the board's regulator (RP2040 data sheet, section 4.9). ESP32: microvolts by the chip's calibration, up to about 2.5 V
at the pin with 11 dB of attenuation (ESP-IDF programming guide, "ADC"); only pins of its first converter, as Wi-Fi has
the second one.

Limits: a pin to which nothing is wired measures noise. On a Pico W and a Pico 2 W the pin is the radio's clock, so they
measure no VSYS. With USB in it, a Pico's VSYS is that of USB.
"""

from seal.compat import const
from seal.errors import SensorFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Quantity

    Pins = tuple[int, int, int]  # pin, times, parts

_LOOKS = const(8)  # whose mean is taken: one look is off by some steps


class Battery:
    """`read_microvolt()`: the pin's voltage in uV; times, parts: of the divider."""

    model = "battery"

    def __init__(self, read_microvolt: "Callable[[], int]", times: int, parts: int) -> None:
        self._read = read_microvolt
        self._times, self._parts = times, parts

    def read(self) -> "list[Quantity]":
        """[("battery", "V", -3, n)]. Raises SensorFailed if the converter fails."""
        try:
            microvolt = sum(self._read() for _ in range(_LOOKS)) // _LOOKS
        except OSError as error:
            raise SensorFailed("battery: its converter does not answer (OSError %s)" % error.args[0])
        return [("battery", "V", -3, microvolt * self._times // self._parts // 1000)]


def microvolt_of(adc_u16: int) -> int:
    """The voltage in uV that `ADC.read_u16` means on an RP2, with a reference of 3.3 V."""
    return adc_u16 * 3_300_000 // 65535
