"""Read board.json: the one place in the tools and tests of the device side that does.

`tests/boards/contract.py` has the fields and their meaning. The host has a reader of its own.
"""

import json
from pathlib import Path
from typing import Any

BOARDS = Path(__file__).resolve().parents[2] / "boards"


def folders() -> list[Path]:
    """The folders of all boards, sorted."""
    return sorted(path.parent for path in BOARDS.glob("*/board.json"))


def read(board: Path) -> dict[str, Any]:
    """The fields of board.json in the folder `board`. Raises OSError, ValueError."""
    fields: dict[str, Any] = json.loads((board / "board.json").read_text())
    return fields
