"""Evidence bundles: files and streams of messages one after the other (a CBOR sequence, RFC 8742).

What is no CBOR, or ends early, ends a bundle: nothing says where the next message would begin. The limits are
those of `sequence`. A file that begins with no message is looked at before anything is given: see `foreign`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, TypeAlias

from ..errors import Malformed, NotABundle, Truncated, Usage
from ..files import exclusive, is_stream, open_stream, sync_folder
from .foreign import HEAD_BYTES, MESSAGE, recognise
from .messages import Message
from .sequence import item_end

Source: TypeAlias = "str | Path | bytes | BinaryIO"

_CHUNK: Final = 65536
_PIECE: Final = 256  # messages


class Messages(Iterator[bytes]):
    """The raw messages of a bundle, in order. parts: of it as it is read, those that are whole by then."""

    def __init__(self, parts: Iterator[list[bytes]]) -> None:
        self._parts, self._part, self._at = parts, list[bytes](), 0

    def __next__(self) -> bytes:
        """Raises what the parts do."""
        if self.peek() is None:
            raise StopIteration
        self._at += 1
        return self._part[self._at - 1]

    def peek(self) -> bytes | None:
        """The next one, which stays the next; None at the end."""
        while self._at == len(self._part):
            part = next(self._parts, None)
            if part is None:
                return None
            self._part, self._at = part, 0
        return self._part[self._at]

    def at_hand(self) -> list[bytes]:
        """The next one and all that can be had without another read; nothing at the end."""
        if self.peek() is None:
            return []
        found, self._at = self._part[self._at :], len(self._part)
        return found


def at_hand(messages: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    """The same messages, each time as many as can be had without a wait: all of a list, in pieces."""
    if isinstance(messages, Messages):
        yield from iter(messages.at_hand, [])
    elif isinstance(messages, list | tuple):
        yield from (messages[at : at + _PIECE] for at in range(0, len(messages), _PIECE))
    else:
        yield from ((raw,) for raw in messages)


def read_bundle(source: Source, start: int = 0) -> Messages:
    """The raw messages of a bundle, in order: from a path, from bytes, or from a stream as they come in.

    start: of a path, the offset of the first message to give.

    Raises Usage where the file cannot be read, NotABundle where there is no message at its beginning, and Truncated,
    after all whole messages were given, where the bundle ends in the middle of one or goes on with what is no CBOR.
    """
    return Messages(_read(source, start))


def _read(source: Source, start: int) -> Iterator[list[bytes]]:
    with ExitStack() as stack:
        if isinstance(source, bytes):
            yield from _split(BytesIO(source))
        elif isinstance(source, str | Path):
            file = stack.enter_context(_open_source(Path(source), "rb"))
            if start:
                file.seek(start)
            yield from _split(file, start)
        else:
            yield from _split(source)


def _open_source(path: Path, mode: str) -> Any:
    try:
        if mode != "rb" and is_stream(path):
            return open_stream(path, buffering=0)
        # what is written is unbuffered: nothing is left to write when it closes
        return path.open(mode, -1 if mode == "rb" else 0)
    except OSError as error:
        reason = f"cannot open the bundle {path}: {error.strerror}"
        raise Usage(reason, remedy="Check the path and its permissions.") from error


def _split(stream: BinaryIO, offset: int = 0) -> Iterator[list[bytes]]:
    # a pipe gives what it has: a message is handed on when it is whole, not when a block is full
    read = getattr(stream, "read1", stream.read)
    buffer, count = _beginning(read), 0
    while True:
        part, at, wrong = _whole(buffer)
        yield part
        count, offset, buffer = count + len(part), offset + at, buffer[at:]
        if wrong is not None:
            raise Truncated(f"message {count}, at byte {offset}, is no CBOR item: {wrong}") from wrong
        more = read(_CHUNK)
        if not more:
            break
        buffer += more
    if buffer:
        raise Truncated(f"the bundle ends in the middle of message {count}, which begins at byte {offset}")


def _whole(buffer: bytes) -> tuple[list[bytes], int, Malformed | None]:
    """The whole messages at the beginning, where they end, and what is wrong with the bytes behind them."""
    part: list[bytes] = []
    at = 0
    try:
        while at < len(buffer) and (end := item_end(buffer, at)) is not None:
            part.append(buffer[at:end])
            at = end
    except Malformed as error:
        return part, at, error
    return part, at, None


def _beginning(read: Callable[[int], bytes]) -> bytes:
    """The first bytes of a bundle: as few as show a message, else as many as show that there is none."""
    head = b""
    while len(head) < HEAD_BYTES and not head.startswith(MESSAGE):
        more = read(_CHUNK)
        if not more:
            break
        head += more
    if head and not head.startswith(MESSAGE) and not MESSAGE.startswith(head):
        _check_beginning(head)
    return head


def _check_beginning(head: bytes) -> None:
    """Raise NotABundle unless a message comes after what is none: one bad message hides no good one."""
    known = recognise(head)
    if known is not None:
        raise NotABundle(known.what, remedy=known.remedy)
    at: int | None = 0
    with suppress(Malformed):
        while at is not None and at < len(head):
            start, at = at, item_end(head, at)
            if at is not None and head.startswith(MESSAGE, start):
                return
    raise NotABundle("bytes of a kind that is not known here", remedy="Check that it is the file you mean.")


class BundleWriter:
    """Writes messages to a bundle file, each at once, so that a reader can follow.

    An existing file is continued with `append`, after a check that it ends with a whole message; without it
    an existing file is replaced. whole: how many of its bytes are known to be whole messages, and how many these are.
    A character device or a FIFO is only written to. Raises Usage where the file cannot be
    written or another program of this package writes it, Truncated where it cannot be continued. `streams`: it is such
    a device or FIFO. `size`, `count`: its bytes and messages.
    """

    def __init__(self, path: str | Path, *, append: bool = False, whole: tuple[int, int] = (0, 0)) -> None:
        self._path = path = Path(path)
        self.streams = is_stream(path)
        with ExitStack() as stack:
            if not self.streams:
                stack.enter_context(exclusive(path))
            continued = append and not self.streams and path.exists()
            self.count = whole[1] + sum(1 for _ in read_bundle(path, whole[0])) if continued else 0
            self._file: BinaryIO = stack.enter_context(_open_source(path, "ab" if append else "wb"))
            self.size = path.stat().st_size
            self._held = stack.pop_all()

    def add(self, message: bytes | Message[Any]) -> None:
        """Append one message. Raises Usage where the disk refuses it."""
        raw = message if isinstance(message, bytes) else message.raw
        rest = memoryview(raw)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self.size)  # half a message would spoil all that follow
            gone = isinstance(error, BrokenPipeError)
            remedy = "Start its reader first, and let it read to the end." if gone else "Free some space."
            raise Usage(f"cannot write the bundle: {error.strerror}", remedy=remedy) from error
        self.size += len(raw)
        self.count += 1

    def sync(self) -> None:
        """Return when what was added is on disk, so that its source may forget it. Raises Usage."""
        if self.streams:
            return
        try:
            os.fsync(self._file.fileno())
            sync_folder(self._path.parent)  # a new name is on disk only once its folder is
        except OSError as error:
            raise Usage(f"cannot write the bundle: {error.strerror}", remedy="Check its disk.") from error

    def close(self) -> None:
        """Close the file; again does nothing."""
        self._held.close()

    def __enter__(self) -> "BundleWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
