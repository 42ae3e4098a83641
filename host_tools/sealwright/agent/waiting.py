"""The acts that wait for the person, the oldest first, and what came of those before.

Limits: MOST_WAITING wait; one more is refused until the person has decided on another. An act that waits already waits
once, however often it is asked for. One that nobody decides on within PATIENCE is dropped. What came of MOST_KEPT is
remembered.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from ..errors import Usage
from .acts import Act

MOST_WAITING: Final = 16
MOST_KEPT: Final = 100
PATIENCE: Final = 600.0  # seconds


class State(StrEnum):
    """How an act is."""

    WAITING = "waiting"
    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Asked:
    """An act that somebody asked for. id: random; at: unix seconds; who: which process, as far as the system says; end:
    of time.monotonic, when it is dropped; code, text: what came of it."""

    id: str
    act: Act
    who: str
    state: State = State.WAITING
    at: int = 0
    end: float = 0.0
    code: str = ""
    text: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing came of it yet."""
        return self.state in (State.WAITING, State.ASKED)


@dataclass
class Waiting:
    """The acts of one agent; several threads use it. patience: seconds."""

    patience: float = PATIENCE
    _asked: dict[str, Asked] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def add(self, act: Act, who: str) -> Asked:
        """Have an act wait. Raises Usage (code agent_full, agent_locked)."""
        with self._changed:
            self._drop_old()
            waiting = [one for one in self._asked.values() if one.is_open]
            for one in waiting:
                if one.act == act:
                    return one
            if self._closed:
                raise Usage("the agent has locked", remedy="Start it again: `sealwright agent`.", code="agent_locked")
            if len(waiting) >= MOST_WAITING:
                remedy = "Decide at the agent's terminal on those that wait."
                raise Usage(f"{len(waiting)} acts wait for the person already", remedy=remedy, code="agent_full")
            now = time.monotonic()
            made = Asked(secrets.token_hex(8), act, who, at=int(time.time()), end=now + self.patience)
            self._asked[made.id] = made
            self._changed.notify_all()
            return made

    def take(self, seconds: float) -> Asked | None:
        """The oldest that waits, which is asked from now on; None where none came within that time."""
        with self._changed:
            self._drop_old()
            found = self._first() or (self._changed.wait(seconds) and self._first()) or None
            return None if found is None else self._set(found, State.ASKED)

    def _first(self) -> Asked | None:
        return next((one for one in self._asked.values() if one.state is State.WAITING), None)

    def decide(self, asked: Asked, state: State, code: str = "", text: str = "") -> Asked:
        """Note what came of an act."""
        with self._changed:
            found = self._set(asked, state, code, text)
            finished = [one.id for one in self._asked.values() if not one.is_open]
            for old in finished[: max(0, len(finished) - MOST_KEPT)]:
                del self._asked[old]
            return found

    def find(self, identifier: str) -> Asked:
        """The act with this id. Raises Usage."""
        with self._changed:
            self._drop_old()
            if identifier not in self._asked:
                raise Usage("the agent knows no such act", remedy="Ask for it again.", code="unknown_act")
            return self._asked[identifier]

    def all(self) -> list[Asked]:
        """Those that wait, and those before, the oldest first."""
        with self._changed:
            self._drop_old()
            return list(self._asked.values())

    def last(self, act: Act) -> Asked | None:
        """The last time that the same was done, or None."""
        same = [one for one in self.all() if one.act == act and one.state is State.DONE]
        return same[-1] if same else None

    def close(self) -> None:
        """Take no more, and refuse what waits."""
        with self._changed:
            self._closed = True
            for one in list(self._asked.values()):
                if one.is_open:
                    self._set(one, State.REFUSED, "agent_locked", "the agent has locked")
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether it takes no more."""
        return self._closed

    def _set(self, asked: Asked, state: State, code: str = "", text: str = "") -> Asked:
        found = self._asked[asked.id] = replace(self._asked[asked.id], state=state, code=code, text=text)
        return found

    def _drop_old(self) -> None:
        now = time.monotonic()
        for one in list(self._asked.values()):
            if one.state is State.WAITING and now >= one.end:
                self._set(one, State.DROPPED, "not_decided", "nobody decided on it in time")
