"""Messages as usual, by their own signatures: a reading that continues its log, a voucher that raises its lane.

Purpose: speed. Such a message is recognised without being taken apart, and its verdict is what the rules of `judge`,
`readings` and `channels` say of it. Limits: what is not as usual in any respect is left to those rules. Asserted by
property tests.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..wire.certificates import CLOCK_SKEW
from ..wire.keys import PublicKey
from ..wire.messages import Reading, Voucher
from ..wire.messages.plain import KID_AT as VOUCHER_KID_AT
from ..wire.messages.plain import plain_voucher
from ..wire.messages.shapes import HASH_HEAD, LOG_AT, glance, in_usual_place, time_in
from ..wire.messages.shapes import KID_AT as READING_KID_AT
from ..wire.messages.unread import UnreadReading, UnreadVoucher
from .bundle_memory import BundleMemory
from .channels import MAX_LANES
from .codes import OK
from .judge import Judge
from .links import Log, Shapes
from .memory import FAR
from .readings import Head
from .runs import SET, Run, standing_fault
from .signer import Signer
from .verdict import Verdict

_AGAIN: Final = 8  # readings of no known shape, after which another look may teach it


class _Standing(NamedTuple):
    """A key that nothing is against, until `ends`. version: of what is known of signers."""

    version: int
    key: PublicKey
    device: bytes
    ends: int


class Usual:
    """Judges usual messages of a bundle, one at a time or readings of one log together. proof: what the verdicts say of
    it."""

    def __init__(self, judge: Judge, memory: BundleMemory, proof: str | None = None) -> None:
        self._judge, self._memory, self._end = judge, memory, ("", proof, None)
        self._standing: dict[bytes, _Standing] = {}
        self._logs: dict[bytes, Log] = {}
        self._shapes = Shapes()

    def verdict(self, n: int, raw: bytes) -> Verdict | None:
        """The verdict on message `n`, or None for what the rules must judge."""
        log = self._logs.get(raw[LOG_AT])
        return self.voucher(n, raw) if log is None else self._reading(n, raw, log)

    def learn(self, raw: bytes, verdict: Verdict) -> None:
        """Look at a message that the rules have judged, for the shape of a log's readings."""
        if verdict.type != Reading.NAME or not verdict.ok or not in_usual_place(raw):
            return
        log = self._logs.get(raw[LOG_AT])
        if log is None:
            log = self._logs[raw[LOG_AT]] = Log(raw[LOG_AT])
        log.size += 1
        if log.unknown or log.size % _AGAIN == 0:
            self._shapes.look(log, raw)

    def _signer(self, kid: bytes, now: int) -> _Standing | None:
        """The only key with this hint, where nothing is against it."""
        signers, found = self._judge.signers, self._standing.get(kid)
        if found is None or found.version != signers.version:
            known = signers.only(kid)
            if known is None or standing_fault(self._judge, Signer(known, True)) is not None:
                return None
            key, ends = known.certificate.key, FAR if known.ends is None else known.ends
            found = self._standing[kid] = _Standing(signers.version, key, key.device_id, ends)
        if signers.lines.of(found.device):  # whose turn it was to sign is for the rules to say
            return None
        return found if now < found.ends else None

    def _reading(self, n: int, raw: bytes, log: Log) -> Verdict | None:
        seen = glance(raw, log.shapes)
        now = self._judge.policy.now()
        signer = None if seen is None else self._signer(raw[READING_KID_AT], now)
        if seen is None or signer is None:
            return None
        memory, device = self._memory, signer.device
        time, seq, before, quality, digest = seen
        head = memory.heads.get(device)
        if head is None or not 1 < seq == head.seq + 1 or before != HASH_HEAD + head.digest:
            return None
        at, entries = time_in(time), memory.entries(device)
        usual = quality in SET and (head.at or 0) <= at <= now + CLOCK_SKEW and entries.end == seq
        if not usual or device in memory.earlier or memory.revoked_from(device) is not None:
            return None
        if not signer.key.verify_once(digest, raw[-64:]):
            return None
        entries.extend((digest,))
        memory.heads[device] = Head(seq, digest, at)
        message = UnreadReading(raw, digest, (seq, time))
        shown = (n, Reading.NAME, True, OK, digest, "", device, device, message, *self._end)
        return tuple.__new__(Verdict, shown)  # a third of the time that its constructor takes

    def learns(self, raw: bytes) -> bool:
        """Whether this is a reading of a log whose shape is still to be learned."""
        log = self._logs.get(raw[LOG_AT])
        return in_usual_place(raw) if log is None else not log.shapes and log.unknown > 0

    def readings(self, items: Sequence[tuple[int, bytes]]) -> list[Verdict]:
        """The verdicts on the first ones of messages with one key hint, as many as are readings as usual."""
        log = self._logs.get(items[0][1][LOG_AT])
        run = None if log is None else Run.of(items, log.shapes)
        now = self._judge.policy.now()
        signer = None if run is None else self._signer(items[0][1][READING_KID_AT], now)
        if run is None or signer is None or not run.continues(self._memory, signer.device, now + CLOCK_SKEW):
            return []
        good = 0
        for message in run.messages:
            if not signer.key.verify_once(message.name, message.bytes[-64:]):
                break
            good += 1
        if good < len(items):
            run = run.first(good)
            if not good or not run.continues(self._memory, signer.device, now + CLOCK_SKEW):
                return []
        return run.verdicts(self._memory, signer.device, sealed=False)

    def voucher(self, n: int, raw: bytes) -> Verdict | None:
        """The verdict on a voucher that raises its lane, or None."""
        says = plain_voucher(raw)
        known = None if says is None else self._memory.known(says[0])
        if says is None or known is None:
            return None
        _, lane, seq, amount, digest = says
        best, now = known.lanes.get(lane), self._judge.policy.now()
        numbers = known.numbers.get(lane)
        raises = (numbers is None or seq >= numbers.end) and (best is None or amount > best.worth)
        if not raises or lane >= MAX_LANES or now >= known.terms.claim_end:
            return None
        signer = self._signer(raw[VOUCHER_KID_AT], now)
        if signer is None or signer.device != known.terms.payer or not signer.key.verify_once(digest, raw[-64:]):
            return None
        message, device = UnreadVoucher(raw, digest), signer.device
        self._memory.keep_raise(known, says)
        shown = (n, Voucher.NAME, True, OK, digest, "", device, device, message, *self._end)
        return tuple.__new__(Verdict, shown)
