"""How every command takes devices: as an argument or with --device, by default from the environment or the home.

A command declares `device: DeviceOption` or `device: DevicesOption` and gets the text or texts that were given; what
else that takes on the command line is added here.
"""

import os
from collections.abc import Callable, Iterable
from inspect import Parameter
from typing import Annotated, Any, Final

import typer

from ..errors import SealwrightError, Usage
from ..home import Home, Registered
from .options import AnyDevices, DeviceOption, DevicesOption, NamedDevice
from .session import Session

ENVIRONMENT: Final = "SEALWRIGHT_DEVICE"
_HELP: Final = "Its name, the beginning of its id, its did:key or URL; or DEVICE@URL."
_DEFAULT: Final = f" [default: ${ENVIRONMENT}, else the home's config.toml]"

_SEVERAL: Final = (DevicesOption, AnyDevices)

Fill = Callable[[Session, dict[str, Any]], dict[str, Any]]


def widen(parameters: Iterable[Parameter]) -> tuple[list[Parameter], Fill]:
    """The parameters that typer sees for these of a command, and what turns the values it gives into theirs.

    `fill` raises Usage for no device or for two."""
    own = list(parameters)
    kinds = {one.name: one for one in own if one.annotation in (DeviceOption, NamedDevice, *_SEVERAL)}
    seen = [one if one.name not in kinds else _option(one) for one in own]
    for one in kinds.values():
        seen += _more(one)

    def fill(session: Session, given: dict[str, Any]) -> dict[str, Any]:
        for name, one in kinds.items():
            take = _several if one.annotation in _SEVERAL else _one
            given[name] = take(session, one, given)
        return given

    return seen, fill


def _option(one: Parameter) -> Parameter:
    several = one.annotation in _SEVERAL
    text = _HELP + (_DEFAULT if one.annotation in (DeviceOption, DevicesOption) else "")
    text += " May be repeated." if several else ""
    option = typer.Option("--device", metavar="DEVICE", help=text, autocompletion=complete)
    return one.replace(default=None, annotation=Annotated[list[str] | None if several else str | None, option])


def _more(one: Parameter) -> Iterable[Parameter]:
    several = one.annotation in _SEVERAL
    argument = typer.Argument(
        metavar="DEVICE", help="The same as --device.", show_default=False, autocompletion=complete
    )
    kind = list[str] | None if several else str | None
    yield _keyword(f"{one.name}_named", Annotated[kind, argument])
    if several:
        every = typer.Option("--all", help="Every device of the register that is in use.")
        yield Parameter(f"{one.name}_all", Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, every])
        group = typer.Option("--group", metavar="GROUP", help="The devices of a group; may be repeated.")
        yield Parameter(
            f"{one.name}_group", Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, group]
        )


def _keyword(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _one(session: Session, one: Parameter, given: dict[str, Any]) -> str:
    texts = dict.fromkeys(text for text in (given[one.name], given.pop(f"{one.name}_named")) if text is not None)
    if len(texts) > 1:
        raise Usage(f"two devices are named: {' and '.join(texts)}", remedy="Name one.")
    if texts:
        return str(next(iter(texts)))
    found = None if one.annotation == NamedDevice else usual(session)
    if found is None:
        raise _nothing("Name it." if one.annotation == NamedDevice else None)
    return found


def _several(session: Session, one: Parameter, given: dict[str, Any]) -> list[str]:
    texts = [*(given[one.name] or ()), *(given.pop(f"{one.name}_named") or ())]
    every, groups = given.pop(f"{one.name}_all"), given.pop(f"{one.name}_group") or []
    if every:
        texts += [handle(session.home, entry) for entry in session.home.active()]
    for group in groups:
        texts += [handle(session.home, entry) for entry in session.home.group(group)]
    if not texts and not every and one.annotation == DevicesOption:
        found = usual(session)
        if found is None:
            raise _nothing(None)
        texts.append(found)
    if every and not texts:
        remedy = "`sealwright provision` puts a device into the register."
        raise Usage("no device is registered", remedy=remedy, code="no_device")
    return list(dict.fromkeys(texts))


def complete(ctx: typer.Context, incomplete: str) -> list[str]:
    """For tab completion: the names of the home's devices that begin so. None of a name that a shell would split."""
    outer = ctx.obj if isinstance(ctx.obj, dict) else {}
    try:
        names = [one.name for one in Home.open(ctx.params.get("home") or outer.get("home")).active()]
    except SealwrightError:
        return []
    return [name for name in names if name.startswith(incomplete) and not any(map(str.isspace, name))]


def usual(session: Session) -> str | None:
    """The device that is meant where none is named, or None. Raises Usage for a config that is none."""
    found = os.environ.get(ENVIRONMENT)
    if found:
        return found
    try:
        home = session.home
    except Usage as error:
        if error.code != "no_home":  # a command that needs the home says so itself
            raise
        return None
    return home.config.device


def handle(home: Home, entry: Registered) -> str:
    """A text that means this entry: its name, or its id where the name could mean another one too."""
    try:
        return entry.name if home.resolve(entry.name).device == entry.device else entry.device
    except Usage:
        return entry.device


def _nothing(remedy: str | None) -> Usage:
    remedy = remedy or f"Name it, or set ${ENVIRONMENT}, or write `device` into the home's config.toml."
    return Usage("which device?", remedy=f"{remedy} `sealwright devices` lists them.", code="no_device")
