"""Tables for people, as wide as what they are printed on, in which no word is ever cut."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, starmap

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text


def lay_out(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str, width: int | None) -> Table | None:
    """A table. columns: their names; a trailing > aligns to the right. width: of the terminal; None: plain, as wide as
    it comes. None where the terminal is too narrow for its longest words."""
    names = [column.rstrip(">") for column in columns]
    widths: list[int | None] | None = [None] * len(names)
    if width is not None:
        widths = columns_that_fit([names, *rows], width - 2 * len(columns) + 2)
    if widths is None:
        return None
    pretty = width is not None
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD if pretty else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1 if pretty else 2, 0, 0),
        header_style="bold" if pretty else "",
    )
    for column, name, wide in zip(columns, names, widths, strict=True):
        table.add_column(name, justify="right" if column.endswith(">") else "left", overflow="fold", width=wide)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def columns_that_fit(rows: Sequence[Sequence[str]], width: int) -> list[int | None] | None:
    """A width for each column so that all fit into `width` and no word is cut; None where there is no such.

    What is too wide gives way first. Every row has one cell for each column.
    """
    columns = list(zip(*rows, strict=True))
    least = [max((cell_len(word) for cell in cells for word in cell.split()), default=1) for cells in columns]
    widths = [max(1, *map(cell_len, cells)) for cells in columns]
    while sum(widths) > width:
        gives = [at for at, one in enumerate(widths) if one > least[at]]
        if not gives:
            return None
        widths[max(gives, key=lambda at: widths[at])] -= 1
    return [*widths]


def plain_lines(columns: Sequence[str], first: Sequence[Sequence[str]], rest: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a listing that is longer than a screen, one at a time: columns as wide as the first rows need."""
    names = tuple(column.rstrip(">") for column in columns)
    layout = [
        (max(map(cell_len, cells)), column.endswith(">"))
        for column, cells in zip(columns, zip(names, *first, strict=True), strict=True)
    ]
    for row in chain((names,), first, rest):
        yield "  ".join(starmap(_padded, zip(row, layout, strict=True))).rstrip()


def _padded(cell: str, layout: tuple[int, bool]) -> str:
    width, to_right = layout
    space = " " * (width - (len(cell) if cell.isascii() else cell_len(cell)))
    return space + cell if to_right else cell + space
