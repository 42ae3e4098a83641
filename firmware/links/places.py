"""Who keeps a place where connections are few: those that have proved most, whoever else connects.

A newcomer always gets a place, and the oldest stranger's connection ends for it. Of PLACES, all but STRANGERS can be
kept: by rank, and within a rank by age, the newest first. So neither connections that stay silent, nor new ones
again and again, can end that of an owner whose command was accepted.
Limit: before the first accepted command, one who speaks the protocol on many connections may still come in between.
"""

from seal.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLACES = const(6)  # connections at a time: each may hold a frame of 6 KB
STRANGERS = const(2)  # places that nobody keeps
STRANGER_SECONDS = const(60)  # without a whole request


class _Place:
    def __init__(self, connection: "Any") -> None:
        self.connection = connection
        self.rank = 0
        self.heard = ticks_ms()


class Places:
    """Connections are any objects, known by identity."""

    def __init__(self) -> None:
        self._places: list[_Place] = []  # the oldest first

    def enter(self, connection: "Any") -> "Any":
        """A new connection; returns the one that has to end for it, or None."""
        self._places.append(_Place(connection))
        if len(self._places) <= PLACES:
            return None
        place = _lowest(self._places)
        self._places.remove(place)
        return place.connection

    def leave(self, connection: "Any") -> None:
        """The connection has ended. Idempotent."""
        self._places = [place for place in self._places if place.connection is not connection]

    def keep(self, connection: "Any", rank: int) -> None:
        """A request came, which shows that the connection deserves `rank`, from 1; a rank never falls by itself."""
        kept = [place for place in self._places if place.rank]
        for place in self._places:
            if place.connection is connection:
                place.heard = ticks_ms()
                if rank > place.rank and (place.rank or _make_room(kept, rank)):
                    place.rank = rank

    def stale(self) -> "list[Any]":
        """The connections of strangers that have sent no request for STRANGER_SECONDS: bytes are none."""
        now = ticks_ms()
        return [
            place.connection
            for place in self._places
            if not place.rank and ticks_diff(now, place.heard) > STRANGER_SECONDS * 1000
        ]


def _lowest(places: list[_Place]) -> _Place:
    """The oldest of the lowest rank."""
    found = places[0]
    for place in places:
        if place.rank < found.rank:
            found = place
    return found


def _make_room(kept: list[_Place], rank: int) -> bool:
    """Whether one more of `rank` can be kept; the oldest of the lowest rank is a stranger's again where it must."""
    if len(kept) < PLACES - STRANGERS:
        return True
    other = _lowest(kept)
    if other.rank > rank:
        return False
    other.rank, other.heard = 0, ticks_ms()
    return True
