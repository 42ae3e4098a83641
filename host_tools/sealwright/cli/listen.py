"""`sealwright listen`: the readings that devices hand on through a broker, into a bundle."""

import time
from typing import Annotated, Final

import typer

from ..errors import RefusedByDevice, Unreachable, Usage
from ..link.broker import Broker
from ..operate import owner
from ..operate.collecting import Collector
from ..operate.complaints import Complaints
from ..operate.listening import Listener
from ..verify.policy import EACH
from .collect import ACK_SECONDS, check_out
from .commands import command
from .ending import Ending
from .options import STDIN, CountOption, OutOption, ProofOption, SecondsOption
from .session import Session
from .sink import Sink

_LOOK_SECONDS: Final = 1.0


@command(
    "listen",
    "Gather the readings that come through a broker.",
    """
    sealwright listen --broker mqtts://broker.example:8883
    sealwright listen --broker mqtts://fleet@broker.example --out day.bundle --ack
    sealwright listen --broker mqtts://fleet@broker.example --out day.bundle --ack --proof chained
    """,
)
def listen(
    session: Session,
    *,
    broker: Annotated[str, typer.Option("--broker", metavar="URL", help="mqtts://[USER@]HOST[:PORT].")],
    out: OutOption = None,
    seconds: SecondsOption = None,
    count: CountOption = None,
    ack: Annotated[bool, typer.Option("--ack", help="Once they are on disk, let the devices forget them.")] = False,
    proof: ProofOption = EACH,
) -> int:
    """Gather the readings of this home's networks as their devices hand them on, until Ctrl-C; then show the sum.

    A bundle that is there already is continued, and the broker keeps what comes while nobody listens. Readings that are
    missing are fetched from the device. What a broker has is not acknowledged by that: only --ack lets devices prune.
    A device that contradicts what it signed before is reported as `equivocation` with the proof in the home; no more of
    its readings are gathered, and the exit code is 1. With --proof chained a run of readings that came within a second
    is proved by one signature.
    """
    check_out(session, out, ack)
    address, rest = Broker.parse(session.home, broker)
    if rest:
        raise Usage(f"{broker} names a device", remedy=f"Collect from it: `sealwright collect --device {broker}`.")
    if out == STDIN:
        session.out = session.err
    collector = Collector(session.logs(), proof)
    with (
        Ending() as ending,
        Sink(session, out, collector, shows=True) as sink,
        session.progress("listening", streams=True) as advance,
    ):
        listener = Listener(session.home, address, collector, session.note)
        run = _Listening(session, listener, sink, ack)
        end = None if seconds is None else time.monotonic() + seconds
        try:
            while not (ending.over or _is_over(end) or (count is not None and sink.readings >= count)):
                for name, raw in listener.look(_LOOK_SECONDS):
                    sink.add(raw, name)
                    advance(sink.messages, f"{sink.readings} readings")
                run.keep()
            run.keep(last=True)
        finally:
            listener.close()
    good = not listener.forks
    session.emit(ok=good, messages=sink.messages, readings=sink.readings, out=out)
    session.say(f"{sink.messages} new messages, {sink.readings} of them readings.")
    return 0 if good else 1


def _is_over(end: float | None) -> bool:
    return end is not None and time.monotonic() >= end


class _Listening:
    """What is done with what was heard, once it is on disk."""

    def __init__(self, session: Session, listener: Listener, sink: Sink, ack: bool) -> None:
        self._session, self._listener, self._sink, self._ack = session, listener, sink, ack
        self._acked: dict[str, int] = {topic: heard.seq for topic, heard in listener.heard.items()}
        self._acked_at = time.monotonic()
        self._reported = 0  # forks
        self._complaints = Complaints(session.note)

    def keep(self, *, last: bool = False) -> None:
        """Make it last, and tell who waits for that."""
        self._sink.sync()
        self._listener.settle()
        for name, fork in self._listener.forks[self._reported :]:
            self._session.fail(fork, device=name, proof=fork.proof and str(fork.proof))
        self._reported = len(self._listener.forks)
        if not last and time.monotonic() - self._acked_at < ACK_SECONDS:
            return
        self._acked_at = time.monotonic()
        self._listener.logs.keep()  # a file for each device: not at every look
        if not self._ack:
            return
        for topic, heard in self._listener.heard.items():
            if heard.fork is None and heard.seq > self._acked.get(topic, 0):
                try:
                    with self._listener.client(topic) as client:
                        owner.acknowledge(self._session.home, client, heard.seq, [], heard.digest)
                    self._acked[topic] = heard.seq
                    self._complaints.settle(topic)
                except (Unreachable, RefusedByDevice) as error:
                    self._complaints.note(topic, heard.name, f"not acknowledged yet: {error}")
