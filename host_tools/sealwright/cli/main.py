"""The entry point: `sealwright COMMAND`."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer

from ..errors import Usage
from . import (
    asset,
    batch,
    collect,
    demo,
    deploy,
    devices,
    emulate,
    flash,
    info,
    init,
    ledger,
    listen,
    owner,
    pay,
    provision,
    relay,
    renew,
    revoke,
    settle,
    update,
    verify,
    watch,
)
from .commands import INTERRUPTED, HomeOption, JsonOption, add_group, guard, new_app, register, remember
from .session import Session

# click's base of everything wrong with a command line; typer exports only this child of it
_CommandLineError: Final[type[Exception]] = typer.BadParameter.__mro__[2]

app = new_app(
    "Identity and purse for small machines: provision them, verify what they sign, settle what they owe.",
)
register(
    app,
    (
        init.init,
        emulate.emulate,
        flash.flash,
        deploy.deploy,
        batch.batch,
        provision.provision,
        renew.renew,
        revoke.revoke,
        info.info,
        info.selftest,
        info.bench,
        update.update_device,
        collect.collect,
        listen.listen,
        verify.verify,
        pay.pay,
        relay.relay,
        settle.settle,
        watch.watch,
        demo.demo,
    ),
)
add_group(app, devices.GROUP)
app.add_typer(register(new_app("What the settled vouchers came to.", "ledger"), ledger.COMMANDS))
app.add_typer(register(new_app("What money is counted in, and how people write it.", "asset"), asset.COMMANDS))
app.add_typer(register(new_app("Bundles of firmware, and the key for them.", "firmware"), update.COMMANDS))
app.add_typer(register(new_app("Signed commands from a device's owner.", "owner"), owner.COMMANDS))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sealwright {version('sealwright')}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog="Exit codes: 0 done, 1 rejected, 2 usage, 3 unreachable, 4 refused.")
def _root(
    ctx: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    remember(ctx, home, as_json)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another encoding is no reason to fail
    try:
        code = app(args=list(arguments), prog_name="sealwright", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except _CommandLineError as error:
        return _usage(error, "--json" in arguments)
    except typer.Abort:
        return INTERRUPTED


def _usage(error: Exception, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "sealwright"
    usage = Usage(error.format_message(), remedy=f"`{path} --help` shows how it is used.")  # type: ignore[attr-defined]

    def fail() -> None:
        raise usage

    return guard(Session(None, as_json), fail)


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
