"""Readings that wait for a seal, and what is known of the logs that they belong to.

Limits: a shape's expression takes milliseconds to make, so a few are made for a check, each after its second reading.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ..errors import Rejected
from ..wire.cose import Sign1
from ..wire.keys import PublicKey
from ..wire.messages import Message, Reading, parse_as
from ..wire.messages.shapes import Shape, expression_of, glimpse

_SHAPES: Final = 64  # of one check
_SHAPES_OF_LOG: Final = 4
_TRIES: Final = 4
_SIGNATURE: Final = slice(-64, None)


class Unread(Message[Reading]):
    """A reading whose form was checked and whose digest is known; it is taken apart when `body` or `sign1` is read."""

    __slots__ = ("_whole", "bytes", "name")

    def __init__(self, raw: bytes, digest: bytes) -> None:
        self.bytes, self.name = raw, digest
        self._whole: Message[Reading] | None = None

    __setattr__ = object.__setattr__  # its parent is frozen

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        return Unread, (self.bytes, self.name)

    def _read(self) -> Message[Reading]:
        if self._whole is None:
            self._whole = parse_as(self.bytes, Reading)
        return self._whole

    @property
    def sign1(self) -> Sign1:  # a field there, made on demand here
        """The envelope."""
        return self._read().sign1

    @property
    def body(self) -> Reading:
        """The reading itself."""
        return self._read().body

    @property
    def raw(self) -> bytes:
        """The bytes as received."""
        return self.bytes

    @property
    def digest(self) -> bytes:
        """32 bytes: the message's name."""
        return self.name

    @property
    def type(self) -> str:
        """The name of the type in the schema."""
        return Reading.NAME

    def signed_by(self, signer: PublicKey) -> bool:
        """Whether the signature is this key's."""
        return signer.verify(self.name, self.bytes[_SIGNATURE])


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

    __slots__ = ("key", "latest", "pending", "refused", "shapes", "size", "unknown")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.pending: list[tuple[int, bytes]] = []
        self.size = 0
        self.refused: tuple[Link, Link] | None = None
        self.shapes: list[Shape] = []
        self.unknown = _TRIES
        self.latest: bytes | None = None  # the expression of a shape that was seen once

    def take(self) -> Sequence[tuple[int, bytes]]:
        """What is pending; nothing is any more."""
        taken, self.pending, self.size = self.pending, [], 0
        return taken


class Shapes:
    """The shapes of one check: each is made when a log has had it twice, up to a fixed number."""

    def __init__(self) -> None:
        self._known: dict[bytes, Shape] = {}

    def look(self, log: Log, raw: bytes) -> None:
        """Learn the shape of a reading of this log, if it is a new one for it. Raises nothing."""
        log.unknown = max(0, log.unknown - 1)
        if glimpse([raw], log.shapes) is not None:
            return
        try:
            expression = expression_of(parse_as(raw, Reading))
        except Rejected:
            return
        if expression is None:
            return
        if expression not in self._known and expression == log.latest and len(self._known) < _SHAPES:
            self._known[expression] = Shape(expression)
        log.latest = expression
        if expression in self._known:
            log.shapes = [self._known[expression], *log.shapes][:_SHAPES_OF_LOG]
            log.unknown = 0
