"""The verifier of a bundle: a verdict and a reason for every message, offline. No input makes it raise.

Order inside a bundle decides nothing about money: a message that rests on another one which has not come yet is put
aside, and judged again at the bundle's end.
"""

from collections.abc import Iterable, Iterator

from ..errors import Truncated
from ..wire.bundle import Source, read_bundle
from ..wire.certificates import Fault
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    FactoryRecord,
    Funding,
    Message,
    Reading,
    Receipt,
    Revocation,
    Voucher,
)
from .aside import Aside
from .channels import WAITING
from .codes import EQUIVOCATION
from .finding import Finding
from .judge import Judge
from .memory import BundleMemory, Lane
from .policy import Policy
from .readings import Head, time_of
from .signers import Signers
from .verdict import Verdict


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
        self._count = 0

    @property
    def signers(self) -> Signers:
        """The keys it knows."""
        return self._judge.signers

    def check(self, raw: bytes) -> Verdict:
        """The verdict on the next message, as far as what came before it shows."""
        n, self._count = self._count, self._count + 1
        return self._check(n, raw)

    def run(self, messages: Iterable[bytes]) -> Iterator[Verdict]:
        """A verdict for each message; those that wait for another one come last."""
        aside = Aside()
        try:
            for raw in messages:
                verdict = self.check(raw)
                if verdict.code in WAITING:
                    aside.put(verdict.n, raw)
                else:
                    yield verdict
        except Truncated as error:
            yield self.check_rest(error)
        yield from aside.retry(self._check, lambda verdict: verdict.code in WAITING)

    def check_rest(self, error: Truncated) -> Verdict:
        """The verdict on what follows the last whole message of a bundle that ends badly."""
        n, self._count = self._count, self._count + 1
        return self._judge.refuse(n, Fault("malformed", str(error)))

    def _check(self, n: int, raw: bytes) -> Verdict:
        message = self._judge.parse(n, raw)
        if isinstance(message, Verdict):
            return message
        found = self._judge.judge(message)
        self._keep(message, found)
        return self._judge.verdict(n, message, found)

    def _keep(self, message: Message[Body], found: Finding) -> None:
        body, memory, fault = message.body, self.memory, found.fault
        if isinstance(body, Reading | FactoryRecord) and found.device is not None:
            self._keep_entry(message.digest, body, found)
        if isinstance(body, Voucher) and found.signer is not None:
            terms = memory.channel(body.channel)
            if terms is not None and terms.payer == found.signer:
                memory.keep_voucher(message.digest, body, found.lane)
        if found.terms is not None and (fault is None or fault.code == "expired"):
            memory.keep_channel(found.terms)  # of an expired one the vouchers are refused for that
        if fault is not None and fault.code not in ("gap", EQUIVOCATION, "amount_decreased"):
            return
        memory.keep(message.digest)
        if fault is None:
            self._keep_effect(body, found.signer or b"")

    def _keep_entry(self, digest: bytes, body: Reading | FactoryRecord, found: Finding) -> None:
        """After a gap the log goes on from the newer message, so that one missing message is one fault."""
        if found.fault is not None and found.fault.code != "gap":
            return
        signer = found.signer or b""
        head = self.memory.head(signer)
        if head is None or body.seq > head.seq:
            at = time_of(body)
            self.memory.keep_head(signer, Head(body.seq, digest, head.at if head and at is None else at))

    def _keep_effect(self, body: Body, signer: bytes) -> None:
        memory = self.memory
        match body:
            case ChannelClose():
                memory.keep_close(body, signer)
            case Revocation():
                memory.keep_revocation(body.device, body.revoked_from)
            case Funding():
                terms = memory.channel(body.channel)
                if terms is not None:
                    memory.fund(terms)
            case Receipt() if body.tick is not None:
                self._keep_tick(body, body.tick.number)
            case _:
                pass

    def _keep_tick(self, receipt: Receipt, count: int) -> None:
        """A tick that a receipt reveals raises its lane."""
        voucher = self.memory.voucher(receipt.voucher)
        if voucher is None or voucher.ticks is None:
            return
        worth = voucher.amount + count * voucher.ticks.value
        best = self.memory.lane(receipt.channel, receipt.lane)
        if best is None or worth > best.worth:
            self.memory.keep_voucher(receipt.voucher, voucher, Lane(voucher.seq, worth, receipt.voucher))


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
