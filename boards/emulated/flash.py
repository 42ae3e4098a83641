"""A NOR flash chip in a file: a block device for LittleFS that checks its use and can lose power.

It has MicroPython's extended block device interface (`readblocks`, `writeblocks`, `ioctl`). An erased byte is
0xff; erasing is by whole blocks, programming only clears bits. The default is a Pico's file system, 1.4 MB.

`strict=True` checks for errors that the silicon does not report: programming a bit from 0 to 1 raises
NotErased. `cut_after` cuts the power in the middle of an operation, for tests of power loss. `erases` and `pages` count
what wears the chip.

Limits: writes reach the host's page cache, not its disk: a board's state survives the death of its process,
not a power cut of the host itself. No bit rot, no lock: one process an image.
"""

import os
from errno import ENOENT

_SYNC, _COUNT, _SIZE, _ERASE = 3, 4, 5, 6
PROGRAM_SIZE = 256
SCATTERED = 17  # a `part` for `cut_after`


class PowerCut(BaseException):
    """The power is gone. Not an Exception, so that code which catches errors does not catch it."""


class ImageDamaged(Exception):
    """The image is not of this flash's size, or has no file system."""


class NotErased(Exception):
    """A program operation would have set bits from 0 to 1, which only erasing does."""


class FlashFile:
    """The flash image at `path`, of `blocks` of `block_size` bytes. Raises OSError if there is none (see
    `create`), ImageDamaged if its size is another."""

    def __init__(self, path: str, block_size: int = 4096, blocks: int = 352, strict: bool = False) -> None:
        self._block_size = block_size
        self._blocks = blocks
        # allocated once: an operation that needs memory could fail, and LittleFS does not expect a flash that raises
        self._blank = b"\xff" * block_size
        self._strict = strict
        self._operations_left: "int | None" = None
        self._part = 8
        self._is_off = False
        self.erases = [0] * blocks  # of each block
        self.pages = 0  # programmed, of PROGRAM_SIZE bytes or part of one
        self._file = open(path, "r+b", 0)
        size = self._file.seek(0, 2)
        if size != block_size * blocks:
            self._file.close()
            raise ImageDamaged("%s: %d bytes, not %d blocks; put it back from a copy" % (path, size, blocks))

    @classmethod
    def create(cls, path: str, block_size: int = 4096, blocks: int = 352, strict: bool = False) -> "FlashFile":
        """Make a new, erased image at `path`; its old content is lost."""
        with open(path, "wb") as file:
            blank = b"\xff" * block_size
            for _ in range(blocks):
                file.write(blank)
        return cls(path, block_size, blocks, strict)

    def close(self) -> None:
        self._file.close()

    def cut_after(self, count: int, part: int = 8) -> None:
        """Cut the power in the `count`-th program or erase operation from now on (1 is the next), after
        `part` sixteenths of its bytes; part SCATTERED: every third of its bytes, and some bits of others. That one and
        everything after it raise PowerCut, reads too."""
        self._operations_left, self._part = count, part

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        """Fill `buffer` from byte `offset` of `block`."""
        self._check_power()
        self._file.seek(block * self._block_size + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block: int, buffer: bytes, offset: int | None = None) -> None:
        """Program `buffer` at byte `offset` of `block`; without an offset, erase the blocks first."""
        self._check_power()
        if offset is None:
            for i in range(len(buffer) // self._block_size):
                self._erase(block + i)
            offset = 0
        self._program(block * self._block_size + offset, buffer)

    def ioctl(self, operation: int, argument: int) -> int | None:
        """Sync, geometry and erase, as MicroPython's block devices; None for anything else."""
        self._check_power()
        if operation == _COUNT:
            return self._blocks
        if operation == _SIZE:
            return self._block_size
        if operation == _ERASE:
            self._erase(argument)
            return 0
        return 0 if operation == _SYNC else None

    def _erase(self, block: int) -> None:
        self.erases[block] += 1
        self._write(block * self._block_size, self._blank)

    def _program(self, address: int, data: bytes) -> None:
        if self._strict:
            self._file.seek(address)
            old_bytes = self._file.read(len(data))
            if any(new & ~old for new, old in zip(data, old_bytes)):
                raise NotErased("programming %d bytes at 0x%x sets bits not erased" % (len(data), address))
        self.pages += (address % PROGRAM_SIZE + len(data) + PROGRAM_SIZE - 1) // PROGRAM_SIZE
        self._write(address, data)

    def _check_power(self) -> None:
        if self._is_off:
            raise PowerCut("the power is gone")

    def _write(self, address: int, data: bytes) -> None:
        if self._operations_left is not None:
            self._operations_left -= 1
            if self._operations_left <= 0:
                data = self._torn(address, data)
                self._is_off = True
        self._file.seek(address)
        self._file.write(data)
        if self._is_off:
            raise PowerCut("the power failed in an operation at 0x%x" % address)

    def _torn(self, address: int, data: bytes) -> bytes:
        if self._part != SCATTERED:
            return bytes(data[: len(data) * self._part // 16])
        self._file.seek(address)
        torn = bytearray(self._file.read(len(data)))
        for at in range(len(torn)):
            if at % 3 == 0:
                torn[at] = data[at]
            elif at % 3 == 1:  # between what it was and what it was to be
                torn[at] = (torn[at] & data[at]) | ((torn[at] ^ data[at]) & 0x5A)
        return bytes(torn)


mounted: "dict[str, FlashFile]" = {}  # by the folder where its file system is: what a board's module takes for its chip


def mount(path: str, directory: str, block_size: int = 4096, blocks: int = 352) -> FlashFile:
    """Mount the LittleFS image at `path` on `directory`; a new one is made only where there is no file.

    Returns the FlashFile. Raises ImageDamaged for an existing image that does not mount: it is never
    formatted again, because a board would then forget what it promised. MicroPython only (VfsLfs2).
    """
    import vfs

    try:
        os.stat(path)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        _format(path, block_size, blocks)
    flash = FlashFile(path, block_size, blocks)
    try:
        # the stub takes only its own abstract class for a block device
        filesystem = vfs.VfsLfs2(flash, progsize=PROGRAM_SIZE)  # type: ignore[abstract,arg-type]
        vfs.mount(filesystem, directory)
    except OSError as error:
        flash.close()
        raise ImageDamaged("%s does not mount (OSError %s); put it back from a copy" % (path, error.errno))
    mounted[directory] = flash
    return flash


def _format(path: str, block_size: int, blocks: int) -> None:
    """Make the image under another name and rename it, so that an image under its own name is always formatted."""
    import vfs

    flash = FlashFile.create(path + ".new", block_size, blocks)
    vfs.VfsLfs2.mkfs(flash, progsize=PROGRAM_SIZE)  # type: ignore[arg-type,unused-ignore]  # as in `mount`
    flash.close()
    os.rename(path + ".new", path)
