"""Writing files that must never be half there."""

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file, whole or not at all, also when the power goes. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
