"""Runs a program with the curve's viper functions as compiled for xtensawin, on QEMU's Xtensa: PROGRAM ARGUMENTS...

All else of the program and of `seal` runs in this interpreter. The decorator `micropython.viper` puts a call of the
machine in the place of each function, so the engine `viper` is the one of `seal.p256`, unchanged.
"""

import builtins
import runpy
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "firmware"), str(ROOT / "firmware" / "tools")]

import build  # noqa: E402
from tests.qemu.xtensa import Xtensa  # noqa: E402

MODULES = ("limbs", "inverse", "viper_field")


def compiled(folder: Path) -> dict[str, bytes]:
    """The .mpy of each module that has viper functions."""
    for name in MODULES:
        build.compile_module(ROOT / "firmware" / "seal" / "p256" / f"{name}.py", folder / name, "xtensawin", name)
    return {name: (folder / f"{name}.mpy").read_bytes() for name in MODULES}


def install(machine: Xtensa) -> None:
    """Make `micropython` and what annotations name, for modules with viper functions."""
    places = dict.fromkeys(MODULES, 0)

    def viper(function: Callable[..., Any]) -> Callable[..., int]:
        module = function.__module__.rpartition(".")[2]
        place = places[module]
        places[module] += 1
        return lambda *arguments: machine.call(module, place, *arguments)

    fake: Any = ModuleType("micropython")
    fake.viper, fake.const = viper, lambda value: value
    sys.modules["micropython"] = fake
    for name in ("ptr8", "ptr16", "ptr32", "uint"):
        setattr(builtins, name, int)


def main() -> None:
    with tempfile.TemporaryDirectory() as text, Xtensa(compiled(Path(text)), Path(text)) as machine:
        install(machine)
        sys.argv[:] = sys.argv[1:]
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
