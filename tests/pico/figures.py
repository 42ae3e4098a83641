"""The table of a board's README, from what `make bench-device` measured.

    python -m tests.pico.figures build/bench-device.json ...

keeps the rows in figures.json beside this module, each in the place of an earlier one of its topic, and writes them
into boards/pico/README.md between its two marks. A test holds the README to the file.
"""

import json
import sys
from pathlib import Path
from typing import Any

BOARD = Path(__file__).resolve().parents[2] / "boards" / "pico"
FILE = Path(__file__).with_name("figures.json")
README = BOARD / "README.md"
BEGIN, END = "<!-- figures: python -m tests.pico.figures -->\n", "<!-- end of figures -->\n"

Rows = list[dict[str, Any]]


def merged(old: Rows, new: Rows) -> Rows:
    """`old` with each topic that `new` has in its place."""
    topics = {row["topic"] for row in new}
    kept = [row for row in old if row["topic"] not in topics]
    return sorted(kept + new, key=lambda row: str(row["topic"]))


def table(rows: Rows) -> str:
    """The rows as a table in Markdown, without those that are parts of another (indented)."""
    lines = ["| what | figure | goal |", "| --- | ---: | ---: |"]
    for row in (row for row in rows if not row["name"].startswith(" ")):
        figure = "not measured" if row["figure"] is None else f"{row['figure']:,.4g}"
        if isinstance(row["figure"], int):
            figure = f"{row['figure']:,}"
        goal = "" if row["goal"] is None else f"at {row['at']} {row['goal']:,g}: {row['verdict'].lower()}"
        lines.append(f"| {row['name']} | {figure} {row['unit']} | {goal} |")
    return "\n".join(lines) + "\n"


def filled(text: str, rows: Rows) -> str:
    """A README with this table between its marks. Raises ValueError without them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README} has no {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + "\n" + table(rows) + "\n" + END + after


def main(files: list[str]) -> int:
    rows: Rows = json.loads(FILE.read_text()) if FILE.exists() else []
    for file in files:
        rows = merged(rows, json.loads(Path(file).read_text())["rows"])
    FILE.write_text(json.dumps(rows, indent=1) + "\n")
    README.write_text(filled(README.read_text(), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
