"""The latest expiry among a party's past channels: a journal record [[half a device id, unix seconds], ...].

A settled channel must never be taken again. One number for each party replaces the names of all its past channels: a
new channel must expire later. No clock removes an entry: a clock that was wrong for a moment would bring channels back.
Past MAX_PARTIES the lowest entry becomes the entry of every party, so that the record has a limit and no channel is
forgotten.
"""

from .compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import Journal

MAX_PARTIES = const(48)
_ALL = b""


def latest(journal: "Journal", name: str, party: bytes) -> int:
    """The latest expiry among the past channels of `party` (device id), 0 without one."""
    return max([0] + [expires for half, expires in journal.get(name, []) if half in (_ALL, party[:16])])


def advance(journal: "Journal", name: str, party: bytes, expires: int) -> None:
    """Record a past channel of `party` that expires at `expires`. Idempotent."""
    half = party[:16]
    times = dict(journal.get(name, []))
    times[half] = max(expires, times.get(half, 0))
    while len(times) > MAX_PARTIES:
        lowest = min((value, key) for key, value in times.items() if key != _ALL)
        times.pop(lowest[1])
        times[_ALL] = max(times.get(_ALL, 0), lowest[0])
    journal.put(name, [[key, times[key]] for key in sorted(times)])
