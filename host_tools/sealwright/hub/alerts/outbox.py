"""Alerts that wait until each way has taken them, in one file, over restarts.

An alert is on disk before any way gets it, and goes once the way has taken it: a kill between the two sends it twice,
under one id. Limits: WAITING alerts for a way, of which the oldest go first.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ...errors import Usage, cause_of
from ...files import write_whole
from .finding import Alert, Known
from .repeats import Notified

WAITING: Final = 1000


class Outbox:
    """What is in the file at `path`; a damaged one begins anew. Raises Usage where the disk refuses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known = Known()
        self.waiting: dict[str, list[Alert]] = {}
        self.told: dict[str, Notified] = {}
        self.lost = 0  # since the start, of ways that took nothing for long
        try:
            self._take(json.loads(path.read_bytes()))
        except FileNotFoundError:
            self.is_new = True
        except (OSError, ValueError, TypeError, KeyError):
            self.is_new, self.known, self.waiting, self.told = True, Known(), {}, {}
        else:
            self.is_new = False

    def _take(self, values: dict[str, Any]) -> None:
        row, silent, low = values["known"]
        self.told = {str(key): Notified(*one) for key, one in values.get("told", {}).items()}
        self.known = Known(
            int(row), {str(k): int(v) for k, v in silent.items()}, {str(k): str(v) for k, v in low.items()}
        )
        self.waiting = {str(way): [Alert(*one) for one in alerts] for way, alerts in values["waiting"].items()}

    def add(self, alerts: Iterable[Alert], ways: Iterable[str], known: Known) -> None:
        """Keep alerts for each way, and what is known by now."""
        found = list(alerts)
        self.waiting = {way: self.waiting.get(way, []) + found for way in ways}
        for way, waiting in self.waiting.items():
            self.lost += max(0, len(waiting) - WAITING)
            self.waiting[way] = waiting[-WAITING:]
        self.known = known
        self.write()

    def done(self, way: str, alert: Alert) -> None:
        """The way has taken this alert."""
        if way in self.waiting:  # else nobody asks for that way any more
            self.waiting[way] = [one for one in self.waiting[way] if one != alert]
            self.write()

    def put_off(self, way: str, alert: Alert) -> None:
        """The way does not take this one: the others come first."""
        waiting = self.waiting.get(way, [])
        if alert in waiting:
            self.waiting[way] = [one for one in waiting if one != alert] + [alert]

    @property
    def size(self) -> int:
        """How many wait, of all ways."""
        return sum(map(len, self.waiting.values()))

    def write(self) -> None:
        """Write it whole. Raises Usage."""
        values = {
            "known": list(self.known),
            "told": {key: list(one) for key, one in self.told.items()},
            "waiting": {way: list(map(list, one)) for way, one in self.waiting.items()},
        }
        try:
            write_whole(self._path, json.dumps(values).encode())
        except OSError as error:
            raise Usage(f"cannot write {self._path}: {cause_of(error)}", remedy="Free some space.") from error
