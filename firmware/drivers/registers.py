"""Register access to one chip on an I2C bus, with every failure raised as SensorFailed.

`i2c` is a `machine.I2C`, a `machine.SoftI2C` or anything with their `readfrom_mem` and `writeto_mem`.
"""

import time

from seal.compat import ticks_diff, ticks_ms
from seal.errors import SensorFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Protocol

    class Bus(Protocol):
        """An I2C bus with register access."""

        def readfrom_mem(self, __address: int, __register: int, __count: int) -> bytes: ...

        def writeto_mem(self, __address: int, __register: int, __data: bytes) -> None: ...


class Registers:
    """The chip `name` at the 7-bit `address` of `i2c`."""

    def __init__(self, i2c: "Bus", address: int, name: str) -> None:
        self._i2c = i2c
        self._address = address
        self._name = name

    def failure(self, why: str) -> SensorFailed:
        """The SensorFailed to raise: names the chip and its address, then says `why`."""
        return SensorFailed("%s at 0x%02x: %s" % (self._name, self._address, why))

    def read(self, register: int, count: int) -> bytes:
        """`count` bytes from `register` on. Raises SensorFailed if the chip does not answer."""
        try:
            return self._i2c.readfrom_mem(self._address, register, count)
        except OSError as error:
            raise self._silent(error)

    def write(self, register: int, data: bytes) -> None:
        """Write the bytes `data` to `register`. Raises SensorFailed if the chip does not answer."""
        try:
            self._i2c.writeto_mem(self._address, register, data)
        except OSError as error:
            raise self._silent(error)

    def wait(self, ready: "Callable[[], object]", timeout_ms: int) -> None:
        """Call `ready` about every millisecond until it returns true. Raises SensorFailed after `timeout_ms`."""
        start = ticks_ms()
        while not ready():
            if ticks_diff(ticks_ms(), start) > timeout_ms:
                raise self.failure("not done after %d ms; power the sensor off and on" % timeout_ms)
            time.sleep(0.001)

    def _silent(self, error: OSError) -> SensorFailed:
        return self.failure("no answer (OSError %s); check its wiring, supply and address" % error.args[0])
