"""Reading files that hold secrets."""

import os
import shlex
import stat
from pathlib import Path
from typing import Final

from ...errors import BadKeyFile

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path) -> bytes:
    """The bytes of a file that only its owner may read. Raises OSError, and BadKeyFile where its mode gives group or
    others any right: anyone who read it meanwhile can sign. Not checked where the platform has no modes."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & _OTHERS:
            remedy = f"Run `chmod 600 {shlex.quote(str(path))}`; make a new key if others may have read it."
            raise BadKeyFile(f"{path} is open to other users: mode {mode:04o}", remedy=remedy, code="lax_mode")
        return file.read()
