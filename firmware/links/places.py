"""Which connections stay where only a few fit: those that have proved most.

A newcomer always gets a place, and a stranger's connection ends for it. Of PLACES, all but STRANGERS can be kept. The
first to go is of the lowest rank, then of the host that has most places, then the oldest. So neither connections that
stay silent, nor new ones again and again, can end that of an owner whose command was accepted, and one host alone
cannot end those of others.
Limit: before the first accepted command, somebody with many addresses may still come in between.
"""

from seal.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLACES = const(6)  # connections at a time: each may hold a frame of 6 KB
STRANGERS = const(2)  # places that nobody keeps
STRANGER_SECONDS = const(60)  # without a whole request


class _Place:
    def __init__(self, connection: "Any", host: "Any") -> None:
        self.connection = connection
        self.host = host
        self.rank = 0
        self.heard = ticks_ms()


class Places:
    """Connections are any objects, known by identity."""

    def __init__(self) -> None:
        self._places: list[_Place] = []  # the oldest first

    def enter(self, connection: "Any", host: "Any" = None) -> "Any":
        """A new connection from a host, any value; returns the one that has to end for it, or None."""
        self._places.append(_Place(connection, host))
        if len(self._places) <= PLACES:
            return None
        place = self._first(self._places)
        self._places.remove(place)
        return place.connection

    def leave(self, connection: "Any") -> None:
        """The connection has ended. Idempotent."""
        self._places = [place for place in self._places if place.connection is not connection]

    def keep(self, connection: "Any", rank: int) -> None:
        """A request came, which shows that the connection deserves `rank`, from 1; a rank never falls by itself."""
        for place in self._places:
            if place.connection is connection:
                place.heard = ticks_ms()
                if rank > place.rank and (place.rank or self._make_room(rank)):
                    place.rank = rank

    def stale(self) -> "list[Any]":
        """The connections of strangers that have sent no request for STRANGER_SECONDS: bytes are none."""
        now = ticks_ms()
        return [
            place.connection
            for place in self._places
            if not place.rank and ticks_diff(now, place.heard) > STRANGER_SECONDS * 1000
        ]

    def _first(self, places: list[_Place]) -> _Place:
        """The first of these to go."""
        counts: "dict[Any, int]" = {}
        for place in self._places:
            counts[place.host] = counts.get(place.host, 0) + 1
        found = places[0]
        for place in places:
            if (place.rank, -counts[place.host]) < (found.rank, -counts[found.host]):
                found = place
        return found

    def _make_room(self, rank: int) -> bool:
        """Whether one more of `rank` can be kept; the first to go is a stranger's again where it must."""
        kept = [place for place in self._places if place.rank]
        if len(kept) < PLACES - STRANGERS:
            return True
        other = self._first(kept)
        if other.rank > rank:
            return False
        other.rank, other.heard = 0, ticks_ms()
        return True
