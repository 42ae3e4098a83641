"""A Microchip ATECC608 as its data sheet (DS40001977) describes it on the bus: sleep, idle, packets, times, watchdog.

The chip sleeps until the data line is low for 60 us (a write to the general call address at 100 kHz does that), and
takes another 1.5 ms. It does not acknowledge its address while it sleeps, wakes or executes. A packet is

    0x03 | count | opcode | param1 | param2 u16 | data | CRC-16

and its answer count | data or status | CRC-16, all little-endian. 0x00 by itself goes back to the answer's start, 0x01
is sleep, 0x02 idle, which keeps the registers. 1.3 s after it woke, the watchdog puts it to sleep,
and a command that would not be done by then is refused (0xee). Its memory is a file in the board's folder.

`fault` breaks the chip; so does a file "NAME.fault" beside its memory, with what `fault` takes as its text.

Limits: every command takes the longest time of the data sheet's table. Writes to the memory are whole at every cut. No
I/O protection, no encrypted reads and writes, no SWI.
"""

from errno import ENODEV

from emulated.atecc608_commands import Commands, Refuse
from emulated.atecc608_memory import Memory
from seal.compat import ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Ticks

ADDRESS = 0x60
WAKE_MS = 2  # 1.5, and the clock here counts whole ones
WATCHDOG_MS = 1300

# opcode -> the longest execution time in ms, with the clock divider 0 (table "Command Execution Times")
TIMES = {
    0x02: 5,  # Read
    0x12: 45,  # Write
    0x15: 25,  # GenDig
    0x16: 20,  # Nonce
    0x17: 35,  # Lock
    0x1B: 23,  # Random
    0x20: 10,  # UpdateExtra
    0x24: 25,  # Counter
    0x30: 5,  # Info
    0x40: 115,  # GenKey
    0x41: 115,  # Sign
    0x45: 105,  # Verify
}

AFTER_WAKE, WATCHDOG_EXPIRES, COMMUNICATION_ERROR = 0x11, 0xEE, 0xFF

NACK = "nack"  # the next command is not acknowledged
CRC = "crc"  # the next answer is damaged on the bus
HANG = "hang"  # the next command never ends; the watchdog ends it
PULLED = "pulled"  # the chip is gone from the middle of its next signature
WRONG = "wrong"  # the next signature is wrong, its CRC is right: a fault within the chip

_ASLEEP, _IDLE, _AWAKE = range(3)
_SIGN = 0x41


def crc16(data: bytes) -> bytes:
    """Polynomial 0x8005, bits of each byte lowest first; two bytes, the lower one first."""
    crc = 0
    for byte in data:
        for bit in range(8):
            top = crc >> 15 ^ byte >> bit & 1
            crc = crc << 1 & 0xFFFF ^ (0x8005 if top else 0)
    return bytes((crc & 0xFF, crc >> 8))


def _framed(data: bytes) -> bytes:
    body = bytes((len(data) + 3,)) + data
    return body + crc16(body)


class ATECC608Chip:
    """`path`: the file of its memory, made with a chip as it leaves the factory; None: in RAM alone."""

    def __init__(self, path: str | None = None, ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
        self._ticks = ticks
        self._path = path
        self.memory = Memory(path)
        self._commands = Commands(self.memory)
        self._state = _ASLEEP
        self._woken = self._begun = ticks()
        self._busy_ms: "int | None" = None  # None: for ever
        self._answer = b""
        self._at = 0
        self._fault: str | None = None
        self._is_gone = False

    def fault(self, kind: str | None) -> None:
        """Break the next command in the way of `kind`; None repairs the chip."""
        self._fault, self._is_gone = kind, False

    def wake(self) -> None:
        """The data line was low for long enough."""
        self._look()
        if self._state != _AWAKE and not self._is_gone:
            self._state = _AWAKE
            self._woken = self._begun = self._ticks()
            self._busy_ms = WAKE_MS
            self._say(_framed(bytes((AFTER_WAKE,))))

    def write(self, data: bytes) -> None:
        """A word address, and a packet behind 0x03. Raises OSError while the chip acknowledges nothing."""
        self._require_ready()
        if not data:
            return
        if data[0] == 0:
            self._at = 0
        elif data[0] == 1:
            self._sleep()
        elif data[0] == 2:
            self._state = _IDLE
        elif data[0] == 3:
            self._execute(data[1:])

    def read(self, count: int) -> bytes:
        """The next `count` bytes of the answer, 0xff beyond it. Raises OSError while the chip acknowledges nothing."""
        self._require_ready()
        part = self._answer[self._at : self._at + count]
        self._at += count
        return part + b"\xff" * (count - len(part))

    def unread(self, count: int) -> None:
        """Take back the last `count` bytes: the master did not clock them out."""
        self._at -= count

    def _say(self, answer: bytes) -> None:
        self._answer, self._at = answer, 0

    def _sleep(self) -> None:
        self._state = _ASLEEP
        self._commands.forget()

    def _look(self) -> None:
        """Let the time since the last look pass."""
        if self._state == _AWAKE and ticks_diff(self._ticks(), self._woken) >= WATCHDOG_MS:
            self._sleep()

    def _require_ready(self) -> None:
        self._look()
        is_busy = self._busy_ms is None or ticks_diff(self._ticks(), self._begun) < self._busy_ms
        if self._is_gone or self._state != _AWAKE or is_busy:
            raise OSError(ENODEV, "no answer at 0x%02x" % ADDRESS)

    def _execute(self, packet: bytes) -> None:
        fault = self._fault or self._fault_in_file()
        if fault in (PULLED, WRONG) and packet[1:2] != b"\x41":
            fault = None  # they wait for a signature
        else:
            self._fault = None
        if fault == NACK:
            raise OSError(ENODEV, "no answer at 0x%02x" % ADDRESS)
        self._begun, self._busy_ms = self._ticks(), 1
        if len(packet) < 7 or packet[0] != len(packet) or crc16(packet[:-2]) != packet[-2:]:
            self._say(_framed(bytes((COMMUNICATION_ERROR,))))
            return
        opcode = packet[1]
        milliseconds = TIMES.get(opcode, 1)
        if ticks_diff(self._begun, self._woken) + milliseconds >= WATCHDOG_MS:
            self._say(_framed(bytes((WATCHDOG_EXPIRES,))))
            return
        if opcode == _SIGN and fault == PULLED:
            self._is_gone = True
            return
        try:
            data = self._commands.execute(opcode, packet[2], packet[3] | packet[4] << 8, packet[5:-2])
            self._busy_ms = milliseconds
        except Refuse as refusal:
            data = bytes((refusal.args[0],))
        if opcode == _SIGN and fault == WRONG and len(data) == 64:
            data = data[:63] + bytes((data[63] ^ 1,))
        answer = _framed(data)
        if fault == CRC:
            answer = answer[:-1] + bytes((answer[-1] ^ 0x80,))
        if fault == HANG:
            self._busy_ms = None
        self._say(answer)

    def _fault_in_file(self) -> str | None:
        if self._path is None:
            return None
        try:
            with open(self._path + ".fault") as file:
                return file.read().strip()
        except OSError:
            return None
