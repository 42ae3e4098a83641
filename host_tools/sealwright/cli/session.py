"""One run of a command: where its output goes; `reaching` has where its home is and how it connects.

Without --json, text for people goes to stdout and errors to stderr. With it, stdout has one JSON object a line and
nothing else, and all text goes to stderr. Text is plain, and never wrapped or cut, where the stream is no terminal.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import chain, islice
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from ..errors import SealwrightError
from ..money import Assets
from ..operate.logs import Logs
from .reaching import Reach
from .tables import lay_out, plain_lines
from .words import json_value, plain

_SCREENFUL: Final = 200  # rows: a longer table is written line by line
_WIDE: Final = 4096  # no line is longer: nothing wraps where nobody looks
Advance = Callable[[float, str], None]
T = TypeVar("T")
Row = Callable[[T], Sequence[str]]
Values = Callable[[T], dict[str, Any]]


class _Quiet(Console):
    """A console that leaves a broken pipe to the command's boundary."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console(stderr: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return _Quiet(stderr=stderr, markup=False, emoji=False, highlight=False, width=None if terminal else _WIDE)


def _with_party(text: str, where: dict[str, Any]) -> str:
    """The text of an error, and before it whose it is, unless the text says so."""
    who = where.get("device") or where.get("name") or ""
    named = re.search(rf"(?<![\w.-]){re.escape(who)}(?![\w.-])", text)
    return f"{who}: {text}" if who and not named else text


class Session(Reach):
    """Given to every command. `as_json`: programs read stdout."""

    def __init__(self, home: str | None, as_json: bool, ledger: str | None = None) -> None:
        super().__init__(home, ledger)
        self.as_json = as_json
        self.out = _console(stderr=as_json)
        self.err = _console(stderr=True)
        self._remedy = ""  # the last one shown

    def names(self) -> dict[bytes, str]:
        """Device id -> name of the home's register; nothing where there is no home."""
        try:
            return self.home.names()
        except SealwrightError:  # names are a courtesy: a command that needs the home asks for it itself
            return {}

    @cached_property
    def assets(self) -> Assets:
        """How to show amounts: the home's assets; in smallest units where there is no home."""
        try:
            return Assets.read(self.home.folder)
        except SealwrightError:  # as for names; a command that reads an amount asks for them itself
            return Assets()

    def logs(self) -> Logs:
        """What the home remembers of devices' logs; nothing where there is no home."""
        try:
            return Logs(self.home)
        except SealwrightError:
            return Logs()

    def emit(self, **values: Any) -> None:
        """One JSON object on stdout, with --json. Values are as `json_value` makes them."""
        if self.as_json:
            sys.stdout.write(json.dumps(json_value(values)) + "\n")
            sys.stdout.flush()

    def emit_failure(self, error: SealwrightError, **where: Any) -> None:
        """An error, with --json. where: more for programs."""
        self.emit(ok=False, code=error.code, error=plain(str(error)), remedy=error.remedy, **where)

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people."""
        self.out.print(Text(plain(text), style=style), soft_wrap=True)

    def note(self, text: str) -> None:
        """A line for people beside the output: always on stderr."""
        self.err.print(Text(plain(text), style="yellow"), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
        """A table for people. A column named with a trailing > is aligned to the right.

        No word is ever cut: on a terminal that is too narrow for that, each row is a paragraph.
        """
        cells = [tuple(plain(cell) for cell in row) for row in rows]
        shown = lay_out(columns, cells, title, self.out.width if self.out.is_terminal else None)
        if shown is not None:
            self.out.print(shown)
            return
        if title:
            self.say(title, "bold")
        for at, row in enumerate(cells):
            if at:
                self.say()
            self.facts((name.rstrip(">"), cell) for name, cell in zip(columns, row, strict=True) if cell)

    def listing(self, columns: Sequence[str], items: Iterable[T], row: Row[T], values: Values[T]) -> int:
        """A table of any length, written as its items come; how many they were. With --json one object an item.

        row: the cells of an item. values: its JSON object. More than a screenful is not laid out to fit: one line a
        row, nothing held back.
        """
        if self.as_json:
            return sum(sys.stdout.write(json.dumps(json_value(values(item))) + "\n") > 0 for item in items)
        cells = (tuple(plain(cell) for cell in row(item)) for item in items)
        first = list(islice(cells, _SCREENFUL))
        following = next(cells, None)
        if following is None:
            self.table(columns, first)
            return len(first)
        lines = plain_lines(columns, first, chain((following,), cells))
        return sum(self.out.file.write(line + "\n") > 0 for line in lines) - 1  # without the line of names

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and values, one pair a line."""
        shown = list(rows)
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.say(f"{name:<{width}}  {value}")

    def fail(self, error: SealwrightError, **where: Any) -> int:
        """Tell of an error and return the exit code it asks for. where: more for programs.

        Its `device` or `name` says which of many it is; a remedy that many in a row have is shown once.
        """
        try:
            self.emit_failure(error, **where)
        except OSError:
            abandon_stdout()  # stderr still tells
        self.err.print(Text(f"error: {plain(_with_party(str(error), where))}", style="red"), soft_wrap=True)
        if error.remedy and not (where and error.remedy == self._remedy):
            self.err.print(Text(f"remedy: {plain(error.remedy)}"), soft_wrap=True)
        self._remedy = error.remedy
        return error.exit_code

    @contextmanager
    def progress(self, what: str, total: float | None = None, *, streams: bool = False) -> Iterator[Advance]:
        """A bar or spinner on stderr while this lasts, where that is a terminal; gives `advance(done, detail)`.

        streams: lines come meanwhile, which show by themselves that something happens if they go to a terminal.
        """
        if not self.err.is_terminal or (streams and self.out.is_terminal):
            yield _ignore
            return
        columns = [SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[detail]}")]
        if total is not None:
            columns.insert(2, BarColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self.err, transient=True) as shown:
            task = shown.add_task(what, total=total, detail="")

            def advance(done: float, detail: str = "") -> None:
                shown.update(task, completed=done, detail=plain(detail))

            yield advance

    @contextmanager
    def resumable(self) -> Iterator[None]:
        """Work that resumes where it ended when it is run again; Ctrl-C says so."""
        try:
            yield
        except KeyboardInterrupt:
            self.note("Interrupted. Run it again: it goes on where it ended.")
            raise

    def finish(self) -> None:
        """Write out what is left. Raises OSError where stdout does not take it."""
        sys.stdout.flush()


def _ignore(done: float, detail: str = "") -> None:
    pass


def abandon_stdout() -> None:
    """Let go of a stdout that takes nothing more, or the interpreter would complain about it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
