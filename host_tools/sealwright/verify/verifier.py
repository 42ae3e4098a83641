"""The verifier: takes messages in order and gives a verdict on each. No input makes it raise."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from ..errors import BadCertificate, Rejected, Truncated
from ..wire.bundle import Source, read_bundle
from ..wire.certificates import Fault, check_chain
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Command,
    Evidence,
    FactoryRecord,
    Firmware,
    Grant,
    Message,
    PeerProof,
    Reading,
    Receipt,
    Voucher,
    parse_message,
)
from .channels import Channels
from .policy import Policy
from .readings import Logs
from .signers import Signer, Signers
from .verdict import OK, REMEDIES, Verdict, first

_OfDevice: TypeAlias = Reading | ChannelOpen | Voucher | Receipt | ChannelClose | PeerProof
_NO_ISSUER: Final = "its signer is certified as a device and may issue nothing"


class _Finding(NamedTuple):
    fault: Fault | None
    device: bytes | None = None
    signer: bytes | None = None
    note: str = ""


class Verifier:
    """Checks messages offline against roots, in order; what came before decides what comes after.

    roots: self-signed certificates, see `certificates.load_roots`; raises BadCertificate for one that is no
    root.
    """

    def __init__(self, roots: Iterable[Message[Certificate]], policy: Policy | None = None) -> None:
        self.policy = Policy() if policy is None else policy
        self._roots = tuple(roots)
        self._signers = Signers(self._roots, self.policy)
        self._logs = Logs()
        self._factories = Logs("record")
        self._channels = Channels(self.policy)
        self._seen: set[bytes] = set()
        self._count = 0

    def check(self, raw: bytes) -> Verdict:
        """The verdict on the next message, whatever the bytes are."""
        n, self._count = self._count, self._count + 1
        try:
            message = parse_message(raw)
        except Rejected as error:
            return self._refuse(n, Fault(error.code, str(error)))
        finding = self._find(message)
        if finding.fault is not None:
            return self._refuse(n, finding.fault, message, finding.device)
        return Verdict(n, message.type, True, OK, message.digest, finding.note, finding.device, finding.signer, message)

    def check_rest(self, error: Truncated) -> Verdict:
        """The verdict on what follows the last whole message of a bundle that ends badly."""
        n, self._count = self._count, self._count + 1
        return self._refuse(n, Fault("malformed", str(error)))

    @staticmethod
    def _refuse(n: int, fault: Fault, message: Message[Body] | None = None, device: bytes | None = None) -> Verdict:
        why = f"{fault.why}. {REMEDIES[fault.code]}"
        if message is None:
            return Verdict(n, None, False, fault.code, why=why)
        return Verdict(n, message.type, False, fault.code, message.digest, why, device, message=message)

    def _find(self, message: Message[Body]) -> _Finding:
        match message.body:
            case Certificate() as body:
                return self._certificate(Message(message.sign1, body))
            case Evidence() as body:
                return self._evidence(message, body)
            case Command() | Firmware() as body:
                return self._of_owner(message, body.device if isinstance(body, Command) else None)
            case Grant() as body:
                return self._grant(message, body)
            case FactoryRecord() as body:
                return self._factory_record(message, body)
            case body:
                return self._of_device(message, body)

    def _certificate(self, message: Message[Certificate]) -> _Finding:
        fault = self._signers.certify(message)
        issuer = self._signers.find(message)
        signer = issuer.id if isinstance(issuer, Signer) and fault is None else None
        return _Finding(fault, message.body.key.device_id, signer)

    def _evidence(self, message: Message[Body], body: Evidence) -> _Finding:
        device = body.key.device_id
        fault = first(
            Fault("bad_certificate", "its ueid is not that of its key") if body.ueid != body.key.ueid else None,
            None if message.signed_by(body.key) else Fault("bad_signature", "its own key did not sign it"),
        )
        note = "It proves that the device has this key, and nothing about which device it is."
        return _Finding(fault or self._once(message), device, device, "" if fault else note)

    def _of_owner(self, message: Message[Body], device: bytes | None = None) -> _Finding:
        owners = [owner for owner in self.policy.owners if owner.kid == message.kid]
        signer = next((owner for owner in owners if message.signed_by(owner)), None)
        if not owners:
            return _Finding(Fault("unknown_signer", "no owner given has this key"), device)
        if signer is None:
            return _Finding(Fault("bad_signature", "its owner's key did not sign it"), device)
        return _Finding(self._once(message), device, signer.device_id)

    def _grant(self, message: Message[Body], body: Grant) -> _Finding:
        signer = self._signers.find(message)
        if isinstance(signer, Fault):
            return _Finding(signer, body.device)
        fault = first(
            self._signers.fault(signer, issuing=True),
            self._chain_fault(body, signer),
        )
        return _Finding(fault or self._once(message), body.device, signer.id)

    def _factory_record(self, message: Message[Body], body: FactoryRecord) -> _Finding:
        signer, device = self._signers.find(message), body.key.device_id
        if isinstance(signer, Fault):
            return _Finding(signer, device)
        fault = first(
            self._signers.fault(signer, issuing=True),
            Fault("bad_certificate", "its ueid is not that of its key") if body.ueid != body.key.ueid else None,
            None if signer.certificate.may_issue is not None else Fault("bad_certificate", _NO_ISSUER),
        )
        fault = fault or self._once(message) or self._factories.check(body, message.digest, signer.id)
        return _Finding(fault, device, None if fault else signer.id)

    def _chain_fault(self, body: Grant, signer: Signer) -> Fault | None:
        if signer.certificate.may_issue is None:
            return Fault("bad_certificate", _NO_ISSUER)
        try:
            leaf = check_chain(body.chain, self._roots, at=self.policy.now(), allow_test=self.policy.allow_test)
        except BadCertificate as error:
            return Fault(error.code, f"its chain: {error}")
        if leaf.key.device_id != body.device:
            return Fault("bad_certificate", "its chain certifies another device than it grants to")
        return _network_fault(body.network, leaf.network)

    def _of_device(self, message: Message[Body], body: _OfDevice) -> _Finding:
        signer = self._signers.find(message)
        if isinstance(signer, Fault):
            return _Finding(signer)
        claimed = body.network if isinstance(body, ChannelOpen) else signer.certificate.network
        fault = first(self._signers.fault(signer), _network_fault(claimed, signer.certificate.network))
        if fault is not None:
            return _Finding(fault, signer.id if signer.verified else None)
        fault = self._replay(message) or self._state_fault(message.digest, body, signer.id)
        if fault is None or fault.code == "gap":  # a voucher refused before its channel came may come again
            self._seen.add(message.digest)
        return _Finding(fault, signer.id, signer.id)

    def _state_fault(self, digest: bytes, body: _OfDevice, signer: bytes) -> Fault | None:
        if isinstance(body, Reading):
            return self._logs.check(body, digest, signer)
        if isinstance(body, PeerProof):
            why = "it speaks for another device than the one that signed it"
            return None if signer == body.device else Fault("not_a_party", why)
        return self._channels.check(body, digest, signer)

    def _replay(self, message: Message[Body]) -> Fault | None:
        """Certificates may come again; everything else counts once."""
        if message.digest in self._seen:
            return Fault("replay", "the same message came before")
        return None

    def _once(self, message: Message[Body]) -> Fault | None:
        """The fault of having come before; remembers the message, whose signature must hold."""
        fault = self._replay(message)
        self._seen.add(message.digest)
        return fault


def _network_fault(claimed: bytes, certified: bytes) -> Fault | None:
    if claimed != certified:
        return Fault("wrong_network", "it names another network than its signer is certified for")
    return None


def verify_bundle(
    source: Source, roots: Iterable[Message[Certificate]], policy: Policy | None = None
) -> Iterator[Verdict]:
    """A verdict for each message of a bundle, as it is read; what cannot be read at its end is `malformed`.

    Raises Usage where the bundle cannot be opened, and BadCertificate for a root that is none.
    """
    verifier = Verifier(roots, policy)
    try:
        for raw in read_bundle(source):
            yield verifier.check(raw)
    except Truncated as error:
        yield verifier.check_rest(error)
