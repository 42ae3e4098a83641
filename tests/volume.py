"""Files in an emulated machine's memory, as a read-only volume of its MicroPython: no flash and no heap holds them."""

from collections.abc import Mapping

_FILE = """
import io, sys, uctypes, vfs
class File(io.IOBase):
    def __init__(self, at, size):
        self.at, self.left = at, size
    def readinto(self, into):
        n = min(len(into), self.left)
        into[:n] = uctypes.bytearray_at(self.at, n)
        self.at += n
        self.left -= n
        return n
    def ioctl(self, request, argument):
        return 0
"""
_TEXT = """
    def read(self):
        data = bytes(uctypes.bytearray_at(self.at, self.left))
        self.left = 0
        return data
    def readline(self):
        data = uctypes.bytearray_at(self.at, self.left)
        n = 0
        while n < self.left:
            n += 1
            if data[n - 1] == 10:
                break
        line = str(uctypes.bytearray_at(self.at, n), "utf-8")  # one copy: a slice would be a second
        self.at += n
        self.left -= n
        return line
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
"""
_VOLUME = """
class Volume:
    def mount(self, readonly, mkfs):
        pass
    def chdir(self, path):
        pass
    def stat(self, path):
        path = path.strip("/")
        if path in FILES:
            return (0x8000, 0, 0, 0, 0, 0, FILES[path][1], 0, 0, 0)
        for name in FILES:
            if name.startswith(path + "/"):
                return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        raise OSError(2)
    def open(self, path, mode):
        path = path.strip("/")
        if path not in FILES:
            raise OSError(2)
        return File(*FILES[path])
"""


def placed(files: Mapping[str, bytes], at: int, alignment: int = 1) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """A block of memory for the address `at`, and for each file its place in it and its bytes."""
    block, places = bytearray(), {}
    for path, data in files.items():
        places[path] = (at + len(block), len(data))
        block += data + bytes(-len(data) % alignment)
    return bytes(block), places


def mount(places: Mapping[str, tuple[int, int]], folder: str, is_text: bool = False) -> str:
    """The script that mounts the volume and puts it first on the path. is_text: the files can be read by lines, too."""
    text = _TEXT if is_text else ""
    start = f"vfs.mount(Volume(), {folder!r})\nsys.path.insert(0, {folder!r})\n"
    return f"FILES = {dict(places)!r}\n{_FILE}{text}{_VOLUME}{start}"
