"""`sealwright hub`: a network that runs by itself, day and night."""

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated, Any, Final

import typer

from ..emulator.board import free_port
from ..errors import Usage
from ..hub import demo as emulated
from ..hub.folder import HubFolder
from ..hub.parts import NAMES, part_of
from ..hub.settings import EVERY, PORT, Settings
from ..hub.state import is_fresh, read_states
from ..hub.supervisor import HELD_SECONDS, Supervisor, command_of, watch_pipe
from ..link.broker import Broker
from ..web.access.keys import OPERATOR, Keys
from .commands import ledger_command
from .options import RenewBeforeOption, SecondsOption, TestOption
from .session import Session

_TELL_SECONDS: Final = 10.0
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_SUMMED: Final = (  # part, count, what people call it
    ("intake", "taken", "messages taken"),
    ("readings", "new", "readings kept"),
    ("settle", "settled", "rows in the ledger"),
    ("watch", "refunded", "channels refunded"),
)


@ledger_command(
    "hub",
    "Run a network day and night.",
    """
    sealwright hub
    sealwright hub --broker mqtts://fleet@broker.example:8883
    sealwright hub --allow-test --seconds 60
    sealwright hub --demo             20 emulated boards measure and trade
    sealwright hub --only settle      one part, such as on a machine of its own
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
    renew_before: RenewBeforeOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help=f"{emulated.BOARDS} emulated boards to take in, in a home of their own.")
    ] = False,
    seconds: SecondsOption = None,
    allow_test: TestOption = False,
) -> int:
    """Run a network day and night: take in bundles, devices and a broker, settle, keep readings, watch claims.

    Bundles dropped into HOME/hub/inbox are taken; so is what devices of the register show at their URLs. A device is
    asked to forget what is verified and on disk, and its certificate is renewed before it ends. Each part is a process
    of its own; one that ends is started again. Ctrl-C ends it; it goes on where it was, also after a kill.

    With --demo emulated boards measure and trade; their home is --home, or a temporary folder that goes in the end.
    """
    if demo:
        return _demo(session, only, port, seconds)
    settings = Settings(
        broker, broker_host, broker_port, allow_test=allow_test, every=every, port=port, renew_before=renew_before
    )
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
        with _stopped_by_signals(stop), folder.held(only, wait=HELD_SECONDS):
            watch_pipe(stop)
            _stop_after(stop, seconds)
            part.load()(session.home, settings, stop)
        return 0
    with _stopped_by_signals(stop), folder.held("hub"):
        _stop_after(stop, seconds)
        _run(session, settings, stop)
    return 0


def _run(session: Session, settings: Settings, stop: threading.Event) -> None:
    for name in ("owner", "ledger"):  # the parts need them: a passphrase that is missing is one error here
        session.home.key(name)
    run = _Hub(session, HubFolder(session.home.folder), settings)
    run.supervisor.run(stop, run.tell)
    run.show_sum()


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
        _run(of_demo, Settings(None, None, free_port(), allow_test=True, every=every, port=port), stop)
    return 0


def _options(session: Session, settings: Settings) -> list[str]:
    """The options of this command for its parts."""
    given = ["--port", str(settings.port), "--every", str(settings.every)]
    given += ["--broker", settings.broker] if settings.broker is not None else []
    given += ["--broker-host", settings.broker_host] if settings.broker_host is not None else []
    given += ["--broker-port", str(settings.broker_port)] if settings.broker_port is not None else []
    given += ["--renew-before", str(settings.renew_before)] if settings.renew_before is not None else []
    given += ["--ledger", session.ledger] if session.ledger is not None else []
    return given + (["--allow-test"] if settings.allow_test else [])


class _Hub:
    """What the hub's terminal shows."""

    def __init__(self, session: Session, folder: HubFolder, settings: Settings) -> None:
        options = _options(session, settings)
        self._session, self._folder = session, folder
        self._told: dict[str, Any] = {}
        self._told_at = time.monotonic()
        self._held: dict[str, str] = {}
        self.supervisor = Supervisor(folder, lambda name: command_of(folder.home, name, options), self._event)
        session.say(f"The hub of {folder.home} runs: {', '.join(self.supervisor.names)}.")
        session.say(f"Drop bundles into {folder.inbox}; Ctrl-C ends it.")
        if "web" in self.supervisor.names:
            self._invite(f"http://{settings.host}:{settings.port}")

    def _invite(self, page: str) -> None:
        """Say where the page is, and give the link that signs the first browser in."""
        link = f"{page}/sign-in?link={Keys(self._folder.home).new_link(OPERATOR)}"
        self._session.emit(ok=True, event="page", url=page, link=link)
        self._session.say(f"The page is at {page}. This link signs one browser in, once: {link}")

    def _event(self, part: str, event: str, text: str) -> None:
        self._session.emit(ok=event != "skipped", part=part, event=event, text=text)
        if event == "skipped":
            self._session.note(f"no {part}: {text}")
        elif event == "ended" and text:
            self._session.note(f"{part} ended: {text}. It is begun again.")

    def tell(self) -> None:
        """Show what changed, now and then."""
        now = time.monotonic()
        if now - self._told_at < _TELL_SECONDS and not self._session.as_json:
            self._show_held()
            return
        if now - self._told_at < 1.0:
            return
        self._told_at = now
        self._show_held()
        states = self._states()
        if self._session.as_json:
            self._session.emit(ok=True, event="state", parts=states)
        elif (summed := _sum(states)) != self._told:
            self._told = summed
            self._session.say(_text(summed))

    def _states(self) -> dict[str, dict[str, Any]]:
        return {name: told for name, told in read_states(self._folder.states).items() if is_fresh(told)}

    def _show_held(self) -> None:
        held = {name: str(told["text"]) for name, told in self._states().items() if told.get("held")}
        for name, text in held.items():
            if self._held.get(name) != text:
                self._session.note(f"{name} waits: {text}")
        self._held = held

    def show_sum(self) -> None:
        """What this run came to."""
        states = read_states(self._folder.states)
        self._session.emit(ok=True, event="ended", parts=states)
        self._session.say(f"The hub has ended. {_text(_sum(states))}".strip())


def _sum(states: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {what: int(states[part]["counts"].get(count, 0)) for part, count, what in _SUMMED if part in states}


def _text(summed: dict[str, int]) -> str:
    """A part counts anew when it is begun again: that looks like a loss where nobody says so."""
    counts = ", ".join(f"{count:,} {what}" for what, count in summed.items())
    return f"Since its parts began: {counts}." if counts else ""


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
