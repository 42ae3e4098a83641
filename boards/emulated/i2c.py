"""An I2C bus whose chips are models: it has the methods of `machine.I2C`, so drivers run on it unchanged.

A chip is any object with `write(data)` (the bytes after its address) and `read(count)` returning that many
bytes; either may raise OSError to refuse, as a sleeping chip does. Bus errors are those of the real ports. A real
controller reads ahead: a chip whose reads consume data has `unread(count)` too, which takes back the last bytes of the
last read. A write to the general call address, 0, holds the data line low for eight bits: a chip that this wakes has
`wake()`.

Limits: transfers are instant and whole: no clock stretching, no lost arbitration, no ten-bit addresses.
"""

from errno import ENODEV, ETIMEDOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Chip(Protocol):
        """A chip on the bus. One whose reads consume data has `unread(count)` too."""

        def write(self, data: bytes) -> None: ...

        def read(self, count: int) -> bytes: ...


GENERAL_CALL = 0

NACK = "nack"  # the chip does not acknowledge its address: broken wire, no supply
ONES = "ones"  # it acknowledges, but the data line floats: every byte reads 0xff
STUCK = "stuck"  # it holds the data line low: no chip on the bus can be reached


class I2C:
    """`chips` maps 7-bit addresses to chip models."""

    def __init__(self, chips: "dict[int, Chip] | None" = None) -> None:
        self._chips = dict(chips or {})
        self._faults: dict[int, str] = {}

    def attach(self, address: int, chip: "Chip") -> None:
        """Put `chip` on the bus."""
        self._chips[address] = chip

    def fault(self, address: int, kind: str | None = None) -> None:
        """Break the chip at `address` in the way of `kind` (NACK, ONES, STUCK); None repairs it."""
        if kind is None:
            self._faults.pop(address, None)
        else:
            self._faults[address] = kind

    def scan(self) -> list[int]:
        """Addresses that acknowledge, ascending, from 0x08 to 0x77 as on real ports."""
        found = []
        for address in sorted(self._chips):
            try:
                self.writeto(address, b"")
            except OSError:
                continue
            if 0x08 <= address <= 0x77:
                found.append(address)
        return found

    def writeto(self, address: int, data: bytes, stop: bool = True) -> int:
        """Returns how many bytes were acknowledged. Raises OSError: ENODEV (no chip), ETIMEDOUT (bus
        stuck)."""
        if address == GENERAL_CALL and STUCK not in self._faults.values():
            self._wake()
        chip = self._chip(address)
        if self._faults.get(address) != ONES:
            chip.write(bytes(data))
        return len(data)

    def readfrom(self, address: int, count: int, stop: bool = True) -> bytes:
        """`count` bytes. Raises OSError as `writeto`."""
        chip = self._chip(address)
        if self._faults.get(address) == ONES:
            return b"\xff" * count
        return chip.read(count)

    def readfrom_into(self, address: int, buffer: bytearray, stop: bool = True) -> None:
        """Fill `buffer`. Raises OSError as `writeto`."""
        buffer[:] = self.readfrom(address, len(buffer), stop)

    def unread(self, address: int, count: int) -> None:
        """Take back the last `count` bytes of the last read: the master did not clock them out."""
        chip = self._chips[address]
        if hasattr(chip, "unread"):
            chip.unread(count)

    def writeto_mem(self, address: int, register: int, data: bytes, addrsize: int = 8) -> None:
        """Write `data` behind the register number. Raises OSError as `writeto`."""
        self.writeto(address, _register(register, addrsize) + bytes(data))

    def readfrom_mem(self, address: int, register: int, count: int, addrsize: int = 8) -> bytes:
        """Select the register, then read `count` bytes. Raises OSError as `writeto`."""
        self.writeto(address, _register(register, addrsize), False)
        return self.readfrom(address, count)

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray, addrsize: int = 8) -> None:
        """Select the register, then fill `buffer`. Raises OSError as `writeto`."""
        buffer[:] = self.readfrom_mem(address, register, len(buffer), addrsize)

    def _wake(self) -> None:
        for address, chip in self._chips.items():
            if hasattr(chip, "wake") and self._faults.get(address) != NACK:
                chip.wake()

    def _chip(self, address: int) -> "Chip":
        if STUCK in self._faults.values():
            raise OSError(ETIMEDOUT, "the bus is held low")
        if address not in self._chips or self._faults.get(address) == NACK:
            raise OSError(ENODEV, "no chip at 0x%02x" % address)
        return self._chips[address]


def _register(number: int, addrsize: int) -> bytes:
    return number.to_bytes(addrsize // 8, "big")
