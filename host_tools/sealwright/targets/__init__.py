"""Boards as the host handles them: which kinds there are, and what is compiled for each.

The host never imports the firmware: it reads board.json, runs `firmware/tools/build.py` as a program of its own, and
moves the files that come out. `kinds` reads board.json, `build` compiles, `assets` finds the device's files.
Imports `wire` and `errors`; nothing above.
"""

from .build import MANIFEST, Build, compile_for
from .kinds import UF2, BoardKind, find, names

__all__ = ["MANIFEST", "UF2", "BoardKind", "Build", "compile_for", "find", "names"]
