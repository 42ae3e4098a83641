"""`sealwright collect`: what devices signed, into a bundle that checks offline."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Annotated, Final

import typer

from ..errors import RefusedByDevice, Rejected, SealwrightError, Unreachable, Usage
from ..operate import owner
from ..operate.collecting import Collector, Source
from ..operate.logs import Equivocation
from .claimable import claimable, show_claimable
from .commands import command
from .options import STDIN, CountOption, DevicesOption, OutOption, SecondsOption
from .session import Advance, Session
from .sink import Sink

ACK_SECONDS: Final = 60.0  # an acknowledgement costs the device a write to its flash
_OF_DEVICE: Final = (Unreachable, RefusedByDevice, Rejected)


@command(
    "collect",
    "Gather what devices signed into a bundle.",
    """
    sealwright collect station
    sealwright collect station solar --out day.bundle
    sealwright collect --all --out day.bundle
    sealwright collect --device serial:/dev/ttyACM0 --out day.bundle --follow --ack
    sealwright collect --device emulated:solar --out - | sealwright verify - --allow-test
    """,
)
def collect(
    session: Session,
    *,
    device: DevicesOption,
    out: OutOption = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
    seconds: SecondsOption = None,
    count: CountOption = None,
    every: Annotated[float, typer.Option("--every", metavar="S", min=0.05, help="Seconds between two looks.")] = 1.0,
    ack: Annotated[
        bool, typer.Option("--ack", help="Once it is on disk, let the devices forget what they need not keep.")
    ] = False,
) -> int:
    """Gather certificates, readings and the messages of channels from devices, each once.

    A bundle that is there already is continued. A device that goes away ends its part; the others go on, and the exit
    code is 3. A device that contradicts what it signed before, as one does whose flash was put back, is reported as
    `equivocation` with the proof in the home; its channels are still gathered, and the exit code is 1.
    """
    check_out(session, out, ack)
    following = follow or seconds is not None or count is not None
    if out == STDIN:
        session.out = session.err
    run = _Collection(session, ack)
    end = None if seconds is None else time.monotonic() + seconds
    with ExitStack() as stack:
        run.connect(device, stack)
        sink = stack.enter_context(Sink(session, out, run.collector, shows=following or out is None))
        with session.progress("collecting", streams=sink.shows) as advance:
            run.start(sink)
            while not run.look(sink, advance, count) and following and not _is_over(end, every):
                time.sleep(every)
            run.finish(sink)
    return _summary(session, run, sink, out)


def check_out(session: Session, out: str | None, ack: bool) -> None:
    """Raise Usage for a place that messages cannot go to."""
    if ack and out in (None, STDIN):
        remedy = "Give --out FILE: only what is safe on disk may be forgotten."
        raise Usage("--ack without a file", remedy=remedy)
    if out == STDIN and session.as_json:
        raise Usage("--json and --out - both want stdout", remedy="Give --out FILE.")
    if out == STDIN and sys.stdout.isatty():
        raise Usage("a bundle is no text for a terminal", remedy="Pipe it, or give --out FILE.")


def _is_over(end: float | None, every: float) -> bool:
    return end is not None and time.monotonic() + every > end


class _Collection:
    """The devices of one run. `failures`: those that had to be given up, with the error."""

    def __init__(self, session: Session, ack: bool) -> None:
        self._session, self._ack = session, ack
        self.collector = Collector(session.logs())
        self.sources: list[Source] = []
        self.failures: list[SealwrightError] = []
        self._acked: dict[str, int] = {}
        self._acked_at = time.monotonic()

    def connect(self, urls: Sequence[str], stack: ExitStack) -> None:
        """Connect to every device that can be reached. Raises Usage, and what went wrong if none can."""
        for url in dict.fromkeys(urls):
            try:
                client = stack.enter_context(self._session.connect(url))
                identifier = client.info().device
            except _OF_DEVICE as error:
                if len(urls) == 1:
                    raise
                self._give_up(url, error)
                continue
            name = self._session.names().get(identifier or b"", url)
            self.sources.append(Source(client, name))

    def start(self, sink: Sink) -> None:
        """What is gathered once: where to go on, and who the devices are."""

        def begin(source: Source) -> None:
            with self._reporting(source):
                self.collector.resume(source)
            for raw in self.collector.certificates(source.client):
                sink.add(raw, source.name)

        self._each(begin)

    def look(self, sink: Sink, advance: Advance, count: int | None) -> bool:
        """Gather what is new. Returns whether there is nothing more to wait for."""

        def read(source: Source) -> None:
            with self._reporting(source):
                for raw in self.collector.readings(source):
                    sink.add(raw, source.name)
                    advance(sink.messages, f"{sink.readings} readings")
                    if count is not None and sink.readings >= count:
                        return

        self._each(read)
        self._each(Source.look)
        for raw in self.collector.channels(self.sources):
            sink.add(raw, "")
        if time.monotonic() - self._acked_at > ACK_SECONDS:
            self._acknowledge(sink)
        return not self.sources or (count is not None and sink.readings >= count)

    def finish(self, sink: Sink) -> None:
        """Make it last, and let the devices forget it if that was asked for."""
        self._acknowledge(sink)

    def _acknowledge(self, sink: Sink) -> None:
        sink.sync()
        self.collector.logs.keep()
        self._acked_at = time.monotonic()

        def tell(source: Source) -> None:
            if not self._ack or source.fork is not None:
                return
            if source.closed or source.seq > self._acked.get(source.name, 0):
                owner.acknowledge(self._session.home, source.client, source.seq, source.closed, source.digest)
                self._acked[source.name] = source.seq

        self._each(tell)

    def _each(self, work: Callable[[Source], None]) -> None:
        for source in list(self.sources):
            try:
                work(source)
            except _OF_DEVICE as error:
                self.sources.remove(source)
                self._give_up(source.name, error)

    @contextmanager
    def _reporting(self, source: Source) -> Iterator[None]:
        """Report a device that contradicts itself; what is left of it is still gathered."""
        try:
            yield
        except Equivocation as fork:
            self.failures.append(fork)
            self._session.fail(fork, device=source.name, proof=fork.proof and str(fork.proof))

    def _give_up(self, name: str, error: SealwrightError) -> None:
        self.failures.append(error)
        self._session.fail(error, device=name)


def _summary(session: Session, run: _Collection, sink: Sink, out: str | None) -> int:
    to = f" in {out}" if out not in (None, STDIN) else ""
    good = not run.failures
    claims = claimable(session, run.collector.promises)
    shown = {"messages": sink.messages, "readings": sink.readings, "out": out, "failed": len(run.failures)}
    session.emit(ok=good, **shown, claimable=[one.as_dict() for one in claims])
    session.say(f"{sink.messages} new messages{to}, {sink.readings} of them readings.")
    show_claimable(session, claims)
    return 0 if good else run.failures[0].exit_code
