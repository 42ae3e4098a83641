"""The entry point: `sealwright COMMAND`.

Nothing of a command is imported before it is called; see `lazy`.
"""

import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from ..errors import Usage
from .exits import INTERRUPTED, epilog
from .lazy import Entry, HomeOption, JsonOption, fill, new_app, remember
from .streams import open_closed_streams

# click's base of everything wrong with a command line; typer exports only this child of it
_CommandLineError: Final[type[Exception]] = typer.BadParameter.__mro__[2]

ENTRIES: Final = (
    Entry("init", "init:init", "Make a home: keys, roots, register and ledger."),
    Entry("devices", "devices:GROUP", "List what is connected, emulated and registered."),
    Entry("boards", "boards:boards", "List the kinds of board, and what each can do."),
    Entry("emulate", "emulate:emulate", "Make and run emulated boards."),
    Entry("flash", "flash:flash", "Put MicroPython on a bare board."),
    Entry("deploy", "deploy:deploy", "Put firmware on a board."),
    Entry("harden", "harden:GROUP", "Seal a bare ESP32 for ever, by its fuses."),
    Entry("batch", "batch:batch", "Make a tray of boards ready."),
    Entry("provision", "provision:provision", "Give a device its identity, once."),
    Entry("renew", "renew:renew", "Give devices new certificates."),
    Entry("revoke", "revoke:revoke", "Take back a device's certificates."),
    Entry("info", "info:info", "Show what a device says of itself."),
    Entry("selftest", "selftest:selftest", "Have a device check its parts."),
    Entry("bench", "selftest:bench", "Time a device's signatures."),
    Entry("update", "update:update_device", "Bring devices to a new firmware version."),
    Entry("collect", "collect:collect", "Gather what devices signed into a bundle."),
    Entry("listen", "listen:listen", "Gather the readings that come through a broker."),
    Entry("verify", "verify:verify", "Check bundles offline."),
    Entry("readings", "readings:GROUP", "What devices measured, from bundles that were checked."),
    Entry("prove", "prove:prove", "Prove a row of the readings to anybody."),
    Entry("pay", "pay:pay", "Have one device buy from another."),
    Entry("market", "market:market", "Show what a device sees for sale."),
    Entry("relay", "relay:relay", "Let network devices trade with a board on a wire."),
    Entry("web", "web:GROUP", "Show the home as a page, and serve its API."),
    Entry("agent", "agent:agent", "Hold the keys, and ask before each signature."),
    Entry("settle", "settle:settle", "Enter a bundle into the ledger."),
    Entry("statement", "statement:statement", "A device's month in the ledger."),
    Entry("watch", "watch:watch", "Claim for payees, and warn before a claim ends."),
    Entry("hub", "hub:hub", "Run a network day and night."),
    Entry("cluster", "cluster:COMMANDS", "A hub past one machine: its servers and their streams."),
    Entry("label", "label:label", "Make labels for the cases of devices."),
    Entry("doctor", "doctor:doctor", "Say what is wrong here, and what to do."),
    Entry("demo", "demo:demo", "See all of it in half a minute."),
    Entry("home", "home:COMMANDS", "A home in one file, and back."),
    Entry("ledger", "ledger:COMMANDS", "What the settled vouchers came to."),
    Entry("asset", "asset:COMMANDS", "What money is counted in, and how people write it."),
    Entry("firmware", "firmware:COMMANDS", "Bundles of firmware, and the key for them."),
    Entry("owner", "owner:COMMANDS", "Signed commands from a device's owner."),
)

app = new_app(
    "Identity and purse for small machines: provision them, verify what they sign, settle what they owe.",
    completes=True,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sealwright {version('sealwright')}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=epilog())
def _root(
    ctx: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    show_version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    remember(ctx, home, as_json)


ROOT: Final = fill(app, ENTRIES)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another encoding is no reason to fail
    try:
        code = ROOT.main(args=list(arguments), prog_name="sealwright", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except _CommandLineError as error:
        return _usage(error, "--json" in arguments)
    except typer.Abort:
        return INTERRUPTED


def _usage(error: Exception, as_json: bool) -> int:
    from .commands import guard
    from .session import Session

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "sealwright"
    usage = Usage(error.format_message(), remedy=f"`{path} --help` shows how it is used.")  # type: ignore[attr-defined]

    def fail() -> None:
        raise usage

    return guard(Session(None, as_json), fail)


def main() -> None:
    """The console script."""
    open_closed_streams()
    sys.exit(run(sys.argv[1:]))
