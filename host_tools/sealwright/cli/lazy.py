"""Commands that are imported when they are called: `--help`, `--version` and tab completion need their names alone.

Limit: a command's line in a list stands twice, here for lists and in its own module for its help; a test compares them.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from .exits import USAGE

HELP_NAMES: Final = {"help_option_names": ["-h", "--help"]}
HomeOption = Annotated[
    str | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="The home folder [default: $SEALWRIGHT_HOME, else ~/.sealwright].",
        show_default=False,
    ),
]
LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="URL",
        help="Its ledger: postgresql://..., or a file [default: $SEALWRIGHT_LEDGER, else the home's].",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object a line on stdout; text for people goes to stderr.")
]


class Entry(NamedTuple):
    """A command or group by its name on the command line: `place` is MODULE:ATTRIBUTE, below this package; `short` is
    its line in a list."""

    name: str
    place: str
    short: str


class Lazy(TyperCommand):
    """A command that is imported when it is called, or when its own help or options are wanted."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, short_help=entry.short)
        self.entry = entry

    def load(self) -> Any:
        """The command or group itself."""
        module, _, attribute = self.entry.place.partition(":")
        found = getattr(import_module(f".{module}", __package__), attribute)
        return import_module(".commands", __package__).build(self.entry, found)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command itself, so that this one never runs."""
        return self.load().make_context(info_name, args, parent=parent, **extra)


def fill(app: typer.Typer, entries: Iterable[Entry]) -> TyperGroup:
    """The app as a group with these commands, in this order."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("an app without a callback is no group")
    for entry in entries:
        group.add_command(Lazy(entry))
    return group


def new_app(help_text: str, name: str | None = None, *, completes: bool = False) -> typer.Typer:
    """An app, or a group of commands, which takes --home and --json before the command too. completes: it has options
    that install tab completion."""
    app = typer.Typer(
        name=name,
        help=help_text,
        add_completion=completes,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=HELP_NAMES,
    )
    if name is not None:
        app.callback(invoke_without_command=True)(_group)
    return app


def _group(ctx: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    remember(ctx, home, as_json)


def remember(ctx: typer.Context, home: str | None, as_json: bool) -> None:
    """Keep what was given before the command; without a command, show which there are."""
    outer: dict[str, Any] = ctx.obj if isinstance(ctx.obj, dict) else {}
    ctx.obj = {"home": home or outer.get("home"), "json": as_json or outer.get("json", False)}
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(USAGE)
