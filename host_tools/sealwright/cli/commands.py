"""How a function becomes a command: --home and --json on every one, one boundary for everything that can go wrong."""

import errno
import inspect
import os
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from ..errors import SealwrightError, Usage, cause_of
from .exits import INTERRUPTED, MISTAKE, PIPE_CLOSED
from .lazy import Entry, HomeOption, JsonOption, LedgerOption, new_app, remember
from .naming import widen
from .session import Session, abandon_stdout

TRACEBACK: Final = "SEALWRIGHT_TRACEBACK"

Run = Callable[..., int | None]


@dataclass(frozen=True, slots=True)
class Command:
    """A function `run(session, ...)`, its name on the command line, its line in a list and the examples of its help.

    of_ledger: it has the option --ledger, for `Session.ledger`.
    """

    name: str
    short: str
    run: Run
    examples: str
    of_ledger: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Commands under one name, which does something without one of them too."""

    name: str
    alone: Command
    commands: tuple[Command, ...]


def command(name: str, short: str, examples: str, *, of_ledger: bool = False) -> Callable[[Run], Command]:
    """Make a command of `run(session, ...)`; its docstring is the help, `examples` has one command a line.

    short: a few words for lists of commands, which have no room for more.
    """
    return lambda run: Command(name, short, run, examples, of_ledger)


def ledger_command(name: str, short: str, examples: str) -> Callable[[Run], Command]:
    """As `command`, for one that works on the ledger: it has the option --ledger."""
    return command(name, short, examples, of_ledger=True)


def register(app: typer.Typer, commands: Iterable[Command]) -> typer.Typer:
    """Put commands into an app or group, in this order."""
    for one in commands:
        app.command(one.name, short_help=one.short, epilog=_examples(one))(_entry(one.run, of_ledger=one.of_ledger))
    return app


def _examples(one: Command) -> str:
    lines = "\n".join(f"  {line.strip()}" for line in one.examples.strip().splitlines())
    return f"\b\nExamples:\n{lines}"


def build(entry: Entry, found: Command | Group | Iterable[Command]) -> Any:
    """What typer runs for an entry: one command, or a group of them."""
    if isinstance(found, Command):
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        return typer.main.get_command(register(app, (found,)))
    if isinstance(found, Group):
        return typer.main.get_group(_group_app(found))
    return typer.main.get_group(register(new_app(entry.short, entry.name), found))


def _group_app(group: Group) -> typer.Typer:
    alone = _entry(group.alone.run)

    def callback(*, ctx: typer.Context, home: str | None, as_json: bool, **given: Any) -> None:
        if ctx.invoked_subcommand is None:
            alone(ctx=ctx, home=home, as_json=as_json, **given)
        remember(ctx, home, as_json)

    for name in ("__signature__", "__annotations__", "__doc__", "__name__"):
        setattr(callback, name, getattr(alone, name))
    made = new_app(group.alone.short)
    made.callback(invoke_without_command=True, short_help=group.alone.short, epilog=_examples(group.alone))(callback)
    return register(made, group.commands)


def _entry(run: Run, *, of_ledger: bool = False) -> Callable[..., None]:
    """What typer sees: the function's own parameters, and the global ones."""
    own, fill = widen(list(inspect.signature(run).parameters.values())[1:])
    extra = [
        inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        inspect.Parameter("home", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=HomeOption),
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
    ]

    def entry(*, ctx: typer.Context, home: str | None, as_json: bool, **given: Any) -> None:
        outer = ctx.obj or {}
        ledger = given.pop("ledger") if of_ledger else None
        session = Session(home or outer.get("home"), as_json or outer.get("json", False), ledger)
        raise typer.Exit(guard(session, lambda: run(session, **fill(session, given))))

    if of_ledger:
        place = inspect.Parameter("ledger", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=LedgerOption)
        extra.insert(0, place)
    parameters = [own_one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for own_one in own] + extra
    entry.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    entry.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    entry.__doc__, entry.__name__ = run.__doc__, run.__name__
    return entry


def guard(session: Session, run: Callable[[], int | None]) -> int:
    """Run a command and return its exit code; every error is reported by then."""
    try:
        return _report_errors(session, run)
    except BrokenPipeError:
        abandon_stdout()
        return PIPE_CLOSED


def _report_errors(session: Session, run: Callable[[], int | None]) -> int:
    try:
        code = run() or 0
        session.finish()
        return code
    except SealwrightError as error:
        return session.fail(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        code = session.fail(_of_system(error))
        if error.filename is None:
            abandon_stdout()  # it may have been stdout itself
        return code
    except Exception as error:  # the outermost boundary: a reader of --json gets an object, and the cause has a place
        if os.environ.get(TRACEBACK):
            traceback.print_exception(error)
        session.fail(_mistake(error))
        return MISTAKE


def _mistake(error: Exception) -> SealwrightError:
    """What nobody foresaw, with where it came up."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"a mistake in Sealwright: {type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
    return SealwrightError(what, remedy=f"Please report it, with what {TRACEBACK}=1 prints.", code="internal")


def _of_system(error: OSError) -> SealwrightError:
    """What the operating system refused, where the library had nothing more exact to say."""
    where = f"{error.filename}: " if error.filename else "cannot read or write: "
    full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    remedy = "Free some space." if full else "Check the path, its permissions and its disk."
    return Usage(f"{where}{cause_of(error)}", remedy=remedy, code="disk_full" if full else "system")
