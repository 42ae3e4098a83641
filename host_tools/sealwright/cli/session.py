"""One run of a command: where its home is, how it connects, and where its output goes.

Without --json, text for people goes to stdout and errors to stderr. With it, stdout has one JSON object a line and
nothing else, and all text goes to stderr. Text is plain, and never wrapped or cut, where the stream is no terminal.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .. import emulator
from ..emulator.serial_url import wire
from ..errors import SealwrightError, Unreachable, Usage
from ..home import Home, Registered
from ..home.urls import split_place, url_of
from ..link import Client, connect
from ..link.broker import Broker, DeviceTopics, device_of, topic_of
from ..link.transport import split_url
from ..money import Assets
from ..operate.logs import Logs
from ..operate.pinning import check_named
from .words import json_value, plain

_WIDE: Final = 4096  # no line is longer: nothing wraps where nobody looks
Advance = Callable[[float, str], None]


class _Quiet(Console):
    """A console that leaves a broken pipe to the command's boundary."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console(stderr: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return _Quiet(stderr=stderr, markup=False, emoji=False, highlight=False, width=None if terminal else _WIDE)


class Session:
    """Given to every command. `as_json`: programs read stdout."""

    def __init__(self, home: str | None, as_json: bool) -> None:
        self.folder = home
        self.as_json = as_json
        self.out = _console(stderr=as_json)
        self.err = _console(stderr=True)
        self._home: Home | None = None

    @property
    def home(self) -> Home:
        """The home. Raises Usage where there is none."""
        if self._home is None:
            self._home = Home.open(self.folder)
        return self._home

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

    def connect(self, text: str) -> Client:
        """Connect to a device at its URL or bare port, at DEVICE@URL, or as `Home.resolve` finds it at the URL where
        the owner named it last. Only a tcp or serial URL needs no home. Raises Usage, Unreachable."""
        wanted, url = split_place(text)
        if url is None:
            url = url_of(text)
            if url is not None:
                return self._open(url)
            entry = self._resolve(text)
            return self._open_named(entry.where, bytes.fromhex(entry.device))
        return self._open_named(url, self.home.identify(wanted))

    def _open_named(self, url: str, device: bytes) -> Client:
        try:
            client = self._open(url)
        except Unreachable as error:
            elsewhere = "" if url.startswith("emulated:") else " If it is elsewhere now, say where: DEVICE@URL."
            raise Unreachable(str(error), remedy=f"{error.remedy}{elsewhere}", code=error.code) from error
        with ExitStack() as stack:
            stack.push(client)
            client.device = device
            if not url.startswith("mqtts:"):  # whose topics are one device's
                check_named(self.home, client)
            stack.pop_all()
        return client

    def _open(self, url: str) -> Client:
        if url.startswith("emulated:"):
            return emulator.resolve(self.home, url)
        if url.startswith("mqtts:"):
            address, wanted = Broker.parse(self.home, url)
            topic = topic_of(self.home, wanted)
            return Client(DeviceTopics(address, topic), url, device=device_of(topic))
        return connect(url)

    def wire(self, url: str) -> tuple[str, float]:
        """The wire that a device URL names, see `emulator.serial_url`; only `emulated:NAME` needs a home.

        Raises Usage."""
        url = self.url(url)
        return wire(self.home, url) if url.startswith("emulated:") else (url, 1.0)

    def url(self, text: str) -> str:
        """The URL of the device that `text` means: itself, or what the register has. Raises Usage."""
        return split_place(text)[1] or url_of(text) or self._resolve(text).where

    def _resolve(self, text: str) -> Registered:
        if ":" in text and not text.startswith("did:"):
            split_url(text)  # raises: a scheme that there is not
        try:
            home = self.home
        except Usage as error:
            if error.code != "no_home":
                raise
            what = f"{text!r} is no device URL, and {error}, whose register could have it as a name"
            raise Usage(
                what, remedy=f"Give a URL, such as serial:/dev/ttyACM0, or: {error.remedy}", code="bad_url"
            ) from error
        return home.resolve(text)

    def emit(self, **values: Any) -> None:
        """One JSON object on stdout, with --json. Values are as `json_value` makes them."""
        if self.as_json:
            sys.stdout.write(json.dumps(json_value(values)) + "\n")
            sys.stdout.flush()

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
        pretty = self.out.is_terminal
        cells = [tuple(plain(cell) for cell in row) for row in rows]
        names = [column.rstrip(">") for column in columns]
        widths = (
            columns_that_fit([names, *cells], self.out.width - 2 * len(columns) + 2) if pretty else [None] * len(names)
        )
        if widths is None:
            self._paragraphs(names, cells, title)
            return
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
        for column, name, width in zip(columns, names, widths, strict=True):
            right = column.endswith(">")
            table.add_column(name, justify="right" if right else "left", overflow="fold", width=width)
        for row in cells:
            table.add_row(*map(Text, row))
        self.out.print(table)

    def _paragraphs(self, names: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> None:
        if title:
            self.say(title, "bold")
        for at, row in enumerate(rows):
            if at:
                self.say()
            self.facts((name, cell) for name, cell in zip(names, row, strict=True) if cell)

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and values, one pair a line."""
        shown = list(rows)
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.say(f"{name:<{width}}  {value}")

    def fail(self, error: SealwrightError, **where: Any) -> int:
        """Tell of an error and return the exit code it asks for. where: more for programs."""
        try:
            self.emit(ok=False, code=error.code, error=plain(str(error)), remedy=error.remedy, **where)
        except OSError:
            abandon_stdout()  # stderr still tells
        self.err.print(Text(f"error: {plain(str(error))}", style="red"), soft_wrap=True)
        if error.remedy:
            self.err.print(Text(f"remedy: {plain(error.remedy)}"), soft_wrap=True)
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


def _ignore(done: float, detail: str = "") -> None:
    pass


def abandon_stdout() -> None:
    """Let go of a stdout that takes nothing more, or the interpreter would complain about it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
