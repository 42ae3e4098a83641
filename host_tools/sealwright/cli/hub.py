"""`sealwright hub`: a network that runs by itself, day and night."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated, Final

import typer

from ..emulator.board import free_port
from ..errors import Usage
from ..hub import demo as emulated
from ..hub.folder import HubFolder
from ..hub.parts import NAMES, part_of
from ..hub.settings import EVERY, PORT, Settings
from ..hub.spool import MOST_BYTES
from ..hub.supervisor import HELD_SECONDS, watch_pipe
from ..link.broker import Broker
from .commands import ledger_command
from .hub_run import HubRun
from .options import RenewBeforeOption, SecondsOption, TestOption
from .session import Session
from .shard_options import ALL, named_shards

_MB: Final = 1 << 20
_MOST_ALIKE: Final = 64  # verifiers on one machine
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


@ledger_command(
    "hub",
    "Run a network day and night.",
    """
    sealwright hub
    sealwright hub --broker mqtts://fleet@broker.example:8883
    sealwright hub --allow-test --seconds 60
    sealwright hub --demo             20 emulated boards measure and trade
    sealwright hub --only settle      one part, such as on a machine of its own
    sealwright hub --only settle --shard 1    in a cluster: one shard of the ledger
    """,
)
def hub(
    session: Session,
    *,
    only: Annotated[
        str | None, typer.Option("--only", metavar="PART", help=f"One part alone: {', '.join(NAMES)}.")
    ] = None,
    broker: Annotated[
        str | None, typer.Option("--broker", metavar="URL", help="Listen at mqtts://[USER@]HOST[:PORT], too.")
    ] = None,
    broker_host: Annotated[
        str | None,
        typer.Option("--broker-host", metavar="HOST", help="Where devices find its own broker [default: 127.0.0.1]."),
    ] = None,
    broker_port: Annotated[
        int | None,
        typer.Option("--broker-port", metavar="PORT", min=1, max=65535, help="And at which port [default: 8883]."),
    ] = None,
    port: Annotated[int, typer.Option("--port", metavar="PORT", min=1, max=65535, help="Where the page is.")] = PORT,
    every: Annotated[
        float, typer.Option("--every", metavar="S", min=0.1, help="Seconds between two looks at a device.")
    ] = EVERY,
    spool: Annotated[
        int,
        typer.Option("--spool", metavar="MB", min=1, help="What waits at most for the ledger and the store."),
    ] = MOST_BYTES // _MB,
    renew_before: RenewBeforeOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help=f"{emulated.BOARDS} emulated boards to take in, in a home of their own.")
    ] = False,
    shard: Annotated[
        str, typer.Option("--shard", metavar="N,N", help="Of a cluster's settler: the shards that it settles into.")
    ] = ALL,
    seconds: SecondsOption = None,
    allow_test: TestOption = False,
) -> int:
    """Run a network day and night: take in bundles, devices and a broker, settle, keep readings, watch claims.

    Bundles dropped into HOME/hub/inbox are taken; so is what devices of the register show at their URLs. A device is
    asked to forget what is verified and on disk, and its certificate is renewed before it ends. Each part is a process
    of its own; one that ends is started again. Ctrl-C ends it; it goes on where it was, also after a kill or a power
    cut. Where a part could not run until the end, such as without its ledger, the exit code is that of its error.

    Where `sealwright cluster init` has made it one of a cluster, devices speak with its servers, verifiers check what
    they say, and a settler for each shard may run anywhere the home is: hub --only settle --shard 0, and so on.

    With --demo emulated boards measure and trade; their home is --home, or a temporary folder that goes in the end.
    """
    if demo:
        return _demo(session, only, port, seconds)
    settings = Settings(
        broker,
        broker_host,
        broker_port,
        allow_test=allow_test,
        every=every,
        port=port,
        spool_bytes=spool * _MB,
        renew_before=renew_before,
    )
    owned = named_shards(shard)
    if owned is not None:
        if only != "settle":
            raise Usage("--shard is the settler's", remedy="Write: sealwright hub --only settle --shard 0")
        settings = replace(settings, shards=tuple(owned))
    if broker is not None and Broker.parse(session.home, broker)[1]:
        raise Usage(f"{broker} names a device", remedy="Give the broker alone: mqtts://[USER@]HOST[:PORT].")
    if broker_host is not None and not _HOST.fullmatch(broker_host):
        raise Usage(f"{broker_host!r} is no host", remedy="Give a name or an address, such as hub.example.")
    folder = HubFolder(session.home.folder)
    folder.make()
    stop = threading.Event()
    if only is not None:
        part = part_of(only)
        if lacking := part.lacking():
            raise Usage(f"the part {only} cannot run: {lacking}", code="no_part")
        with _stopped_by_signals(stop), _held(folder, only, settings) as name:
            watch_pipe(stop)
            _stop_after(stop, seconds)
            part.load()(session.home, replace(settings, named=name), stop)
        return 0
    with _stopped_by_signals(stop), folder.held("hub"):
        _stop_after(stop, seconds)
        return _run(session, settings, stop)


@contextmanager
def _held(folder: HubFolder, part: str, settings: Settings) -> Iterator[str]:
    """Hold the lock of a part, under its name: of some there are several."""
    names = [part]
    if settings.shards is not None:
        names = [f"{part}-{'-'.join(map(str, settings.shards))}"]
    elif part_of(part).of_cluster:
        names = [part, *(f"{part}-{number}" for number in range(2, _MOST_ALIKE + 1))]
    for name in names[:-1]:
        with ExitStack() as stack:
            try:
                stack.enter_context(folder.held(name))
            except Usage:
                continue
            yield name
            return
    with folder.held(names[-1], wait=HELD_SECONDS):
        yield names[-1]


def _run(session: Session, settings: Settings, stop: threading.Event) -> int:
    for name in ("owner", "ledger"):  # the parts need them: a passphrase that is missing is one error here
        session.home.key(name)
    run = HubRun(session, HubFolder(session.home.folder), settings, _options(session, settings))
    run.supervisor.run(stop, run.tell)
    return run.show_sum()


def _demo(session: Session, only: str | None, port: int, seconds: float | None) -> int:
    if only is not None:
        raise Usage("--demo runs all parts", remedy="Leave out --only.")
    with ExitStack() as stack:
        given = session.folder or stack.enter_context(TemporaryDirectory(prefix="sealwright-hub-"))
        folder = Path(given).expanduser().resolve()
        stop = threading.Event()
        stack.enter_context(_stopped_by_signals(stop))
        home = emulated.fresh_home(folder)
        of_demo = Session(str(folder), session.as_json, home.ledger_named)
        hub_folder = HubFolder(folder)
        hub_folder.make()
        stack.enter_context(hub_folder.held("hub"))
        boards = stack.enter_context(emulated.running(home, emulated.BOARDS, of_demo.say))
        stack.enter_context(emulated.Trade(home, boards, of_demo.note))
        _stop_after(stop, seconds)
        every = emulated.READING_SECONDS
        return _run(of_demo, Settings(None, None, free_port(), allow_test=True, every=every, port=port), stop)


def _options(session: Session, settings: Settings) -> list[str]:
    """The options of this command for its parts."""
    given = ["--port", str(settings.port), "--every", str(settings.every)]
    given += ["--spool", str(settings.spool_bytes // _MB)]
    given += ["--broker", settings.broker] if settings.broker is not None else []
    given += ["--broker-host", settings.broker_host] if settings.broker_host is not None else []
    given += ["--broker-port", str(settings.broker_port)] if settings.broker_port is not None else []
    given += ["--renew-before", str(settings.renew_before)] if settings.renew_before is not None else []
    given += ["--ledger", session.ledger] if session.ledger is not None else []
    return given + (["--allow-test"] if settings.allow_test else [])


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C, a plain kill and a closed terminal end it well; a second signal ends it at once."""

    def end(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in names if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_after(stop: threading.Event, seconds: float | None) -> None:
    if seconds is not None:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
