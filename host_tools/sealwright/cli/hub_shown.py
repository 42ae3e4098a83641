"""What the terminal of `sealwright hub` shows."""

import time
from typing import Any, Final

from ..hub.folder import HubFolder
from ..hub.joining import cluster_file
from ..hub.settings import Settings
from ..hub.state import is_fresh, read_states
from ..hub.supervisor import Supervisor, command_of
from ..web.access.keys import OPERATOR, Keys
from .session import Session

_TELL_SECONDS: Final = 10.0
_SUMMED: Final = (  # part, count, what people call it
    ("intake", "taken", "messages taken"),
    ("readings", "new", "readings kept"),
    ("settle", "settled", "rows in the ledger"),
    ("watch", "refunded", "channels refunded"),
)


class Shown:
    """What the hub's terminal shows."""

    def __init__(self, session: Session, folder: HubFolder, settings: Settings) -> None:
        options = _options(session, settings)
        self._session, self._folder = session, folder
        self._told: dict[str, Any] = {}
        self._told_at = time.monotonic()
        self._held: dict[str, str] = {}
        self.supervisor = Supervisor(folder, lambda name: command_of(folder.home, name, options), self._event)
        session.say(f"The hub of {folder.home} runs: {', '.join(self.supervisor.names)}.")
        if cluster_file(folder.home).exists():
            session.say("It is one of a cluster: `sealwright cluster status` shows its servers.")
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


def _options(session: Session, settings: Settings) -> list[str]:
    """The options of this command for its parts."""
    given = ["--port", str(settings.port), "--every", str(settings.every)]
    given += ["--broker", settings.broker] if settings.broker is not None else []
    given += ["--broker-host", settings.broker_host] if settings.broker_host is not None else []
    given += ["--broker-port", str(settings.broker_port)] if settings.broker_port is not None else []
    given += ["--ledger", session.ledger] if session.ledger is not None else []
    return given + (["--allow-test"] if settings.allow_test else [])
