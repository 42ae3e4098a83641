"""Which devices of the register are shown, and in what order: for fleets of hundreds.

Limits: a device was heard when the newest of its readings that this home remembers came in, by this machine's clock.
What came another way, such as an answer to `info`, is not remembered.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from ..errors import Usage
from ..home import Registered
from ..operate.validity import of_home
from .options import span
from .readings_asked import moment
from .session import Session

_NEVER: Final = -1


class Order(StrEnum):
    """What devices are sorted by."""

    NAME = "name"
    HEARD = "heard"
    MODEL = "model"
    CUSTODY = "custody"
    SINCE = "since"


StaleOption = Annotated[
    str | None,
    typer.Option("--stale", metavar="TIME", help="Only those not heard since then: how long ago, such as 90m, 1h, 7d."),
]
SortOption = Annotated[
    Order | None, typer.Option("--sort", help="By name; heard, the longest silent first; model; custody; since.")
]
GroupOption = Annotated[
    list[str] | None, typer.Option("--group", metavar="GROUP", help="Only the devices of a group; may be repeated.")
]
EndsOption = Annotated[
    str | None,
    typer.Option("--ends-within", metavar="TIME", help="Only those whose certificate ends so soon, such as 30d."),
]
Heard = Mapping[str, int | None]


def heard(session: Session, entries: Iterable[Registered]) -> Heard:
    """For each device (id in hexadecimal) when it was heard, unix seconds; None for never."""
    logs = session.logs()
    return {one.device: logs.heard(bytes.fromhex(one.device)) for one in entries}


def choose(
    entries: Iterable[Registered], times: Heard, *, stale: str | None, groups: Iterable[str], order: Order | None
) -> list[Registered]:
    """Those that are wanted, in order. Raises Usage for a time that is none, or in the future."""
    wanted = set(groups)
    found = [one for one in entries if not wanted or wanted & set(one.groups)]
    if stale is not None:
        since = moment(stale)
        if since > time.time():
            raise Usage(f"{stale!r} is in the future", remedy="Give how long ago, such as 1h or 7d.")
        found = [one for one in found if (times[one.device] or _NEVER) < since]
    keys: dict[Order, Callable[[Registered], Any]] = {
        Order.NAME: lambda one: one.name.casefold(),
        Order.HEARD: lambda one: times[one.device] or _NEVER,
        Order.MODEL: lambda one: one.model,
        Order.CUSTODY: lambda one: one.custody,
        Order.SINCE: lambda one: one.registered_at,
    }
    return found if order is None else sorted(found, key=lambda one: (keys[order](one), one.name.casefold()))


def ending(session: Session, entries: Iterable[Registered], within: str) -> dict[str, int]:
    """When the certificates that this home gave these devices end (unix seconds), by id in hexadecimal, the first that
    ends first; only those that end within that time, or have ended. Raises Usage for a time that is none."""
    limit = int(time.time()) + span(within)
    found = [(one.ends, one.entry.device) for one in of_home(session.home, entries)]
    return {device: ends for ends, device in sorted(found) if ends <= limit}


def ago(unix: int | None) -> str:
    """How long ago, for a table: "never", "12 s", "5 min", "3 h", "9 d"."""
    if unix is None:
        return "never"
    seconds = max(0, int(time.time()) - unix)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
