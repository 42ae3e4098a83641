"""The latest expiry among a party's past channels: a journal record [[half a device id, unix seconds], ...].

A settled channel must never be taken again. One number for each party replaces the names of all its past channels: a
new channel must expire later. No clock removes an entry: a clock that was wrong for a moment would bring channels back.
Past MAX_PARTIES the lowest entry becomes the entry of every party, so that the record has a limit and no channel is
forgotten.

A channel that a wrong clock opened may expire in 2100, and would lock its parties out until then. So a mark that lies
further from a party's other marks than any channel may last is an entry of its own, and counts for nothing while no
channel can expire so late: a device takes none that lasts longer than MAX_SECONDS.
"""

from .compat import const
from .protection import MAX_SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import Journal

MAX_PARTIES = const(48)
_ALL = b""


def latest(journal: "Journal", name: str, party: bytes, now: int | None) -> int:
    """The latest expiry among the past channels of `party` (device id), 0 without one. now: unix time, or None if the
    clock is unset."""
    marks = [expires for half, expires in journal.get(name, []) if half in (_ALL, party[:16])]
    return max([0] + [expires for expires in marks if is_near(expires, now)])


def is_near(expires: int, now: int | None) -> bool:
    """Whether a channel with this expiry can be taken at all."""
    return now is None or expires <= now + MAX_SECONDS


def advance(journal: "Journal", name: str, party: bytes, expires: int) -> None:
    """Record a past channel of `party` that expires at `expires`. Idempotent."""
    marks = [(half, mark) for half, mark in journal.get(name, [])]
    _raise_mark(marks, party[:16], expires)
    while len(marks) > MAX_PARTIES:
        lowest, half = min((mark, half) for half, mark in marks if half != _ALL)
        marks.remove((half, lowest))
        _raise_mark(marks, _ALL, lowest)
    journal.put(name, [[half, mark] for half, mark in sorted(marks)])


def _raise_mark(marks: list[tuple[bytes, int]], half: bytes, expires: int) -> None:
    for other, mark in marks:
        if other == half and abs(mark - expires) <= MAX_SECONDS:
            marks.remove((other, mark))
            expires = max(mark, expires)
            break
    marks.append((half, expires))
