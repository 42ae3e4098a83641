"""A statement as rows for people, as CSV and as a page of HTML.

Limits: in CSV amounts are in the asset's smallest unit, and names are as the register has them.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from io import StringIO
from typing import Any, Final

from ..ledger import Funds, Statement
from ..money import Assets
from .words import named, plain

COLUMNS: Final = ("day", "what", "with", "entries>", "available>", "in channels>")
_CSV: Final = ("asset", "day", "what", "peer", "name", "entries", "available", "locked")
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.4 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }}
table {{ border-collapse: collapse; width: 100%; margin-bottom: 2em }}
th, td {{ border-bottom: 1px solid #8888; padding: .3em .6em; text-align: left; overflow-wrap: anywhere }}
.number {{ text-align: right; font-variant-numeric: tabular-nums }}
.sum td {{ font-weight: bold }}
</style></head><body>
<h1>{title}</h1>
<p>Device <code>{device}</code>. Days are UTC's. In channels: locked for payments, and not yet paid or given back.</p>
{tables}
</body></html>
"""


def day(unix: int) -> str:
    """The day of a time, UTC."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d")


def rows(one: Statement, assets: Assets, names: Mapping[bytes, str]) -> Iterator[tuple[str, ...]]:
    """The cells of a statement, as `COLUMNS` names them: its opening, what moved, its closing."""

    def sums(funds: Funds) -> tuple[str, ...]:
        return tuple(assets.show(value, one.asset) for value in funds)

    yield day(one.start), "opening", "", "", *sums(one.opening)
    for line in one.lines:
        yield day(line.day), line.kind, named(line.peer, names), str(line.entries), *sums(line.change)
    yield day(one.end - 1), "closing", "", "", *sums(one.closing)


def as_json(one: Statement, names: Mapping[bytes, str]) -> dict[str, Any]:
    """For programs: amounts as text, in the asset's smallest unit."""

    def sums(funds: Funds) -> dict[str, str]:
        return {"available": str(funds.available), "locked": str(funds.locked)}

    lines = [
        {"day": day(line.day), "what": line.kind, "peer": line.peer.hex(), "name": names.get(line.peer),
         "entries": line.entries, **sums(line.change)}
        for line in one.lines
    ]  # fmt: skip
    who = {"device": one.device.hex(), "name": names.get(one.device), "asset": one.asset}
    times = {"start": one.start, "end": one.end}
    return {**who, **times, "opening": sums(one.opening), "lines": lines, "closing": sums(one.closing)}


def as_csv(found: Sequence[Statement], assets: Assets, names: Mapping[bytes, str]) -> str:
    """With a header, one table for all assets."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV)
    for one in found:
        writer.writerow((one.asset, day(one.start), "opening", "", "", "", *one.opening))
        for line in one.lines:
            peer = line.peer.hex(), names.get(line.peer, "")
            writer.writerow((one.asset, day(line.day), line.kind, *peer, line.entries, *line.change))
        writer.writerow((one.asset, day(one.end - 1), "closing", "", "", "", *one.closing))
    return out.getvalue()


def as_html(title: str, device: bytes, found: Sequence[Statement], assets: Assets, names: Mapping[bytes, str]) -> str:
    """A page that loads nothing else."""
    tables = "\n".join(_table(one, assets, names) for one in found) or "<p>Nothing.</p>"
    return _PAGE.format(title=escape(plain(title)), device=device.hex(), tables=tables)


def _table(one: Statement, assets: Assets, names: Mapping[bytes, str]) -> str:
    header = "".join(f'<th scope="col"{_number(name)}>{name.rstrip(">")}</th>' for name in COLUMNS)
    lines = [_row(cells) for cells in rows(one, assets, names)]
    caption = f"<h2>{escape(plain(assets.find(one.asset).unit))}</h2>"
    return f"{caption}\n<table><thead><tr>{header}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>"


def _row(cells: tuple[str, ...]) -> str:
    kind = ' class="sum"' if cells[1] in ("opening", "closing") else ""
    shown = (f"<td{_number(name)}>{escape(plain(cell))}</td>" for name, cell in zip(COLUMNS, cells, strict=True))
    return f"<tr{kind}>{''.join(shown)}</tr>"


def _number(column: str) -> str:
    return ' class="number"' if column.endswith(">") else ""
