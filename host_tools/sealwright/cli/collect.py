"""`sealwright collect`: what devices signed, into a bundle that checks offline."""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Unreachable, Usage
from ..files import is_stream
from ..operate import owner
from ..operate.gathering import Gathering, Part
from ..verify.policy import EACH
from .claimable import claimable, show_claimable
from .commands import command
from .ending import Ending
from .exits import INTERRUPTED
from .options import STDIN, CountOption, DevicesOption, OutOption, ProofOption, SecondsOption
from .session import Advance, Session
from .sink import Sink

ACK_SECONDS: Final = 60.0  # an acknowledgement costs the device a write to its flash
_GRACE_SECONDS: Final = 2.0  # at the end, for devices that are being asked
_ACK_GRACE_SECONDS: Final = 10.0  # for devices that have answered before and get an acknowledgement
_MOST_JOBS: Final = 256


@command(
    "collect",
    "Gather what devices signed into a bundle.",
    """
    sealwright collect station
    sealwright collect station solar --out day.bundle
    sealwright collect --all --out day.bundle --timeout 10
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
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="S", min=0.1, help="Give up a device that says nothing for so long [default: 30 s]."
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, max=_MOST_JOBS, help="How many devices at a time.")
    ] = 32,
    proof: ProofOption = EACH,
) -> int:
    """Gather certificates, readings and the messages of channels from devices, side by side, each once.

    A bundle that is there already is continued. A device that goes away or stays silent ends its part and holds back no
    other; the exit code is then that of the first such device. A device that contradicts what it signed before, as one
    does whose flash was put back, is reported as `equivocation` with the proof in the home; its channels are still
    gathered, and the exit code is 1. With --proof chained one signature proves a run of readings, before it is kept and
    acknowledged. Ctrl-C ends --follow well: it shows the sum.
    """
    check_out(session, out, ack)
    following = follow or seconds is not None or count is not None
    if out == STDIN:
        session.out = session.err
    end = None if seconds is None else time.monotonic() + seconds
    with Ending() as ending:
        run = _Collection(session, device, ack=ack, timeout=timeout, jobs=jobs, count=count, proof=proof)
        shows = following or out is None
        with (
            Sink(session, out, run.collector, shows=shows) as run.sink,
            closing(run),
            session.progress("collecting", streams=shows) as run.advance,
        ):
            run.gather(ending, every if following else None, end)
            run.finish(ending, following=following)
        return _summary(session, run, out, interrupted=ending.over and not following)


def check_out(session: Session, out: str | None, ack: bool) -> None:
    """Raise Usage for a place that messages cannot go to."""
    if ack and (out in (None, STDIN) or is_stream(Path(out or ""))):
        remedy = "Give --out FILE: only what is safe on disk may be forgotten."
        raise Usage("--ack without a file", remedy=remedy)
    if out == STDIN and session.as_json:
        raise Usage("--json and --out - both want stdout", remedy="Give --out FILE.")
    if out == STDIN and sys.stdout.isatty():
        raise Usage("a bundle is no text for a terminal", remedy="Pipe it, or give --out FILE.")


class _Collection(Gathering):
    """The devices of one run. `failures`: those that were given up, in that order."""

    sink: Sink
    advance: Advance

    def __init__(
        self,
        session: Session,
        urls: list[str],
        *,
        ack: bool,
        timeout: float | None,
        jobs: int,
        count: int | None,
        proof: str,
    ) -> None:
        super().__init__(
            urls,
            session.connect,
            session.names(),
            self._add,
            self._fail,
            jobs=jobs,
            timeout=timeout,
            logs=session.logs(),
            proof=proof,
        )
        self.failures: list[Part] = []
        self._session, self._ack, self._count = session, ack, count
        self._acked_at = time.monotonic()
        self._raises = len(self.parts) == 1  # what went wrong with the only device is the command's own error

    def gather(self, ending: Ending, every: float | None, end: float | None) -> None:
        """Look at every device; every: again and again at this interval, until `end` or enough readings are there.

        Raises what went wrong where there is one device and it cannot be reached.
        """
        while True:
            self.begin(self.look, self.living)
            last = every is None or self.enough or (end is not None and time.monotonic() + every > end)
            until = None if last or every is None else time.monotonic() + every
            self.wait(until, lambda: ending.over or (self.enough and every is not None))
            if self._raises and self.parts[0].source is None and self.parts[0].error is not None:
                raise self.parts[0].error
            self._take_channels()
            if last or ending.over or self.enough or not self.living:
                return
            if time.monotonic() - self._acked_at > ACK_SECONDS:
                self._acknowledge()

    def finish(self, ending: Ending, *, following: bool) -> None:
        """Make it last, and let the devices forget it with --ack. following: who has not answered by now has failed."""
        began = time.monotonic()
        self.enough |= ending.over  # each stops behind the reading that it is at
        self.wait(None, lambda: time.monotonic() > began + self._grace())
        self.drop()
        self._take_channels()
        if asked := self._acknowledge():
            self.wait(None, lambda: False, asked)
        self._raises = False
        for part in self.living if following else ():
            if part.source is None:
                error = Unreachable(f"{part.url}: no answer before the end", remedy="Give it more time: --seconds.")
                self._give_up(part, error)

    def _grace(self) -> float:
        answers = any(part.busy and part.source is not None for part in self.living)
        return _ACK_GRACE_SECONDS if self._ack and answers else _GRACE_SECONDS

    def _take_channels(self) -> None:
        """Both parties of a channel may be here: their messages are sorted together."""
        with self._changed:
            held = [part.source for part in self.idle if part.source is not None and part.source.held is not None]
            for raw in self.collector.channels(held):
                self.sink.add(raw, "")
                self.advance(self.sink.messages, f"{self.sink.readings} readings")

    def _acknowledge(self) -> list[Part]:
        self.sink.sync()
        self.collector.logs.keep()
        self._acked_at = time.monotonic()
        asked = [part for part in self.idle if part.exact and part.fork is None] if self._ack else []
        self.begin(self._tell, asked)
        return asked

    def _tell(self, part: Part) -> None:
        source = part.source
        if source is not None and (source.closed or source.seq > part.acked):
            owner.acknowledge(self._session.home, source.client, source.seq, source.closed, source.digest)
            part.acked = source.seq

    def _add(self, raw: bytes, part: Part) -> None:
        before = self.sink.readings
        self.sink.add(raw, part.name)
        part.messages += 1
        part.readings += self.sink.readings - before
        self.enough = self._count is not None and self.sink.readings >= self._count
        self.advance(self.sink.messages, f"{self.sink.readings} readings")

    def _fail(self, part: Part) -> None:
        self.failures.append(part)
        if part.fork is not None and part.error is None:
            self._session.fail(part.fork, device=part.name, proof=part.fork.proof and str(part.fork.proof))
        elif part.error is not None and not (self._raises and part.source is None):
            self._session.fail(part.error, device=part.name)


def _summary(session: Session, run: _Collection, out: str | None, *, interrupted: bool) -> int:
    to = f" in {out}" if out not in (None, STDIN) else ""
    sink, good = run.sink, not run.failures and not interrupted
    devices = [
        {
            "device": part.name,
            "url": part.url,
            "ok": part.wrong is None,
            "messages": part.messages,
            "readings": part.readings,
            "seq": part.source.seq if part.source else None,
            "code": part.wrong.code if part.wrong else None,
        }
        for part in run.parts
    ]
    if len(devices) > 1:
        rows = [
            (part.name, f"{part.readings:,}", f"{part.messages:,}", str(part.source.seq) if part.source else "-",
             part.wrong.code if part.wrong else "ok")
            for part in run.parts
        ]  # fmt: skip
        session.table(("device", "readings>", "messages>", "up to>", "state"), rows)
    failed = len({part.url for part in run.failures})
    claims = claimable(session, run.collector.promises)
    shown = {"messages": sink.messages, "readings": sink.readings, "out": out, "failed": failed, "devices": devices}
    session.emit(ok=good, **shown, claimable=[one.as_dict() for one in claims])
    of = f" {failed} of {len(devices)} devices failed." if failed and len(devices) > 1 else ""
    show_claimable(session, claims)
    session.say(f"{sink.messages} new messages{to}, {sink.readings} of them readings.{of}")
    if run.failures and run.failures[0].wrong is not None:
        return run.failures[0].wrong.exit_code
    return INTERRUPTED if interrupted else 0
