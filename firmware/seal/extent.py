"""Files whose blocks were erased ahead and are programmed in place: an append costs a page, no erase and no copy.

LittleFS copies a file's unfinished block at every append: an erase and nine pages for 200 bytes. An extent is a file
that LittleFS wrote whole, blank bytes (0xff) and a tail that no other file has. What is blank can be programmed later,
in the blocks where the file lies: LittleFS keeps no checksum of a file's data and never moves a file that is not
written. LittleFS alone erases, so it levels the wear; nothing but blank bytes of an extent is ever programmed here.

Blocks of a file: littlefs, SPEC.md, "CTZ skip-lists". Block n > 0 begins with ctz(n) + 1 pointers (u32, little-endian),
and the first of them names block n - 1. The tail is at the end of the last block, and its random bytes are how that
block is found. Limits: blocks of 4096 bytes, pages of 256.
"""

import os
import struct

from .compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import BlockDevice

PAGE = const(256)
BLOCK = const(4096)
TAIL = const(16)
_CHUNK = const(1024)  # bytes of a file at once: LittleFS takes its time for each call
_MAGIC = b"\xfe\xfeSX"  # no frame of a reading begins so: as a length it exceeds what is left
_COUNT = const(4)  # of ioctl
_SIZE = const(5)


def _pointers(n: int) -> int:
    """Bytes of pointers at the start of a file's block n."""
    if n == 0:
        return 0
    size = 4
    while n & 1 == 0:
        size, n = size + 4, n >> 1
    return size


def file_size(count: int) -> int:
    """Bytes of an extent of so many blocks, its tail with them."""
    return sum(BLOCK - _pointers(n) for n in range(count))


def count_blocks(size: int, tail: bytes) -> int:
    """Blocks of the extent with this size and this tail; 0 for a file that is no extent."""
    count = (size + BLOCK - 1) // BLOCK
    while file_size(count) < size:
        count += 1
    return count if tail[:4] == _MAGIC and len(tail) == TAIL and file_size(count) == size else 0


class Extents:
    """The extents on one LittleFS. flash: the block device that it lies on, from its first block."""

    def __init__(self, flash: "BlockDevice") -> None:
        self._flash = flash
        self._page = bytearray(PAGE)
        self._path = ""  # the extent whose blocks are known
        self._blocks: list[int] = []

    def create(self, path: str, count: int) -> None:
        """Make a blank extent. Raises OSError; what is left of the file then is no extent."""
        self.forget(path)
        blank, left = b"\xff" * _CHUNK, file_size(count) - TAIL
        with open(path, "wb") as file:
            while left:
                left -= file.write(blank[:left])
            file.write(_MAGIC + os.urandom(TAIL - len(_MAGIC)))

    def find(self, path: str) -> bool:
        """Whether `path` is an extent that can be programmed: its blocks were found, and hold what the file does."""
        if path != self._path:
            self._path, self._blocks = "", []
            if self._flash.ioctl(_SIZE, 0) != BLOCK:
                return False
            blocks = self._chain(path)
            if not blocks or not self._matches(path, blocks):
                return False
            self._path, self._blocks = path, blocks
        return True

    def forget(self, path: str) -> None:
        """`path` is removed or replaced: find its blocks anew."""
        if path == self._path:
            self._path, self._blocks = "", []

    def _chain(self, path: str) -> list[int]:
        """The file's blocks, first to last, or []."""
        size = os.stat(path)[6]
        if size < TAIL:
            return []
        with open(path, "rb") as file:
            file.seek(size - TAIL)
            tail = file.read(TAIL)
        count, found, total = count_blocks(size, tail), -1, self._flash.ioctl(_COUNT, 0)
        buffer, read = bytearray(TAIL), self._flash.readblocks
        for number in range(total if count else 0):
            read(number, buffer, BLOCK - TAIL)
            if buffer == tail:
                if found >= 0:
                    return []
                found = number
        if found < 0:
            return []
        blocks, pointer = [found], bytearray(4)
        for _ in range(count - 1):
            self._flash.readblocks(blocks[0], pointer, 0)
            before = struct.unpack("<I", pointer)[0]
            if before >= total or before in blocks:
                return []
            blocks.insert(0, before)
        return blocks

    def _matches(self, path: str, blocks: list[int]) -> bool:
        ours, theirs = bytearray(_CHUNK), bytearray(_CHUNK)
        with open(path, "rb") as file:
            for n, block in enumerate(blocks):
                at = _pointers(n)
                while at < BLOCK:
                    size = min(_CHUNK, BLOCK - at)
                    part = memoryview(theirs)[:size]
                    if file.readinto(part) != size:
                        return False
                    self._flash.readblocks(block, memoryview(ours)[:size], at)
                    if memoryview(ours)[:size] != part:
                        return False
                    at += size
        return True

    def program(self, path: str, at: int, data: bytes) -> None:
        """Program `data` into the extent from byte `at`, whole pages at once, those before it as they were. Where
        `data` is there already, it is programmed again. Raises OSError where other bytes are, or if it reads back
        otherwise; the first page is programmed first."""
        if not self.find(path):
            raise OSError(5)
        n, done = 0, 0
        while at >= BLOCK - _pointers(n):
            at -= BLOCK - _pointers(n)
            n += 1
        at += _pointers(n)
        while done < len(data):
            start = at % PAGE
            part = data[done : done + PAGE - start]
            self._program_page(self._blocks[n], at - start, start, part)
            done, at = done + len(part), at + len(part)
            if at == BLOCK:
                n += 1
                at = _pointers(n)

    def _program_page(self, block: int, offset: int, start: int, part: bytes) -> None:
        page = self._page
        self._flash.readblocks(block, page, offset)
        old = page[start : start + len(part)]
        if old != part and old != b"\xff" * len(part):
            raise OSError(5)
        page[start : start + len(part)] = part
        self._flash.writeblocks(block, page, offset)
        self._flash.readblocks(block, page, offset)
        if page[start : start + len(part)] != part:
            raise OSError(5)
