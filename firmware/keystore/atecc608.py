"""The Microchip ATECC608 on an I2C bus of 100 kHz: packets, polls, retries, and the commands that `element` uses.

Each command wakes the chip, waits for its answer by polling, and sends the chip back to sleep, or to idle where the
next command needs its registers. So no command meets the watchdog, which puts the chip to sleep 1.3 s after it woke.
Waking takes a data line that is low for 60 us, which the general call address is at 100 kHz, then 1.5 ms. The chip does
not acknowledge while it sleeps or works: `scan` finds nothing. Data sheet DS40001977, sections "I2C Interface" and
"Security Commands".

An answer that fails its CRC is read again, as the chip keeps it; a packet that arrived damaged was not executed and
is sent again. So is a command that found the chip asleep. Nothing else is repeated: a second GenKey is another key, a
second Counter another number.

Limits: the bus is not protected. Who holds its wires reads what is signed and may change what comes back; a signature
is checked against the key before it leaves the device.
"""

import time

from seal.compat import const, ticks_diff, ticks_ms
from seal.errors import ElementGarbled, ElementRefused, ElementSilent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Bus(Protocol):
        """`machine.I2C`, or anything with its two transfers."""

        def writeto(self, __address: int, __data: bytes) -> object: ...

        def readfrom(self, __address: int, __count: int) -> bytes: ...


ADDRESS = const(0x60)

CONFIG_ZONE = const(0)
DATA_ZONE = const(2)

_TRIES = const(3)
_POLL = 0.002  # seconds
_SLACK = const(100)  # ms over the data sheet's longest time: clocks differ, and a read takes time

_AWAKE = b"\x04\x113C"  # count 4, status 0x11, CRC-16: what a chip says that has just woken
_RESET, _SLEEP, _IDLE = b"\x00", b"\x01", b"\x02"
_OK, _MISCOMPARE, _JUST_WOKEN, _WATCHDOG, _DAMAGED = 0x00, 0x01, 0x11, 0xEE, 0xFF

# opcode: the longest time in ms
_READ, _WRITE, _GENDIG, _NONCE, _LOCK, _RANDOM = 0x02, 0x12, 0x15, 0x16, 0x17, 0x1B
_COUNTER, _INFO, _GENKEY, _SIGN, _VERIFY = 0x24, 0x30, 0x40, 0x41, 0x45
_MS = {
    _READ: 5,
    _WRITE: 45,
    _GENDIG: 25,
    _NONCE: 20,
    _LOCK: 35,
    _RANDOM: 23,
    _COUNTER: 25,
    _INFO: 5,
    _GENKEY: 115,
    _SIGN: 115,
    _VERIFY: 105,
}


def checksum(data: bytes) -> int:
    """The chip's CRC-16: polynomial 0x8005, each byte from its lowest bit, from 0."""
    crc = 0
    for byte in data:
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005) & 0xFFFF if (crc >> 15 ^ byte) & 1 else crc << 1 & 0xFFFF
            byte >>= 1
    return crc


class Atecc608:
    """The chip at the 7-bit `address` of `i2c`. Every method raises ElementSilent, ElementGarbled, ElementRefused."""

    def __init__(self, i2c: "Bus", address: int = ADDRESS) -> None:
        self._i2c = i2c
        self._address = address

    def revision(self) -> bytes:
        """4 bytes; 00 00 60 02 is an ATECC608A, 03 a B."""
        return self.command(_INFO, 0, 0, b"", 4)

    def random(self) -> bytes:
        """32 bytes of its generator; a fixed pattern until the configuration is locked."""
        return self.command(_RANDOM, 0, 0, b"", 32)

    def counter(self, number: int, is_raised: bool = False) -> int:
        """Counter 0 or 1, at most 2,097,151; is_raised: after counting one up. A power cut while it counts may skip."""
        return int.from_bytes(self.command(_COUNTER, 1 if is_raised else 0, number, b"", 4), "little")

    def generate(self, slot: int) -> bytes:
        """Make a key in the slot; its public half, X || Y, 64 bytes."""
        return self.command(_GENKEY, 4, slot, b"", 64)

    def public(self, slot: int) -> bytes:
        """The public half of the slot's key, computed anew, 64 bytes."""
        return self.command(_GENKEY, 0, slot, b"", 64)

    def sign(self, slot: int, digest: bytes) -> bytes:
        """The slot's signature over 32 bytes: r || s, 64 bytes."""
        self.command(_NONCE, 3, 0, digest, 1, True)
        return self.command(_SIGN, 0x80, slot, b"", 64)

    def verify(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether the chip finds a signature (64 bytes) of a digest (32) valid under a public key (64)."""
        self.command(_NONCE, 3, 0, digest, 1, True)
        return self.command(_VERIFY, 2, 4, signature + public, 1) == b"\x00"

    def read(self, zone: int, address: int, size: int) -> bytes:
        """4 or 32 bytes. address: as the data sheet's table "Address Encoding" has it."""
        return self.command(_READ, zone | (0x80 if size == 32 else 0), address, b"", size)

    def write(self, zone: int, address: int, data: bytes) -> None:
        """4 or 32 bytes, in the clear."""
        self.command(_WRITE, zone | (0x80 if len(data) == 32 else 0), address, data, 1)

    def lock(self, zone: int, crc: int | None = None) -> None:
        """Lock the zone for ever: configuration (0) or data (1). crc: of what it must hold; None: whatever it holds."""
        self.command(_LOCK, zone | (0x80 if crc is None else 0), crc or 0, b"", 1)

    def lock_slot(self, slot: int) -> None:
        """Lock one slot for ever."""
        self.command(_LOCK, 2 | slot << 2, 0, b"", 1)

    def wake(self) -> None:
        """Wake the chip. It must say so: what answers otherwise is awake already, or another chip."""
        for _ in range(_TRIES):
            try:
                self._i2c.writeto(0, b"\x00")
            except OSError:
                pass  # nobody acknowledges the general call
            time.sleep(_POLL)
            try:
                if self._i2c.readfrom(self._address, 4) == _AWAKE:
                    return
                self._i2c.writeto(self._address, _SLEEP)
            except OSError:
                pass
            time.sleep(_POLL)
        raise ElementSilent("no ATECC608 at 0x%02x: check its wiring, supply and address" % self._address)

    def command(self, opcode: int, param1: int, param2: int, data: bytes, size: int, keeps: bool = False) -> bytes:
        """One command, see the data sheet: the answer's data of `size` bytes, 1 for a status. keeps: the registers, for
        the next command."""
        body = bytes((len(data) + 7, opcode, param1, param2 & 0xFF, param2 >> 8)) + data
        packet = b"\x03" + body + checksum(body).to_bytes(2, "little")
        for _ in range(_TRIES):
            self.wake()
            try:
                self._i2c.writeto(self._address, packet)
            except OSError:
                continue
            answer = self._answer(size + 3, _MS[opcode] + _SLACK)
            if len(answer) > 1 or answer[0] not in (_JUST_WOKEN, _WATCHDOG, _DAMAGED):
                self._rest(_IDLE if keeps else _SLEEP)
                if len(answer) != size or (size == 1 and answer[0] > (_MISCOMPARE if opcode == _VERIFY else _OK)):
                    raise ElementRefused("the ATECC608 refused command 0x%02x by status 0x%02x" % (opcode, answer[0]))
                return answer
            self._rest(_IDLE)
        raise ElementSilent("the ATECC608 takes no command")

    def _answer(self, size: int, most: int) -> bytes:
        """What the chip says within `most` ms, without count and CRC: up to size - 3 bytes."""
        start = ticks_ms()
        damaged = 0
        while damaged < _TRIES:
            try:
                if damaged:
                    self._i2c.writeto(self._address, _RESET)
                found = self._i2c.readfrom(self._address, size)
            except OSError:
                if ticks_diff(ticks_ms(), start) > most:
                    raise ElementSilent("the ATECC608 did not finish within %d ms" % most)
                time.sleep(_POLL)
                continue
            count = found[0]
            if 4 <= count <= size and checksum(found[: count - 2]).to_bytes(2, "little") == found[count - 2 : count]:
                return found[1 : count - 2]
            damaged += 1
        self._rest(_SLEEP)
        raise ElementGarbled("the ATECC608's answer fails its CRC: check the bus for noise")

    def _rest(self, word: bytes) -> None:
        try:
            self._i2c.writeto(self._address, word)
        except OSError:
            pass  # it sleeps already, or the next command finds out
