"""The judge of one message: who signed it, and what is wrong with it by the rules of `channels` and `readings`.

It reads what is known from a memory that its caller hands in. It changes nothing but the certificates it knows: a
bundle's verifier and a ledger keep what they accept. No input makes it raise."""

from collections.abc import Iterable
from typing import Final, TypeAlias

from ..errors import Rejected
from ..wire.certificates import CLOCK_SKEW, Fault
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Checkpoint,
    Command,
    Delegation,
    Division,
    Evidence,
    FactoryRecord,
    Firmware,
    Funding,
    Grant,
    Message,
    Offer,
    PeerProof,
    Reading,
    Receipt,
    Refund,
    Revocation,
    Rotation,
    Shift,
    Status,
    Transfer,
    Voucher,
    parse_message,
)
from ..wire.times import utc
from . import authority, channels
from .codes import OK, REMEDIES, first
from .finding import Finding
from .memory import Memory, unlocks
from .owners import judge_owner
from .policy import Policy
from .readings import judge_entry, time_note
from .signer import Signer
from .signers import Signers, signature_fault
from .uncertified import judge_evidence, replay
from .verdict import Verdict

OfDevice: TypeAlias = Reading | ChannelOpen | PeerProof | Status | Offer | Rotation
OfChannel: TypeAlias = Voucher | Receipt | ChannelClose
OfOwner: TypeAlias = Command | Firmware | Delegation | Transfer
OfLedger: TypeAlias = Funding | Refund | Checkpoint | Division | Shift
_NO_ISSUER: Final = "its signer is certified as a device and may issue nothing"


class Judge:
    """Judges messages offline against roots and what is known.

    roots: self-signed certificates, see `certificates.load_roots`; raises BadCertificate for one that is no root.
    memory: what came before. `policy` may be replaced by one that reveals other secrets and ticks.
    """

    def __init__(self, roots: Iterable[Message[Certificate]], policy: Policy, memory: Memory) -> None:
        self.policy, self.memory, self._roots = policy, memory, tuple(roots)
        self.renew()

    def renew(self) -> None:
        """Know the roots alone again, and ask the memory anew: what was judged came to nothing."""
        self.signers = Signers(self._roots, self.policy, self.memory)

    def parse(self, n: int, raw: bytes) -> Message[Body] | Verdict:
        """Message `n` of a bundle, or the verdict on bytes that are none."""
        try:
            return parse_message(raw)
        except Rejected as error:
            return self.refuse(n, Fault(error.code, str(error)))

    def judge(self, message: Message[Body]) -> Finding:
        """What is wrong with a message, and what it does to its lane."""
        body = message.body
        if isinstance(body, Certificate):
            return self._certificate(Message(message.sign1, body))
        if isinstance(body, Voucher | Receipt | ChannelClose):
            return self._of_party(message, body)
        if isinstance(body, Funding | Refund | Checkpoint | Division | Shift):
            return self._of_ledger(message, body)
        if isinstance(body, Grant | FactoryRecord | Revocation):
            return self._of_issuer(message, body)
        return self._of_other(message, body)

    def _of_other(self, message: Message[Body], body: Evidence | OfOwner | OfDevice) -> Finding:
        """A message by a key that needs no certificate, or by a device."""
        match body:
            case Evidence():
                return judge_evidence(message, body, self.memory)
            case Command() | Firmware() | Delegation() | Transfer():
                return judge_owner(message, body, self.policy, self.memory)
            case _:
                return self._of_device(message, body)

    def verdict(self, n: int, message: Message[Body], found: Finding) -> Verdict:
        """The verdict on message `n`, from its finding."""
        if found.fault is not None:
            return self.refuse(n, found.fault, message, found.device, found.mark)
        code, why = (found.note.code, f"{found.note.why}.") if found.note else (OK, "")
        shown = (message.digest, why, found.device, found.signer, message, found.mark)
        return Verdict(n, message.type, True, code, *shown)

    @staticmethod
    def refuse(
        n: int, fault: Fault, message: Message[Body] | None = None, device: bytes | None = None, mark: str = ""
    ) -> Verdict:
        """The verdict for a fault."""
        why = f"{fault.why}. {REMEDIES[fault.code]}"
        if message is None:
            return Verdict(n, None, False, fault.code, why=why)
        return Verdict(n, message.type, False, fault.code, message.digest, why, device, None, message, mark)

    def circumstances(self) -> channels.Circumstances:
        """What the policy says that rules of channels read."""
        return channels.Circumstances(self.policy.now(), unlocks(self.policy.secrets), self.policy.ticks)

    def _certificate(self, message: Message[Certificate]) -> Finding:
        fault = self.signers.certify(message)
        issuer = self.signers.find(message)
        signer = issuer.id if isinstance(issuer, Signer) and fault is None else None
        return Finding(fault, message.body.key.device_id, signer)

    def _of_issuer(self, message: Message[Body], body: Grant | FactoryRecord | Revocation) -> Finding:
        device = body.key.device_id if isinstance(body, FactoryRecord) else body.device
        signer = self.signers.find(message)
        if isinstance(signer, Fault):
            return Finding(signer, device)
        fault = first(
            self.signers.fault(signer, issuing=True),
            None if signer.certificate.may_issue is not None else Fault("bad_certificate", _NO_ISSUER),
        )
        fault = fault or replay(message, self.memory) or self._issued(message, body, signer)
        return Finding(fault, device, signer.id if signer.verified else None)

    def _issued(self, message: Message[Body], body: Grant | FactoryRecord | Revocation, signer: Signer) -> Fault | None:
        match body:
            case Grant():
                return authority.grant_fault(body, signer, self.signers, self._roots, self.policy)
            case Revocation():
                return authority.revocation_fault(body, signer, self.signers, self.policy.now())
            case _:
                if body.ueid != body.key.ueid:
                    return Fault("bad_certificate", "its ueid is not that of its key")
                return self._log_fault(message, body, signer.id)

    def _of_party(self, message: Message[Body], body: OfChannel) -> Finding:
        """A message of a channel: once a ledger has funded the channel, only the party's key matters."""
        terms = self.memory.channel(body.channel)
        signer = authority.funded_party(message, terms, self.signers) or self.signers.find(message)
        if isinstance(signer, Fault):
            return Finding(signer)
        standing = None if terms is not None and terms.funded else self.signers.fault(signer)
        fault = first(standing, signature_fault(signer)) or authority.device_fault(signer)
        party = signer.id
        if fault is not None:
            return Finding(fault, party if signer.verified else None)
        again, old = replay(message, self.memory), self.signers.lines.superseded(party, signer.generation) is not None
        if isinstance(body, ChannelClose) and not old and again and self.memory.close(body.channel, party) is None:
            again = None  # an earlier key of the party signed the same before, which does less
        if again is not None and not isinstance(body, Voucher):
            return Finding(again, party, party)
        found = self._of_channel(message, body, party, old)
        if again is not None and found.lane is None:
            return Finding(again, party, party)
        return found._replace(device=party, signer=party)

    def _of_channel(self, message: Message[Body], body: OfChannel, party: bytes, old: bool) -> Finding:
        if isinstance(body, Receipt):
            return Finding(channels.judge_receipt(body, party, self.memory))
        if isinstance(body, ChannelClose):
            return channels.judge_close(body, party, self.memory, self.policy.now(), by_earlier_key=old)
        return channels.judge_voucher(body, message.digest, party, self.memory, self.circumstances())

    def _of_ledger(self, message: Message[Body], body: OfLedger) -> Finding:
        signer = self.signers.find(message)
        if isinstance(signer, Fault):
            return Finding(signer)
        fault = first(
            self.signers.fault(signer, issuing=True),
            None if signer.is_ledger else Fault("not_a_ledger", "its signer is not certified as a ledger"),
        )
        if fault is not None:
            return Finding(fault)
        fault = authority.ledger_fault(body, signer.id, self.memory)
        return Finding(fault or replay(message, self.memory), None, signer.id)

    def _of_device(self, message: Message[Body], body: OfDevice) -> Finding:
        signer = self.signers.find(message)
        known = self.signers.lines.of(body.device) if isinstance(body, Rotation) else ()
        unsigned = isinstance(signer, Signer) and not signer.verified
        if isinstance(body, Rotation) and unsigned and body.generation > len(known) + 1:
            return Finding(Fault("unknown_signer", "the rotation before it is not known yet"))
        return self.by_device(message, body, signer)

    def by_device(self, message: Message[Body], body: OfDevice, signer: Signer | Fault) -> Finding:
        """What is wrong with a message of a device whose signer is known. signer.verified: the message is its, by a
        signature or by a chain."""
        if isinstance(signer, Fault):
            return Finding(signer)
        claimed = body.network if isinstance(body, ChannelOpen) else signer.certificate.network
        fault = first(
            self.signers.fault(signer),
            authority.network_fault(claimed, signer.certificate.network),
            authority.device_fault(signer) if signer.verified else None,
            self._revoked(body, signer.id) if signer.verified else None,
            authority.turn_fault(message, body, signer, self.signers.lines) if signer.verified else None,
        )
        if fault is not None:
            return Finding(fault, signer.id if signer.verified else None)
        again = None if isinstance(body, Rotation) else replay(message, self.memory)  # every bundle shows them
        if again is not None:
            return Finding(again, signer.id, signer.id)
        if isinstance(body, Rotation):
            rotation = Message(message.sign1, body)
            return Finding(authority.turn(rotation, signer, self.signers, self.policy.now()), signer.id, signer.id)
        return self._stated(message, body, signer.id)._replace(device=signer.id, signer=signer.id)

    def _revoked(self, body: OfDevice, device: bytes) -> Fault | None:
        start = self.memory.revoked_from(device)
        at = body.sampled_at if isinstance(body, Reading) else self.policy.now()
        if start is None or at < start:
            return None
        return Fault("revoked", f"its device is revoked from {utc(start)} on")

    def _stated(self, message: Message[Body], body: OfDevice, signer: bytes) -> Finding:
        match body:
            case Reading():
                mark, note = time_note(body, self.memory.head(signer), self.policy.now() + CLOCK_SKEW)
                fault = self._log_fault(message, body, signer)
                return Finding(fault, note=Fault(OK, note) if note else None, mark=mark)
            case ChannelOpen():
                terms = channels.terms_of(body, message.digest, least_window=self.policy.least_window)
                return Finding(channels.judge_open(body, terms, signer, self.policy.now()), terms=terms)
            case _:
                why = "it speaks for another device than the one that signed it"
                speaker = body.seller if isinstance(body, Offer) else body.device
                return Finding(None if signer == speaker else Fault("not_a_party", why))

    def _log_fault(self, message: Message[Body], body: Reading | FactoryRecord, signer: bytes) -> Fault | None:
        return judge_entry(body, message.digest, self.memory.head(signer))
