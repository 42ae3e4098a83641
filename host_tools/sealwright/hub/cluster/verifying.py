"""The part `verify`: checks what devices published, and keeps what holds. Any number of them, anywhere.

It has nothing of its own: it takes some hundred messages of the partitions by turns, checks them with `--proof
chained`, waits until the servers have what holds in the streams of those who use it, and only then has the first stream
forget them. A kill between the two checks them twice. What does not hold is counted by its code and dropped: its device
signs nothing better by itself.
Limits: a reading has to be of the device under whose id it came. One whose signer is not known yet waits: its
certificate may be with another verifier.
"""

import random
import threading
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from itertools import islice
from typing import Final

from ...errors import SealwrightError
from ...home import Home
from ...verify import Verdict
from ...verify.policy import CHAINED, Policy
from ...wire.bundle import read_bundle
from ...wire.messages import Reading
from ...wire.messages.plain import KID_AT
from ..checking import Checking, is_left_out, is_taken
from ..folder import HubFolder
from ..known import Known
from ..settings import Settings
from ..spool import SpoolFull
from ..state import State
from . import safe, streams
from .config import VERIFY, Cluster
from .errors import ClusterAway
from .link import Link
from .pulling import Taken
from .sinks import KnownStream, StreamSink

PART: Final = "verify"
BATCH: Final = 512  # messages of a partition,
MOST: Final = 1024  # and of all, that are checked together
FEW: Final = 256  # of them: then more are waited for, as each batch costs the servers some writes
PATIENCE: Final = 600.0  # seconds that a device's own message waits for its certificate
PATIENCE_FOR_OTHERS: Final = 60.0  # and one of another signer, such as a voucher that a payee hands in
FRESH: Final = 10.0  # seconds that another verifier has to keep a rotation that came before a message
_MOST_OTHERS: Final = 64  # signers of a batch that are asked for, beside the devices themselves
_MONEY: Final = b"\xd2\x84\x51"  # how a message that is no reading begins
_AGAIN_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.1
_KNOWN_SECONDS: Final = 300.0  # after which what certifies devices is asked for anew: some may be revoked
_MOST_KNOWN: Final = 100_000  # key hints in memory


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Verify until `stop` is set. Raises Usage where this machine has no account for it."""
    cluster = Cluster.read(home.folder)
    folder = HubFolder(home.folder)
    folder.make()
    state = State(folder.state(settings.named or PART), PART)
    with closing(Link(cluster, VERIFY)) as link:
        work = _Verifying(home, settings, cluster, link, state)
        while not stop.is_set():
            try:
                count = work.round(stop)
                state.hold("")
            except (ClusterAway, SpoolFull) as error:
                count = 0
                state.hold(f"{error}. {error.remedy}")
                stop.wait(_AGAIN_SECONDS)
            state.tell()
            if count < FEW:
                stop.wait(_LOOK_SECONDS)
        state.tell(now=True)


class _Verifying:
    """The partitions by turns, and what is done with a batch."""

    def __init__(self, home: Home, settings: Settings, cluster: Cluster, link: Link, state: State) -> None:
        self._home, self._cluster, self._link, self._state = home, cluster, link, state
        self._roots = home.roots()
        self._policy = Policy(allow_test=settings.allow_test, proof=CHAINED)
        self._stream, self._sink = KnownStream(link), StreamSink(link, cluster)
        self._first = random.randrange(cluster.partitions)  # verifiers that start together begin apart
        self._asked: dict[bytes, list[bytes]] = {}
        self._begin()

    def _begin(self) -> None:
        """Know nothing but what the home and the cluster know."""
        self._known = Known(self._home, None, lambda kid: self._asked.get(kid, ()))
        self._checking = Checking(self._roots, self._policy, self._known)
        self._kids: dict[bytes, float] = {}  # of what is known, since when
        self._began = time.monotonic()

    def round(self, stop: threading.Event) -> int:
        """Look at each partition once; how many messages there were. Raises ClusterAway, SpoolFull."""
        taken: list[Taken] = []
        try:
            for step in range(self._cluster.partitions):
                number = (self._first + step) % self._cluster.partitions
                taken += self._link.pull(streams.MQTT, streams.verifier(number), BATCH)
                if stop.is_set() or len(taken) >= MOST:
                    break
            self._first = number + 1
            if taken:
                self._take(taken)
        except BaseException:
            self._link.leave(taken)
            with suppress(ClusterAway):  # without this another verifier is given them a while later
                self._link.again(taken, _AGAIN_SECONDS)
            raise
        return len(taken)

    def _take(self, taken: list[Taken]) -> None:
        origin: list[Taken] = []
        messages: list[bytes] = []
        for one in taken:
            for raw in _messages(one):
                origin.append(one)
                messages.append(raw)
        devices = {kid for one in taken if (kid := _kid(one.subject)) is not None}
        others = {raw[KID_AT] for raw in messages if raw[:3] == _MONEY} - devices - self._kids.keys()
        self._look_up(devices.union(islice(others, _MOST_OTHERS)))
        again, keep, runs = self._judge(messages, origin)
        kids = dict.fromkeys(one.message.kid for one in keep if one.message is not None)
        self._sink.add([one.message.raw for one in keep if one.message is not None], self._known.support(kids))
        if runs:
            self._link.publish([(streams.SAFE_SUBJECT, safe.written(runs))])
        later = set(map(id, again))
        self._link.done([one for one in taken if id(one) not in later])
        if again:
            self._link.again(again, _AGAIN_SECONDS)
            self._state.counts["waited for"] += len(again)
        self._count(len(messages), keep)

    def _judge(self, messages: list[bytes], origin: list[Taken]) -> tuple[list[Taken], list[Verdict], list[safe.Run]]:
        """What to try again, what holds, and how far devices' logs are safe."""
        again: list[Taken] = []
        keep: list[Verdict] = []
        kept: dict[str, dict[int, tuple[str, str | None]]] = {}
        for verdict in self._checking.run(messages):
            source = origin[verdict.n]
            device = source.subject.split(".")[-2]
            body = verdict.message.body if verdict.message is not None else None
            kid = verdict.message.kid if verdict.message is not None else b""
            if isinstance(body, Reading) and kid.hex() != device[:16]:
                self._state.counts["of another device"] += 1
                continue
            if is_left_out(verdict) and self._may_hold_later(verdict.code, kid, source):
                again.append(source)
                continue
            if is_taken(verdict):
                if isinstance(body, Reading) and verdict.message is not None:
                    prev = None if body.prev is None else body.prev.hex()
                    kept.setdefault(device, {})[body.seq] = (verdict.message.digest.hex(), prev)
                keep.append(verdict)
            else:
                self._state.counts[verdict.code] += 1
        return again, keep, safe.runs_of(kept)

    def _may_hold_later(self, code: str, kid: bytes, source: Taken) -> bool:
        """Whether a message waits for what certifies its signer, which another verifier may be about to keep."""
        if code == "unknown_signer":
            own = kid == _kid(source.subject)
            return time.time() < source.at + (PATIENCE if own else PATIENCE_FOR_OTHERS)
        if code != "bad_signature" or self._kids.get(kid, time.time()) > source.at + FRESH:
            return False
        self._kids.pop(kid, None)
        self._known.forget(kid)
        return True

    def _look_up(self, kids: set[bytes]) -> None:
        """Ask for what certifies these, all at once, where it is not known."""
        if len(self._kids) > _MOST_KNOWN or time.monotonic() - self._began > _KNOWN_SECONDS:
            self._begin()
        new = [kid for kid in kids if kid not in self._kids]
        self._asked = self._stream.of(new) if new else {}
        self._kids.update(dict.fromkeys(self._asked, time.time()))

    def _count(self, messages: int, keep: Iterable[Verdict]) -> None:
        counts = self._state.counts
        counts["messages"] += messages
        for one in keep:
            counts["taken"] += 1
            counts["readings"] += one.type == Reading.NAME


def _kid(subject: str) -> bytes | None:
    """The key hint of the device under whose id a message came."""
    try:
        return bytes.fromhex(subject.split(".")[-2][:16])
    except (ValueError, IndexError):
        return None


def _messages(taken: Taken) -> list[bytes]:
    """Each topic takes one message or a CBOR sequence of them."""
    try:
        return list(read_bundle(taken.data)) if not taken.subject.endswith(".readings") else [taken.data]
    except SealwrightError:
        return [taken.data]  # its verdict says what is wrong
