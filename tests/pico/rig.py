"""A Pico in `rp2040py`: boots a real MicroPython image, takes files, runs scripts, counts cycles.

The emulator is driven step by step in the caller's thread: no event loop, no sockets, the same run every time but for
what the image draws from its clock. The console is raw REPL over the emulated USB-CDC.

Files come from a read-only volume in guest memory, at /rig: flash behind MicroPython's own 2 MB, of which the emulated
chip has 16. So a .mpy is imported as from any volume, and nothing of it is in the heap but what import puts there.

The guest runs at about 50 million cycles a second of ours, 125 million of its own.
"""

import os
from collections.abc import Callable
from pathlib import Path

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from tests.volume import mount, placed

IMAGE = "SEALWRIGHT_PICO_UF2"
VOLUME = 8 << 20  # where the files begin in flash
PACE_NANOSECONDS = 500_000  # of its time, at most, until it is looked at
NANOSECONDS = 8  # of a cycle, at 125 MHz
MARK = 2  # a pin
BANNER = b"raw REPL; CTRL-B to exit\r\n>"
CTRL_A, CTRL_C, CTRL_D = b"\x01", b"\x03", b"\x04"


class GuestError(Exception):
    """A script raised, or the guest did not answer; the text is what it said."""


def image() -> Path | None:
    """The MicroPython image to boot, from the environment; None where there is none."""
    path = os.environ.get(IMAGE)
    return Path(path) if path and Path(path).is_file() else None


class Pico:
    """A booted Pico at its raw REPL. flash: what its 2 MB hold, instead of MicroPython alone; such a board runs its own
    main.py, and has no prompt. At `alarm_at` of its time, see `seconds`, it stops and calls `on_alarm`, which may set
    the next."""

    alarm_at: float | None = None
    on_alarm: Callable[[], None]

    def __init__(self, uf2: Path, flash: bytes | None = None) -> None:
        self.mcu = RP2040()
        self.mcu.logger = ConsoleLogger(LogLevel.ERROR)
        self._simulator = Simulator(rp2040=self.mcu)
        self._pace = self.mcu.clock.create_alarm(self._simulator.stop)
        self.mcu.load_bootrom(BOOTROM_B1)
        load_uf2(uf2, self.mcu)
        self._console = USBCDC(self.mcu.usb_ctrl)
        self._out = bytearray()
        self._console.on_serial_data = self._out.extend
        connected: list[bool] = []
        self._console.on_device_connected = lambda: connected.append(True)
        self.mcu.core.pc = FLASH_START_ADDRESS
        if flash is not None:
            self.mcu.flash[: len(flash)] = flash
            return
        self._until(lambda: bool(connected), 60)
        self._send(b"\r" + CTRL_C + CTRL_C + CTRL_A)
        self._until(lambda: BANNER in self._out, 60)

    @property
    def seconds(self) -> float:
        """The guest's time since it was switched on."""
        return float(self.mcu.clock.nanos) / 1e9

    def _until(self, done: Callable[[], bool], patience: float) -> None:
        """Run the guest until done, or for `patience` seconds of its time, whatever that costs of ours."""
        end = self.seconds + patience
        while not done():
            # an idle guest's time would leap: it is ours to end that when what it waits for may have come
            self._simulator.stopped = False
            self._pace.schedule(self._nanoseconds_on())
            execute_batch(self._simulator, 1)  # one instruction at a time: the guest's timers are exact
            if self.seconds > end:
                raise GuestError(f"no answer within {patience} s of the guest's time: {bytes(self._out[-500:])!r}")

    def _nanoseconds_on(self) -> int:
        """How long the guest may run until it is looked at."""
        if self.alarm_at is not None and self.seconds >= self.alarm_at:
            self.alarm_at = None
            self.on_alarm()
        if self.alarm_at is None:
            return PACE_NANOSECONDS
        return max(NANOSECONDS, min(PACE_NANOSECONDS, round((self.alarm_at - self.seconds) * 1e9)))

    def wait(self, done: Callable[[], bool], patience: float = 60) -> float:
        """The guest's seconds since it was switched on when `done`, which is asked now and then, says so. Raises
        GuestError."""
        self._until(done, patience)
        return self.seconds

    def _send(self, data: bytes) -> None:
        for at in range(0, len(data), 256):
            self._until(lambda: self._console.tx_fifo.item_count == 0, 60)
            for byte in data[at : at + 256]:
                self._console.send_serial_byte(byte)

    def run(self, source: str, patience: float = 600) -> str:
        """What a script prints; it runs in the guest's global namespace. Raises GuestError with its traceback."""
        self._out.clear()
        self._send(source.encode() + CTRL_D)
        self._until(lambda: self._out.count(CTRL_D) >= 2, patience)
        printed, trace = bytes(self._out).removeprefix(b"OK").split(CTRL_D)[:2]
        if trace:
            raise GuestError(trace.decode(errors="replace"))
        return printed.decode().replace("\r\n", "\n")

    def give(self, name: str, data: bytes) -> None:
        """Set a variable of the guest to `data`, part by part: a heap in use has few pieces that are long enough for a
        script with all of it. Raises GuestError."""
        self.run(f"{name} = bytearray()")
        for at in range(0, len(data), 128):
            self.run(f"{name}.extend({data[at : at + 128]!r})")

    def cycles(self, source: str) -> list[int]:
        """The processor's cycles between each rise of pin MARK and its fall, in a script; what that costs is in it.

        They repeat exactly where the script turns interrupts off and lets what one left to do be done before.
        """
        marks: list[float] = []
        forget = self.mcu.gpio[MARK].add_listener(lambda *_: marks.append(self.mcu.clock.nanos))
        try:
            self.run(source)
        finally:
            forget()
        return [round((end - start) / NANOSECONDS) for start, end in zip(marks[::2], marks[1::2], strict=True)]

    def mount(self, files: dict[str, bytes]) -> None:
        """Give the guest files, by path, and put them first on its path. Call once."""
        block, places = placed(files, FLASH_START_ADDRESS + VOLUME, 256)
        self.mcu.flash[VOLUME : VOLUME + len(block)] = block
        self.run(mount(places, "/rig"))

    def start(self, source: str) -> None:
        """Begin a script that talks over the console itself; it has begun when this returns."""
        self._out.clear()
        self._send(source.encode() + CTRL_D)
        self._until(lambda: self._out.startswith(b"OK"), 60)
        del self._out[:2]

    def say(self, data: bytes, done: Callable[[bytes], bool], patience: float = 60) -> bytes:
        """What comes over the console after `data` went in, until `done` says it is enough."""
        self._out.clear()
        self._send(data)
        self._until(lambda: done(bytes(self._out)), patience)
        return bytes(self._out)


def folder(path: Path) -> dict[str, bytes]:
    """A folder's files, as `mount` takes them."""
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
