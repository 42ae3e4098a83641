"""The grants that a home keeps, settled with the transfers of ownership that rest on them.

A device shows its transfers, and never its grant: its issuer's home has that, and mostly the ledger too.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator
from typing import Final

from ..errors import Rejected
from ..home import Home
from ..verify import Verdict
from ..wire import cbor
from ..wire.messages import Transfer, parse_as

_TYPE: Final = cbor.encode(Transfer.TYPE)
_TYPE_AT: Final = slice(17, 20)  # as in `wire.messages.bodies`


class Granted:
    """Puts a device's grant before its first transfer, and takes the verdict on it out again."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._added: list[int] = []
        self._devices: set[bytes] = set()

    def before(self, messages: Iterable[bytes]) -> Iterator[bytes]:
        """The messages, and the grants among them that the home keeps."""
        count = 0
        for raw in messages:
            grant = self._grant(raw) if raw[_TYPE_AT] == _TYPE else None
            if grant is not None:
                self._added.append(count)
                count += 1
                yield grant
            count += 1
            yield raw

    def without(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The verdicts on the messages that were given, under their own numbers."""
        for verdict in verdicts:
            before = bisect(self._added, verdict.n)
            if not before:
                yield verdict
            elif self._added[before - 1] != verdict.n:
                yield verdict._replace(n=verdict.n - before)

    def _grant(self, raw: bytes) -> bytes | None:
        try:
            device = parse_as(raw, Transfer).body.device
        except Rejected:  # its own verdict says so
            return None
        if device in self._devices:
            return None
        self._devices.add(device)
        return self._home.grant(device)
