"""Readings that wait for a seal, and what is known of the logs that they belong to.

Limits: a shape's expression takes milliseconds to make, so a few are made for a check, each after its second reading.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..errors import Rejected
from ..wire.messages import Message, Reading, parse_as
from ..wire.messages.shapes import Shape, expression_of

_SHAPES: Final = 64  # of one check
_SHAPES_OF_LOG: Final = 4
_TRIES: Final = 4


class Link(NamedTuple):
    """Reading number `n` of a bundle."""

    n: int
    message: Message[Reading]

    def follows(self, other: "Link") -> bool:
        """Whether it names `other` as the reading before it."""
        body = self.message.body
        return body.prev == other.message.digest and body.seq == other.message.body.seq + 1


class Log:
    """The readings whose messages have `key` in the place `LOG_AT`: those with one key hint.

    pending: those that wait for a seal, numbered. size: their bytes. refused: of a row of readings whose signatures are
    wrong, and that follow each other, the first and the last. shapes: of its readings. unknown: how many more readings
    are to be looked at for a first shape.
    """

    __slots__ = ("key", "pending", "refused", "shapes", "size", "unknown")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.pending: list[tuple[int, bytes]] = []
        self.size = 0
        self.refused: tuple[Link, Link] | None = None
        self.shapes: list[Shape] = []
        self.unknown = _TRIES

    def take(self) -> Sequence[tuple[int, bytes]]:
        """What is pending; nothing is any more."""
        taken, self.pending, self.size = self.pending, [], 0
        return taken


class Shapes:
    """The shapes of one check: each is made when it comes for the second time, up to a fixed number."""

    def __init__(self) -> None:
        self._known: dict[bytes, Shape] = {}
        self._latest: list[Shape] = []
        self._once: set[bytes] = set()  # expressions of shapes that were seen once

    def look(self, log: Log, raw: bytes) -> None:
        """Learn the shape of a reading of this log, if it is a new one for it. Raises nothing."""
        log.unknown = max(0, log.unknown - 1)
        if any(shape.match(raw) for shape in log.shapes):
            return
        found = next((shape for shape in self._latest if shape.match(raw)), None)
        shape = self._new(raw) if found is None else found
        if shape is not None:
            self._add(log, shape)

    def _new(self, raw: bytes) -> Shape | None:
        try:
            expression = expression_of(parse_as(raw, Reading))
        except Rejected:
            return None
        if expression is None or expression in self._known:
            return None if expression is None else self._known[expression]
        if expression not in self._once:
            self._once = {*self._once, expression} if len(self._once) < _SHAPES else {expression}
            return None
        if len(self._known) == _SHAPES:
            return None
        return self._known.setdefault(expression, Shape(expression))

    def _add(self, log: Log, shape: Shape) -> None:
        log.shapes = [shape, *log.shapes][:_SHAPES_OF_LOG]
        log.unknown = 0
        if shape not in self._latest:
            self._latest = [shape, *self._latest][:_SHAPES_OF_LOG]
