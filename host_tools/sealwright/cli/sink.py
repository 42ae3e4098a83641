"""Where collected messages go: a bundle file that is continued, standard output, or nowhere but the screen."""

import sys
from pathlib import Path
from types import TracebackType

from ..errors import Rejected, Usage
from ..files import is_stream
from ..operate import resuming
from ..operate.collecting import Collector
from ..wire.bundle import BundleWriter, read_bundle
from ..wire.messages import Body, Message, Reading, parse_message
from .decoded import as_json
from .describe import describe
from .options import STDIN
from .session import Session


class Sink:
    """Takes each message once. `shows`: messages are printed as they come. Use as a context manager.

    Raises Usage where the bundle cannot be written or continued.
    """

    def __init__(self, session: Session, out: str | None, collector: Collector, *, shows: bool) -> None:
        self._session, self.shows = session, shows
        self._names = session.names()
        self.messages = self.readings = 0
        self._raw = sys.stdout.buffer if out == STDIN else None
        self._path = None if out is None or out == STDIN else Path(out)
        self._new = self._path is not None and not is_stream(self._path) and not self._path.exists()
        self._collector = collector
        self._writer = None if self._path is None else _resume_bundle(self._path, collector)
        self._before = collector.taken

    def add(self, raw: bytes, source: str) -> None:
        """Keep a message from the device called `source`, and tell of it."""
        if self._writer is not None:
            self._writer.add(raw)
        if self._raw is not None:
            self._raw.write(raw)
            self._raw.flush()
        message = parse_message(raw)
        self.messages += 1
        self.readings += isinstance(message.body, Reading)
        if self.shows:
            self._session.emit(**as_json(message))
            if not self._session.as_json:
                said = describe(message, self._names, self._session.assets)
                self._session.say(f"{source_name(message, source):<16} {message.type:<13} {said}".rstrip())

    def sync(self) -> None:
        """Return when all is on disk."""
        if self._writer is not None:
            self._writer.sync()

    def __enter__(self) -> "Sink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is not None and self._new and not self.messages:
            self._path.unlink(missing_ok=True)  # it was made for nothing; while it is still held
        if self._writer is not None:
            if self._path is not None and not self._writer.streams:
                covered = resuming.Covered(self._writer.size, self._writer.count)
                resuming.note(self._path, covered, self._collector, self._before + self.messages)
            self._writer.close()


def _resume_bundle(path: Path, collector: Collector) -> BundleWriter:
    """The bundle to write on, its messages remembered, so that none comes twice."""
    try:
        covered = resuming.Covered() if is_stream(path) else resuming.recall(path, collector)
        writer = BundleWriter(path, append=True, whole=covered)
        if not writer.streams:  # read after it is held: nobody else writes it now
            for raw in read_bundle(path, covered.size):
                collector.remember(raw)
        return writer
    except Rejected as error:
        remedy = "Collect into another file. What is whole in this one is still good."
        raise Usage(f"{path} cannot be continued: {error}", remedy=remedy, code="bad_bundle") from error


def source_name(message: Message[Body], source: str) -> str:
    """The device a line is about: readings are their collector's, the rest may be anyone's in a channel."""
    return source if isinstance(message.body, Reading) else ""
