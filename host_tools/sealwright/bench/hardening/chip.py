"""A chip's fuses and flash, by espefuse: a chip at a port, or one whose fuses are a file. The one module that knows it.

espefuse comes with esptool (GPL-2.0-or-later, the extra `flash`) and is imported only when a chip is opened. What it
prints has the keys in it and goes nowhere. Each burn is one step of `fuses`, in one block of fuses.

Limits: the burn of one block is as whole as the chip makes it. Power that fails within that millisecond may leave a key
block half burned; what is found then is refused, and the chip is lost.
"""

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ...errors import RefusedByDevice, Usage
from ...targets import BoardKind
from ..flashing.esp import Advance, boot_rom, need_esptool, quiet_esptool, write_regions
from .fuses import FIELD, KEY, READ_PROTECT, Plan, Step

Regions = Sequence[tuple[int, bytes]]
_ERASED: Final = b"\xff"


class Chip(ABC):
    """Fuses that are read when it is made and after every burn. commands: espefuse's for this chip."""

    virtual = False

    def __init__(self, commands: Any) -> None:
        self._commands = commands
        self._fuses = commands.efuses

    @property
    def mac(self) -> str:
        """12 hexadecimal digits: the chip's name, burned by its maker."""
        return str(self._fuses["MAC"].get())[:17].replace(":", "").lower()

    @property
    def revision(self) -> int:
        """100 x major + minor."""
        return int(self._commands.esp.get_chip_revision())

    def value(self, fuse: str) -> int | str:
        """What a field of fuses has: a number, or the name of a key's purpose."""
        found = self._fuses[fuse].get()
        return found if isinstance(found, str) else int(found)

    def block(self, fuse: str) -> bytes:
        """The 32 bytes of a key block; zeros where it cannot be read."""
        return bytes.fromhex(str(self._fuses[fuse].get()).replace(" ", "").replace("?", "0"))

    def readable(self, fuse: str) -> bool:
        """Whether a program or a cable may read it."""
        return bool(self._fuses[fuse].is_readable())

    def writeable(self, fuse: str) -> bool:
        """Whether a bit of it can still be set."""
        return bool(self._fuses[fuse].is_writeable())

    def names(self) -> list[str]:
        """Every field and key block."""
        return [one.name for one in self._fuses]

    def sharing(self, step: Step) -> list[str]:
        """The other fields that a protection covers: several share one bit."""
        bit = "read_disable_bit" if step.act == READ_PROTECT else "write_disable_bit"
        wanted = getattr(self._fuses[step.fuse], bit)
        return [one.name for one in self._fuses if one.name != step.fuse and getattr(one, bit) == wanted]

    def burn(self, step: Step, data: bytes = b"") -> None:
        """Burn one step, for ever. data: the 32 bytes of a key, in the order in which they are burned. Raises
        RefusedByDevice where the chip does not take it."""
        from esptool.util import FatalError

        try:
            self._burn(step, data)
        except FatalError as error:
            why = f"the chip did not take {step.name}: {str(error).splitlines()[0]}"
            remedy = "Run it again: it reads the fuses and goes on, or says which one is wrong."
            raise RefusedByDevice(why, remedy=remedy, code="not_burned") from error

    def _burn(self, step: Step, data: bytes) -> None:
        if step.act == FIELD:
            from espefuse.efuse.base_fields import CheckArgValue

            checked = CheckArgValue(self._fuses, step.fuse)(str(step.value))
            self._commands.burn_efuse({step.fuse: checked})
        elif step.act == KEY:
            self._commands.burn_block_data([step.fuse], [io.BytesIO(data)])
        elif step.act == READ_PROTECT:
            self._commands.read_protect_efuse([step.fuse])
        else:
            self._commands.write_protect_efuse([step.fuse])

    @abstractmethod
    def write_flash(self, regions: Regions, advance: Advance) -> None:
        """Erase the flash, write these pieces at their offsets, and check them. Raises Unreachable, Rejected, Usage."""


class _AtPort(Chip):
    """A chip at a serial port, in its download mode."""

    def __init__(self, commands: Any, url: str, board: BoardKind) -> None:
        super().__init__(commands)
        self._url, self._board = url, board

    def write_flash(self, regions: Regions, advance: Advance) -> None:
        # esptool takes one image in 256 for a plain one, by its first byte; what it would check was checked
        self._commands.esp._port.close()
        write_regions(self._url, self._board, lambda _: regions, advance, erase=True, force=True)
        self._commands.esp._port.open()
        self._commands.esp.connect()


class _Virtual(Chip):
    """A rehearsal: the fuses are a file, and the flash another beside it."""

    virtual = True

    def __init__(self, commands: Any, path: Path) -> None:
        super().__init__(commands)
        self._flash = path.with_name(f"{path.name}.flash")

    def write_flash(self, regions: Regions, advance: Advance) -> None:
        flash = bytearray()
        for offset, data in regions:
            flash.extend(_ERASED * max(0, offset + len(data) - len(flash)))
            flash[offset : offset + len(data)] = data
        try:
            self._flash.write_bytes(flash)
        except OSError as error:
            raise Usage(
                f"cannot write {self._flash}: {error.strerror}", remedy="Check the folder and space."
            ) from error


@contextmanager
def chip_at(url: str, board: BoardKind) -> Iterator[Chip]:
    """The chip at a port. Raises Unreachable where no boot ROM answers, RefusedByDevice for another chip."""
    with boot_rom(url, board) as esp:
        import espefuse

        yield _AtPort(espefuse.init_commands(esp=esp, do_not_confirm=True), url, board)


@contextmanager
def virtual_chip(path: Path, plan: Plan) -> Iterator[Chip]:
    """A chip whose fuses are in a file, which is made where there is none: with a random MAC, and of the oldest
    revision that will do. Raises Usage for a file that is none of such a chip."""
    need_esptool()
    import espefuse
    from espefuse.efuse_interface import SUPPORTED_CHIPS

    quiet_esptool()
    try:
        fresh = not path.exists()
        memory = SUPPORTED_CHIPS[plan.chip].efuse_lib.mem_definition.EfuseDefineRegisters.EFUSE_MEM_SIZE
        if not fresh and path.stat().st_size != memory:  # espefuse would append to it
            raise _no_fuses(path, plan)
        emulated = espefuse.get_esp(chip=plan.chip, virt=True, virt_efuse_file=None if fresh else str(path))
        # espefuse empties the file and writes it anew: a kill in between would lose all fuses, as no chip does
        emulated.save_to_file = lambda: _save(path, emulated.mem.bytes)
        if fresh:
            _give_birth(emulated, plan)
        commands = espefuse.init_commands(esp=emulated, do_not_confirm=True)
    except OSError as error:
        raise Usage(f"cannot use {path}: {error.strerror}", remedy="Check the path and space.") from error
    chip = _Virtual(commands, path)
    if chip.mac == "0" * 12:
        raise _no_fuses(path, plan)
    yield chip


def _save(path: Path, content: bytes) -> None:
    """The file of the fuses, whole or as it was. It need not outlive a power cut: it is a rehearsal's."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _no_fuses(path: Path, plan: Plan) -> Usage:
    remedy = "Name a file that does not exist yet: it is made."
    return Usage(f"{path} has no fuses of an {plan.chip}", remedy=remedy, code="no_fuses")


def _give_birth(emulated: Any, plan: Plan) -> None:
    """What a chip's maker burns: its revision and its MAC."""
    from espefuse.efuse.esp32.fields import EfuseMacField

    mac = bytes([0x02]) + os.urandom(5)  # locally administered
    emulated.set_chip_revision(plan.least_revision)
    block, word = (0, 1) if plan.chip == "esp32" else (1, 0)
    high = int.from_bytes(mac[:2], "big")
    if plan.chip == "esp32":
        high |= EfuseMacField.calc_crc(mac) << 16
    emulated.direct_write_efuse(word, int.from_bytes(mac[2:], "big"), block=block)
    emulated.direct_write_efuse(word + 1, high, block=block)
    emulated.save_to_file()
