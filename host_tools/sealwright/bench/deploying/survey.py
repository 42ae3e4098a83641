"""What is on a board, asked at its prompt: the chip, the room on its flash, and a hash of each firmware file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...errors import RefusedByDevice, Unreachable
from ...targets import BoardKind
from ...targets.kinds import plain
from .console import Console

SLOTS: Final = ("a", "b")
IDENTITY: Final = "/state/j-identity"  # the journal's record of a provisioned board
# by sys.implementation._mpy >> 10, see MicroPython's py/persistentcode.h
_ARCHITECTURES: Final = (
    "none", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
    "rv32imc", "rv64imc",
)  # fmt: skip
_MPY_VERSION: Final = 6
_MPY_NATIVE: Final = 3  # what version 6 calls its sub-version, of native code; MicroPython 1.23 and newer
_IDENTIFY: Final = f"""
import os, sys
def there(path):
    try:
        os.stat(path)
        return True
    except OSError as error:
        if error.errno != 2:  # ENOENT; a flash that cannot be read does not say that nothing is there
            raise
        return False
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except (OSError, ValueError):
        return None
room = os.statvfs("/")
print(dict(mpy=getattr(sys.implementation, "_mpy", 0), machine=os.uname()[4], release=os.uname()[2], block=room[0],
    free=room[1] * room[4], slot=text("/slot"), provisioned=there({IDENTITY!r})))
"""
_HASHES: Final = """
import os
from binascii import hexlify
from hashlib import sha256
piece = memoryview(bytearray(1024))
def digest(path, size):
    hash = sha256()
    with open(path, "rb") as file:
        while True:
            n = file.readinto(piece)
            if not n:
                break
            hash.update(piece[:n])
    print(hexlify(hash.digest()).decode(), size, path)
def walk(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            walk(path)
        else:
            digest(path, os.stat(path)[6])
def look(path):
    try:
        mode = os.stat(path)[0]
    except OSError:
        return
    if mode & 0x4000:
        walk(path)
    else:
        digest(path, os.stat(path)[6])
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A file on the board: SHA-256 in hexadecimal, and bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Survey:
    """block, free: bytes of a flash block and of all that are free. slot: the one in use. files: by absolute path."""

    machine: str
    release: str
    block: int
    free: int
    slot: str | None
    files: Mapping[str, Found]


def survey(console: Console, board: BoardKind, roots: list[str]) -> Survey:
    """Look at a board before anything on it is changed. roots: files and folders to hash.

    Raises RefusedByDevice for another chip than the board's, for an image that runs no native code of its kind, and for
    a board that is provisioned; Unreachable.
    """
    found = console.value(_IDENTIFY)
    if not isinstance(found, dict):
        raise Unreachable(f"{console.url} answered with something else than what it is")
    _check(board, found)
    slot = (found["slot"] or "").strip()
    return Survey(
        machine=found["machine"],
        release=found["release"],
        block=found["block"],
        free=found["free"],
        slot=slot if slot in SLOTS else None,
        files=hashes(console, roots),
    )


def hashes(console: Console, roots: list[str]) -> dict[str, Found]:
    """The hash of every file that is one of these paths or below one."""
    printed = console.run(_HASHES + "".join(f"look({root!r})\n" for root in roots))
    found = {}
    for line in printed.splitlines():
        digest, size, path = line.split(" ", 2)
        found[path] = Found(digest, int(size))
    return found


def _check(board: BoardKind, found: Mapping[str, Any]) -> None:
    machine, mpy = str(found["machine"]), int(found["mpy"])
    chip = machine.rpartition(" with ")[2]
    if plain(chip) != plain(board.mcu):
        remedy = f"Name the board that is connected, or connect {board.called}."
        raise RefusedByDevice(f"this is a {machine}, and {board.called} has an {board.mcu}: nothing was changed",
                              remedy=remedy, code="wrong_chip")  # fmt: skip
    arch = _ARCHITECTURES[mpy >> 10 & 15] if mpy >> 10 & 15 < len(_ARCHITECTURES) else "unknown"
    if (mpy & 255, mpy >> 8 & 3) != (_MPY_VERSION, _MPY_NATIVE) or arch != board.arch:
        remedy = f"Put the official image for {board.called} on it, MicroPython 1.26 or newer: `sealwright flash`."
        why = f"MicroPython {found['release']} on it runs .mpy version {mpy & 255}.{mpy >> 8 & 3} for {arch}"
        raise RefusedByDevice(f"{why}, the firmware is {_MPY_VERSION}.{_MPY_NATIVE} for {board.arch}",
                              remedy=remedy, code="wrong_architecture")  # fmt: skip
    if found["provisioned"]:
        raise is_provisioned()


def is_provisioned() -> RefusedByDevice:
    """The refusal of a board that has an identity."""
    remedy = "Its firmware is renewed with `sealwright update`, which its owner signs."
    return RefusedByDevice("the board is provisioned: nothing was changed", remedy=remedy, code="already_provisioned")
