"""A hub that runs: its supervisor, and what its terminal shows of it."""

import time
from collections.abc import Sequence
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


class HubRun:
    """A hub that runs, on a terminal. options: those of the command, for its parts."""

    def __init__(self, session: Session, folder: HubFolder, settings: Settings, options: Sequence[str]) -> None:
        self._session, self._folder = session, folder
        self._told: dict[str, Any] = {}
        self._told_at = time.monotonic()
        self._held: dict[str, str] = {}
        self._ended: dict[str, str] = {}  # part -> why it ended, as far as that was said
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
        elif event == "ended" and text and text != self._ended.get(part):  # it fails again and again: said once
            self._ended[part] = text
            self._session.note(f"{part} ended: {text}. It is begun again.")
        elif event == "recovered":
            self._ended.pop(part, None)
            self._session.note(f"{part} runs again.")

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
        states = self._states()
        held = {name: str(told["text"]) for name, told in states.items() if told.get("held") and name != "hub"}
        for name, text in held.items():
            if self._held.get(name) != text:
                self._session.note(f"{name} waits: {text}")
        self._held = held

    def show_sum(self) -> int:
        """What this run came to; the exit code."""
        states, failed = read_states(self._folder.states), self.supervisor.failed
        self._session.emit(ok=not failed, event="ended", parts=states, failed={one: failed[one].why for one in failed})
        for name, failure in failed.items():
            self._session.note(f"{name} did not run at the end: {failure.why}.")
        self._session.say(f"The hub has ended. {_text(_sum(states))}".strip())
        return next((failure.code for failure in failed.values()), 0)


def _sum(states: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {what: int(states[part]["counts"].get(count, 0)) for part, count, what in _SUMMED if part in states}


def _text(summed: dict[str, int]) -> str:
    """A part counts anew when it is begun again: that looks like a loss where nobody says so."""
    counts = ", ".join(f"{count:,} {what}" for what, count in summed.items())
    return f"Since its parts began: {counts}." if counts else ""
