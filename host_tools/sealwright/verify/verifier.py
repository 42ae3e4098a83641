"""The verifier of a bundle: a verdict and a reason for every message, offline. No input makes it raise.

Order inside a bundle decides nothing about money: a message that rests on another one which has not come yet is put
aside, and judged again at the bundle's end.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from ..errors import NotABundle, Truncated
from ..wire.bundle import Source, at_hand, read_bundle
from ..wire.certificates import Fault
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Checkpoint,
    Delegation,
    FactoryRecord,
    Funding,
    Message,
    Reading,
    Receipt,
    RevealedTick,
    Revocation,
    Transfer,
    Voucher,
)
from .aside import Aside
from .authority import checkpoint_fault
from .bundle_memory import BundleMemory
from .chained import Chains
from .channels import WAITING, Circumstances, judge_open, judge_voucher, terms_of
from .codes import EQUIVOCATION
from .finding import Finding
from .judge import Judge
from .lines import SUPERSEDED_KEY
from .owners import step_of
from .policy import CHAINED, Policy
from .readings import Head, judge_entry, noun_of, time_of
from .together import judge_at_hand
from .uncertified import AGAIN
from .usual import Usual
from .verdict import Verdict

# what a funding settles once for all
_BEFORE_FUNDING: Final = frozenset({"expired_certificate", "revoked", SUPERSEDED_KEY})
_IN_LOG: Final = frozenset({"gap", EQUIVOCATION})
_TAKEN: Final = _IN_LOG | {"amount_decreased"}


class Verifier:
    """Checks the messages of one bundle against roots.

    roots: self-signed certificates, see `certificates.load_roots`; raises BadCertificate for one that is no root.
    memory: what is known before, such as the heads of devices' logs.
    """

    def __init__(
        self,
        roots: Iterable[Message[Certificate]],
        policy: Policy | None = None,
        memory: BundleMemory | None = None,
    ) -> None:
        self.policy = Policy() if policy is None else policy
        self.memory = BundleMemory() if memory is None else memory
        self._judge = Judge(roots, self.policy, self.memory)
        self._usual = Usual(self._judge, self.memory)
        self._count = 0
        self._cut: Truncated | None = None

    def check(self, raw: bytes) -> Verdict:
        """The verdict on the next message, as far as what came before it shows."""
        n, self._count = self._count, self._count + 1
        return self._check(n, bytes(raw))

    def is_test(self, device: bytes) -> bool:
        """Whether a device (id, 32 bytes) whose messages hold is certified under a root for emulated machines."""
        return self.policy.allow_test and self._judge.signers.is_test(device)

    def run(self, messages: Iterable[bytes]) -> Iterator[Verdict]:
        """A verdict for each message; those that wait for another one, or for a seal, come later than others. The
        verifier may have judged more of the messages that are at hand than it has given verdicts on."""
        aside, judge = Aside(), self._each
        if self.policy.proof == CHAINED:
            judge = Chains(self._judge, self.memory, self._take).run
            verdicts = judge(item for part in self._numbered(messages) for item in part)
        else:
            verdicts = chain.from_iterable(map(self._at_hand, self._numbered(messages)))
        for verdict in verdicts:
            again = None if verdict.ok else _waits(verdict)
            if again is None:
                yield verdict
            else:
                aside.put(*again)
        if self._cut is not None:
            yield self.check_rest(self._cut)
        yield from aside.retry(judge, _waits)

    def _numbered(self, messages: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
        """The messages up to where the bundle breaks off, those that are at hand together."""
        try:
            for part in at_hand(messages):
                start, self._count = self._count, self._count + len(part)
                yield [(n, bytes(raw)) for n, raw in enumerate(part, start)]
        except Truncated as error:
            self._cut = error

    def _at_hand(self, items: list[tuple[int, bytes]]) -> Iterator[Verdict]:
        return judge_at_hand(items, self._usual, self._check)

    def _each(self, items: Iterable[tuple[int, bytes]]) -> Iterator[Verdict]:
        return (self._check(n, raw) for n, raw in items)

    def check_rest(self, error: Truncated) -> Verdict:
        """The verdict on what follows the last whole message of a bundle that ends badly."""
        n, self._count = self._count, self._count + 1
        undo = f". {error.remedy.rstrip('.')}" if isinstance(error, NotABundle) else ""
        return self._judge.refuse(n, Fault("malformed", f"{error}{undo}"))

    def _check(self, n: int, raw: bytes) -> Verdict:
        usual = self._usual.verdict(n, raw)
        if usual is not None:
            return usual
        message = self._judge.parse(n, raw)
        if isinstance(message, Verdict):
            return message
        verdict = self._take(n, message, self._judge.judge(message))
        self._usual.learn(raw, verdict)
        return verdict

    def _take(self, n: int, message: Message[Body], found: Finding) -> Verdict:
        """The verdict from the judge's finding, once it was looked at beside what this bundle has shown."""
        if isinstance(message.body, Reading | FactoryRecord) and found.signer is not None:
            found = self._beside_others(message.digest, message.body, found.signer, found)
        if isinstance(message.body, Checkpoint) and found.fault is None:
            found = found._replace(fault=checkpoint_fault(message.body, self.memory.ends(message.body)))
        if isinstance(message.body, ChannelOpen) and found.fault is not None and found.fault.code in _BEFORE_FUNDING:
            found = self._funded(message.digest, message.body, found)
        self._keep(message, found)
        return self._judge.verdict(n, message, found)

    def _funded(self, digest: bytes, body: ChannelOpen, found: Finding) -> Finding:
        """A channel that its ledger has funded: what happened to the payer's certificate later changes nothing."""
        terms = terms_of(body, digest, least_window=self.policy.least_window)
        if found.device != body.payer or not self.memory.is_funded(terms):
            return found
        return Finding(judge_open(body, terms, body.payer, self.policy.now()), body.payer, body.payer, terms=terms)

    def _beside_others(self, digest: bytes, body: Reading | FactoryRecord, signer: bytes, found: Finding) -> Finding:
        """An entry of a log beside every other of this bundle, and the newest of earlier ones."""
        memory = self.memory
        counts = found.fault is None or found.fault.code in _IN_LOG
        if counts and memory.entries(signer).get(body.seq) == digest:
            return found._replace(fault=Fault("replay", AGAIN), note=None, mark="")
        if not _is_entry(found.fault):
            return found
        if memory.entry(signer, body.seq) not in (None, digest):
            why = f"its signer signed another {noun_of(body)} with number {body.seq}"
            return found._replace(fault=Fault(EQUIVOCATION, why), note=None)
        earlier = memory.earlier.get(signer)
        if found.fault is None and memory.head(signer) is None and earlier is not None and body.seq > earlier.seq:
            return found._replace(fault=judge_entry(body, digest, earlier))
        return found

    def _keep(self, message: Message[Body], found: Finding) -> None:
        body, memory, fault = message.body, self.memory, found.fault
        if isinstance(body, Reading | FactoryRecord) and found.signer is not None and _is_entry(fault):
            memory.keep_entry(found.signer, Head(body.seq, message.digest, time_of(body)))
        if isinstance(body, Voucher) and found.signer is not None:
            terms = memory.channel(body.channel)
            if terms is not None and terms.payer == found.signer:
                taken = fault is None or fault.code in _TAKEN
                memory.keep_voucher(Message(message.sign1, body), found.lane, taken=taken)
        if found.terms is not None and (fault is None or fault.code == "expired"):
            memory.keep_channel(found.terms)  # of an expired one the vouchers are refused for that
        if isinstance(body, Funding) and found.signer is not None and fault is not None and fault.code in WAITING:
            memory.keep_funding(body, found.signer)  # its channel-open may rest on it
        if fault is not None and fault.code not in _TAKEN:
            return
        if not isinstance(body, Voucher) and not (isinstance(body, Reading | FactoryRecord) and _is_entry(fault)):
            memory.keep(message.digest)  # the others are in their lane or their log
        if isinstance(body, Delegation):
            memory.keep_delegation(message.digest, body)
        if fault is None:
            self._keep_effect(body, found)

    def _keep_effect(self, body: Body, found: Finding) -> None:
        memory, signer = self.memory, found.signer or b""
        match body:
            case ChannelClose():
                memory.keep_close(body, signer, by_earlier_key=found.by_earlier_key)
            case Transfer():
                memory.keep_step(body.device, step_of(body))
            case Revocation():
                memory.keep_revocation(body.device, body.revoked_from)
            case Funding():
                memory.keep_funding(body, signer)
            case Receipt() if body.tick is not None:
                self._keep_tick(body, body.tick)
            case _:
                pass

    def _keep_tick(self, receipt: Receipt, tick: RevealedTick) -> None:
        """A tick that a receipt reveals raises its lane, where the voucher counts by itself: not a locked one."""
        memory, voucher, terms = self.memory, self.memory.acknowledged(receipt), self.memory.channel(receipt.channel)
        if voucher is None or voucher.ticks is None or terms is None:
            return
        shown = Circumstances(self.policy.now(), ticks={voucher.ticks.root: (tick.number, tick.value)})
        found = judge_voucher(voucher, receipt.voucher, terms.payer, memory, shown)
        memory.keep_lane(receipt.channel, voucher.lane, found.lane)


def _waits(verdict: Verdict) -> tuple[int, bytes] | None:
    """What to put aside where a verdict may change once more has come."""
    message = verdict.message
    return (verdict.n, message.raw) if verdict.code in WAITING and message is not None else None


def _is_entry(fault: Fault | None) -> bool:
    return fault is None or fault.code == "gap"


def verify_bundle(
    source: Source,
    roots: Iterable[Message[Certificate]],
    policy: Policy | None = None,
    memory: BundleMemory | None = None,
) -> Iterator[Verdict]:
    """A verdict for each message of a bundle, as it is read; what cannot be read at its end is `malformed`.

    Verdicts on messages that wait for another one come last: `Verdict.n` names the message. Raises Usage where the
    bundle cannot be opened, and BadCertificate for a root that is none.
    """
    yield from Verifier(roots, policy, memory).run(read_bundle(source))
