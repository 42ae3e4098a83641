"""Proof by chain: one signature seals a run of readings, and SHA-256 leads back from it to every one before.

Purpose: a reading names the digest of the one before it. So a valid signature on a reading proves that the key's holder
stated each earlier reading of that run, in this order, none missing, for one hash a reading. What else a check demands
is looked at for every reading: form, certificates, revocation, gaps, copies, contradictions, times.
A run is sealed every `EVERY` readings, when what is pending takes `MOST` bytes, and at the end. After a run was read,
some of its readings are chosen by the system's randomness, and their own signatures are checked. A seal or one of
these that does not hold has every signature of the run checked.
Limits: not each reading's own 64 signature bytes are proved, and nothing after the newest seal; see SECURITY.md.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from ..wire.certificates import Fault
from ..wire.messages import Body, Certificate, Message, Reading, Revocation, Rotation
from ..wire.messages.shapes import LOG_AT, in_usual_place
from .bundle_memory import BundleMemory
from .finding import Finding
from .judge import Judge
from .links import Link, Log, Shapes
from .readings import Head, judge_entry, time_of
from .runs import Run, standing_fault
from .signer import Signer
from .usual import Usual
from .verdict import BY_CHAIN, SIGNED, Verdict

EVERY: Final = 512  # readings under one seal, at most
MOST: Final = 16 << 20  # bytes of readings that wait for their seals, all devices together
SHARE: Final = 1  # of 256 readings under a seal, so many have their own signature checked

Take: TypeAlias = Callable[[int, Message[Body], Finding], Verdict]
Numbered: TypeAlias = Sequence[tuple[int, bytes]]


class Chains:
    """Judges messages as they come, readings by chain. take: keeps what a finding says, and makes the verdict.

    every, most, share: see `EVERY`, `MOST` and `SHARE`.
    """

    def __init__(
        self,
        judge: Judge,
        memory: BundleMemory,
        take: Take,
        *,
        every: int = EVERY,
        most: int = MOST,
        share: int = SHARE,
    ) -> None:
        self._judge, self._memory, self._take = judge, memory, take
        self._usual = Usual(judge, memory, SIGNED)
        self._every, self._most, self._share = every, most, share
        self._logs: dict[bytes, Log] = {}
        self._shapes = Shapes()
        self._held = 0  # bytes that wait

    def run(self, items: Iterable[tuple[int, bytes]]) -> Iterator[Verdict]:
        """A verdict for each numbered message; a reading's comes with its seal."""
        logs, every, most = self._logs, self._every, self._most
        for item in items:
            raw = item[1]
            log = logs.get(raw[LOG_AT])
            if log is None:
                yield from self._other(*item)
                continue
            if log.unknown:
                self._shapes.look(log, raw)
            size = len(raw)
            log.pending.append(item)
            log.size += size
            self._held += size
            if len(log.pending) >= every:
                yield from self._seal(log)
            elif self._held > most:
                yield from self._seal_all()
        yield from self._seal_all()

    def _other(self, n: int, raw: bytes) -> Iterator[Verdict]:
        """A message that is no reading of a log known here; a reading is the first of one."""
        usual = self._usual.voucher(n, raw)
        if usual is not None:
            yield usual
            return
        message = self._judge.parse(n, raw)
        if isinstance(message, Verdict):
            yield message
            return
        if isinstance(message.body, Reading):
            if self._judge.signers.lines.device_of(message.kid) is not None:
                yield from self._seal_all()  # its log begins under another hint
            log = Log(raw[LOG_AT])
            log.pending.append((n, raw))
            if not in_usual_place(raw):
                yield from self._seal(log)
                return
            self._logs[log.key] = log
            log.size = len(raw)
            self._held += log.size
            self._shapes.look(log, raw)
            return
        if isinstance(message.body, Certificate | Revocation | Rotation):
            yield from self._seal_all()  # what came before it is judged without it
        yield self._unchained(n, message)

    def _unchained(self, n: int, message: Message[Body]) -> Verdict:
        verdict = self._take(n, message, self._judge.judge(message))
        return verdict if verdict.signer is None else verdict._replace(proof=SIGNED)

    def _seal_all(self) -> Iterator[Verdict]:
        for log in [log for log in self._logs.values() if log.pending]:
            yield from self._seal(log)

    def _seal(self, log: Log) -> Iterator[Verdict]:
        """The verdicts on what is pending of a log: all at once where it is a run as usual, else reading by reading."""
        self._held -= log.size
        items = log.take()
        run = Run.of(items, log.shapes)
        signer = None if run is None else self._judge.signers.find(run.seal)
        crosses = isinstance(signer, Signer) and run is not None and run.crosses(self._judge, signer)
        if run is None or not isinstance(signer, Signer) or crosses:
            yield from self._by_parts(log, items)
            return
        if not self._holds(run.messages, signer):
            yield from self._by_parts(log, items, each=True)  # another draw might miss what this one found
            return
        if log.refused is not None:
            self._bridge(log, run.link(0), signer)
        while not run.is_usual(self._judge, self._memory, signer):
            # the first of a log, or one that is refused: those after it may be as usual
            yield self._of_run(run.link(0), run.seal, signer)
            if not run.drop_first():
                return
        yield from run.verdicts(self._memory, signer.id)

    def _holds(self, messages: Sequence[Message[Reading]], signer: Signer) -> bool:
        """Whether the last of a run is signed, and the signatures of some others hold, chosen now that nobody can
        change them any more."""
        if not signer.verified:
            return False
        drawn = os.urandom(len(messages) - 1)
        return all(messages[at].signed_by(signer.key) for at, byte in enumerate(drawn) if byte < self._share)

    def _by_parts(self, log: Log, items: Numbered, *, each: bool = False) -> Iterator[Verdict]:
        """The verdicts on readings that are no run as usual, run by run. each: by their own signatures."""
        links: list[Link] = []
        for n, raw in items:
            message = self._judge.parse(n, raw)
            if isinstance(message, Verdict):
                yield message
                continue
            if not isinstance(message.body, Reading):
                yield self._unchained(n, message)
                continue
            link = Link(n, Message(message.sign1, message.body))
            if links and (not link.follows(links[-1]) or self._turns(links[-1], link)):
                yield from self._part(log, links, each)
                links = []
            links.append(link)
        if links:
            yield from self._part(log, links, each)
        self._shapes.look(log, items[-1][1])

    def _turns(self, before: Link, after: Link) -> bool:
        """Whether the key of their log was rotated between two readings."""
        signer = self._judge.signers.find(after.message)
        ends = (before.message.body.seq, after.message.body.seq)
        return isinstance(signer, Signer) and self._judge.signers.lines.crosses(signer.id, *ends)

    def _part(self, log: Log, links: list[Link], each: bool) -> Iterator[Verdict]:
        """The verdicts on readings each of which follows the one before. each: by their own signatures."""
        seal = links[-1].message
        signer = self._judge.signers.find(seal)
        if isinstance(signer, Fault):
            self._logs.pop(log.key, None)  # anybody can make up key hints
        elif not each and self._holds([link.message for link in links], signer):
            self._bridge(log, links[0], signer)
            for link in links:
                yield self._of_run(link, seal, signer)
            return
        for link in links:
            yield self._alone(log, link)

    def _of_run(self, link: Link, seal: Message[Reading], signer: Signer) -> Verdict:
        verdict = self._full(link, signer)
        if link.message.digest == seal.digest:
            return verdict._replace(proof=SIGNED)
        return verdict._replace(proof=BY_CHAIN, sealed_by=seal.digest)

    def _alone(self, log: Log, link: Link) -> Verdict:
        """The verdict on a reading by its own signature."""
        signer = self._judge.signers.find(link.message)
        if isinstance(signer, Signer) and signer.verified:
            self._bridge(log, link, signer)
            return self._full(link, signer)._replace(proof=SIGNED)
        verdict = self._full(link, signer)
        if verdict.code == "bad_signature":
            row = log.refused if log.refused is not None and link.follows(log.refused[1]) else None
            log.refused = (link if row is None else row[0], link)
        return verdict

    def _full(self, link: Link, signer: Signer | Fault) -> Verdict:
        """The verdict on one reading with everything looked at but its signature, which `signer` says."""
        return self._take(link.n, link.message, self._judge.by_device(link.message, link.message.body, signer))

    def _bridge(self, log: Log, link: Link, signer: Signer) -> None:
        """A reading whose own signature is wrong is refused, and that is all: where a proved one leads back to it, the
        log is whole."""
        refused, log.refused = log.refused, None
        if refused is None or not link.follows(refused[1]):
            return
        start, end = refused[0].message, refused[1].message
        head = self._memory.head(signer.id) or self._memory.earlier.get(signer.id)
        if standing_fault(self._judge, signer) is None and judge_entry(start.body, start.digest, head) is None:
            self._memory.keep_entry(signer.id, Head(end.body.seq, end.digest, time_of(end.body)))
