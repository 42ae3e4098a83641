"""A consumer's side of the spool: its next messages, and what certifies their signers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import Usage, cause_of
from ..wire.bundle import read_bundle
from .positions import Position, keep_position, path_of, read_position, segments
from .spool import whole

BATCH_BYTES: Final = 1 << 20


class Batch(NamedTuple):
    """Messages of one segment, in order. support: those of the wanted kinds that came before them in it. after: where
    to go on once they are dealt with, in the words of the one who gave it."""

    support: list[bytes]
    messages: list[bytes]
    after: Any


class Consumer:
    """Reads the spool in `folder` under a name. supports: which messages are to be given again with every batch of
    their segment, such as certificates. size: bytes of a batch, some more where one message is larger."""

    def __init__(
        self, folder: Path, name: str, supports: Callable[[bytes], bool] = lambda _: False, size: int = BATCH_BYTES
    ) -> None:
        self._folder, self._name, self._supports, self._size = folder, name, supports, size
        self.position = read_position(folder, name)
        self._support: list[bytes] = []
        self._support_of: int | None = None

    def next(self) -> Batch | None:
        """The next messages, or None where there are none yet. Call `passed` when they are dealt with, on disk."""
        there = segments(self._folder)  # before any of them is read: an older one than the last does not grow any more
        for number in there:
            if number < self.position.segment:
                continue
            offset = self.position.offset if number == self.position.segment else 0
            found = self._read(number, offset)
            if found is not None:
                return found
            if number != there[-1] and number >= self.position.segment:
                self._go_to(Position(number + 1, 0))
        return None

    def passed(self, batch: Batch) -> None:
        """What this batch is for is done, on disk. Raises Usage."""
        self._support += filter(self._supports, batch.messages)
        self._go_to(batch.after)

    def behind(self) -> int:
        """Bytes of the spool that it has not passed."""
        sizes = {number: _size(path_of(self._folder, number)) for number in segments(self._folder)}
        left = sum(size for number, size in sizes.items() if number > self.position.segment)
        return left + max(0, sizes.get(self.position.segment, 0) - self.position.offset)

    def _go_to(self, position: Position) -> None:
        keep_position(self._folder, self._name, position)
        if position.segment != self.position.segment:
            self._support, self._support_of = [], None
        self.position = position

    def _read(self, number: int, offset: int) -> Batch | None:
        path = path_of(self._folder, number)
        try:
            data = self._part(path, offset)
        except FileNotFoundError:  # the writer has removed it: all consumers had passed it
            return None
        except OSError as error:
            raise Usage(f"cannot read {path}: {cause_of(error)}", remedy="Check its permissions.") from error
        end = whole(data)
        if not end:
            return None
        if self._support_of != number:  # it began in the middle of a segment
            self._support = list(filter(self._supports, _messages(path, offset)))
            self._support_of = number
        return Batch(list(self._support), list(read_bundle(data[:end])), Position(number, offset + end))

    def _part(self, path: Path, offset: int) -> bytes:
        size = self._size
        with path.open("rb") as file:
            while True:
                file.seek(offset)
                data = file.read(size)
                if len(data) < size or whole(data):
                    return data
                size *= 2  # one message that is larger than a batch


def _messages(path: Path, end: int) -> Iterator[bytes]:
    """The messages of a segment before byte `end`, which is a beginning."""
    if end:
        with path.open("rb") as file:
            yield from read_bundle(file.read(end))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
