"""How the hub itself is: its parts, what waits, and what is held back."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from ...hub.state import is_fresh
from .sources import Sources
from .words import plain, whole

PARTS: Final = ("broker", "intake", "settle", "readings", "watch", "alerts", "web")
MOST_COUNTS: Final = 30


class Part(NamedTuple):
    """A part of the hub. backlog: what it has still to do, of intake in bytes, None where it never ran. at: when it
    wrote its state, unix seconds."""

    name: str
    runs: bool
    held: bool
    backlog: int | None
    text: str
    pid: int | None
    started: int | None
    at: int | None
    counts: dict[str, int]


class Hub(NamedTuple):
    """parts: the known ones first. inbox: files that wait; spool: bytes that wait."""

    parts: Sequence[Part]
    inbox: int
    spool: int

    @property
    def held(self) -> Sequence[Part]:
        """The parts that wait for another one."""
        return [one for one in self.parts if one.runs and one.held]


def hub(sources: Sources) -> Hub:
    """The hub as its files say."""
    states = sources.states()
    names = [*PARTS, *sorted(set(states) - set(PARTS))]
    parts = [_part(name, states.get(name, {})) for name in names]
    inbox = spool = 0
    with suppress(OSError):
        inbox = sum(path.is_file() and path.name[0] != "." for path in sources.hub.inbox.iterdir())
    with suppress(OSError):
        spool = sum(path.stat().st_size for path in sources.hub.spool.iterdir() if path.is_file())
    return Hub(parts, inbox, spool)


def _part(name: str, told: dict[str, Any]) -> Part:
    counts = told.get("counts")
    given = counts if isinstance(counts, dict) else {}
    known = [(plain(str(key)), number) for key, value in given.items() if (number := whole(value)) is not None]
    return Part(
        name=plain(name),
        runs=bool(told) and is_fresh(told),
        held=bool(told.get("held")),
        backlog=whole(told.get("backlog")),
        text=plain(str(told.get("text") or "")),
        pid=whole(told.get("pid")),
        started=whole(told.get("started")),
        at=whole(told.get("at")),
        counts=dict(sorted(known)[:MOST_COUNTS]),
    )


def age(part: Part) -> float | None:
    """Seconds since a part told."""
    return None if part.at is None else time.time() - part.at
