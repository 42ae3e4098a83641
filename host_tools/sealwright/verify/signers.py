"""Who may sign: the roots, and every certificate under them.

A kid is a hint: several certified keys may share one, so each is tried. A certificate that does not hold for a lasting
reason is remembered with that reason, so that its messages are refused for it rather than as a stranger's.
"""

from collections.abc import Iterable
from typing import Final

from ..wire.certificates import Fault, check_root, is_test_root, link_fault
from ..wire.keys import PublicKey
from ..wire.labels import ELEMENT
from ..wire.messages import Body, Certificate, ChannelOpen, Message, Rotation, parse_message
from ..wire.times import utc
from .codes import first
from .lines import Lines, Turn
from .memory import Memory
from .policy import Policy
from .signer import Known, Signer

_LASTING: Final = frozenset({"test_root", "bad_certificate", "expired_certificate", "wrong_network"})


class Signers:
    """Roots and certificates. memory: certificates accepted earlier. Raises BadCertificate for a root that is none."""

    def __init__(self, roots: Iterable[Message[Certificate]], policy: Policy, memory: Memory) -> None:
        self._policy, self._memory = policy, memory
        self.version = 0  # rises with every change of what is known
        self._known: dict[bytes, list[Known]] = {}
        self._recalled: set[bytes] = set()
        self._roots: set[bytes] = set()
        self.lines = Lines()
        for root in roots:
            check_root(root)
            self._roots.add(root.digest)
            self._accept(Known(root.body, root.body.expires, is_root=True))

    def forget(self) -> None:
        """Ask the memory again for certificates: another process has added to it."""
        self.version += 1
        self._recalled.clear()

    def recall(self, kid: bytes) -> None:
        """Take from the memory what certifies this key hint, what certifies its issuers, and the rotations from or to
        it."""
        if kid in self._recalled:
            return
        self._recalled.add(kid)
        for raw in self._memory.certificates(kid):
            message = parse_message(raw)
            self.recall(message.kid)
            if isinstance(message.body, Rotation):
                self.lines.add(Message(message.sign1, message.body))
            elif isinstance(message.body, Certificate):
                self.certify(Message(message.sign1, message.body))

    def _accept(self, new: Known) -> None:
        self.version += 1
        same_kid = self._known.setdefault(new.certificate.key.kid, [])
        for at, old in enumerate(same_kid):
            if _same_subject(old.certificate, new.certificate):
                if (old.fault is not None and new.fault is None) or (
                    new.fault is None and not old.is_root and _renews(new, old)
                ):
                    same_kid[at] = new
                return
        same_kid.append(new)

    def only(self, kid: bytes) -> Known | None:
        """What certifies the one key that has this hint; None where several have it, or none."""
        self.recall(kid)
        candidates = self._known.get(kid, ())
        return candidates[0] if len(candidates) == 1 else None

    def find(self, message: Message[Body]) -> Signer | Fault:
        """The key that signed, or the likeliest one unverified; a Fault where no known key has this kid."""
        self.recall(message.kid)
        candidates = self._candidates(message.kid)
        opens = message.body if message.type == ChannelOpen.NAME else None  # the body of a reading may be unread yet
        network = opens.network if isinstance(opens, ChannelOpen) else None
        signers = [signer for signer in (self._signer(known, message) for known in candidates) if signer is not None]
        if signers:  # a key certified in two networks signs in the one that its message names, or where it holds
            signers.sort(key=lambda one: (one.certificate.network != network, self.standing(one.known) is not None))
            return signers[0]
        if candidates:
            return Signer(candidates[0], False)
        return Fault("unknown_signer", "no accepted certificate has this key")

    def _candidates(self, kid: bytes) -> list[Known]:
        """Whose messages may have this hint: that of a device's first key, as devices do it, or that of a later one."""
        found, device = self._known.get(kid, []), self.lines.device_of(kid)
        return found if device is None else [*found, *self._certificates_of(device)]

    def _certificates_of(self, device: bytes) -> list[Known]:
        return [known for known in self._known.get(device[:8], []) if known.certificate.key.device_id == device]

    def _signer(self, known: Known, message: Message[Body]) -> Signer | None:
        """The key of this device that signed, the newest first; None where none did."""
        for turn in reversed(self.lines.of(known.certificate.key.device_id)):
            if message.signed_by(turn.key):
                return Signer(known, True, turn)
        return Signer(known, True) if message.signed_by(known.certificate.key) else None

    def fault(self, signer: Signer, *, issuing: bool = False) -> Fault | None:
        """The first thing against a signature by `signer`; the custody of issuers does not matter."""
        return first(
            self.standing(signer.known),
            None if issuing else self._custody(signer.certificate, signer.turn),
            signature_fault(signer),
        )

    def standing(self, known: Known) -> Fault | None:
        """Why the certificate does not hold now."""
        certificate, policy = known.certificate, self._policy
        if known.fault is not None:
            return Fault(known.fault.code, f"its signer's certificate was refused: {known.fault.why}")
        if known.is_root and is_test_root(certificate) and not policy.allow_test:
            return Fault("test_root", "its chain ends in a root for emulated machines")
        if known.ends is not None and policy.now() >= known.ends:
            return Fault("expired_certificate", f"a certificate of its signer's chain expired at {utc(known.ends)}")
        if policy.network is not None and certificate.network != policy.network:
            return Fault("wrong_network", "its signer is certified for another network")
        return None

    def _custody(self, certificate: Certificate, turn: Turn | None = None) -> Fault | None:
        floor = self._policy.custody_floor
        if turn is not None and certificate.custody == ELEMENT and floor:
            # a chip signs in whatever key its board asks for
            return Fault("custody_too_low", "its key was rotated, and nothing proves that a chip keeps the new one")
        if certificate.custody < floor:
            return Fault("custody_too_low", f"the key has custody {certificate.custody}, you demand {floor}")
        return None

    def certify(self, message: Message[Certificate]) -> Fault | None:
        """Accept a certificate into the known ones, or return what is wrong with it."""
        body = message.body
        issuer = self.find(message)
        if isinstance(issuer, Fault):
            return issuer
        self.recall(body.key.kid)  # an older certificate of the same key has to be known first
        above: tuple[bytes, ...] = ()
        if message.digest in self._roots:
            fault = self.fault(issuer, issuing=True)
        else:
            above = (issuer.id, *issuer.known.above)
            fault = first(
                self.fault(issuer, issuing=True),
                link_fault(body, issuer.certificate, self._policy.now()),
                self._rival(body, above),
                self._custody(body) if body.may_issue is None and not body.roles else None,
            )
        ends = min((end for end in (body.expires, issuer.known.ends) if end is not None), default=None)
        # a device whose custody is too low is known all the same: its messages are refused for that
        if fault is None or (fault.code == "custody_too_low" and issuer.verified):
            self._accept(Known(body, ends, above))
        elif fault.code in _LASTING:
            self._accept(Known(body, ends, above, fault=fault))
        return fault

    def _rival(self, body: Certificate, above: tuple[bytes, ...]) -> Fault | None:
        """Only its issuer, or one above that, renews a certificate: else any issuer could void another's devices."""
        for old in self._known.get(body.key.kid, []):
            if (
                _same_subject(old.certificate, body)
                and old.fault is None
                and not old.is_root
                and above[0] not in old.above
            ):
                return Fault(
                    "bad_certificate", "another issuer certified this key, and only that one or one above renews it"
                )
        return None

    def known(self, key: PublicKey) -> Known | None:
        """What certifies `key`, whether it holds or not."""
        return self.known_device(key.device_id)

    def known_device(self, device: bytes) -> Known | None:
        """What certifies the key with this device id (32 bytes), whether it holds or not."""
        self.recall(device[:8])
        held = self._known.get(device[:8], [])
        return next((known for known in held if known.certificate.key.device_id == device), None)

    def is_test(self, device: bytes) -> bool:
        """Whether what certifies the device (id, 32 bytes) leads to a root for emulated machines."""
        held = [one for one in self._known.get(device[:8], []) if one.certificate.key.device_id == device]
        known = next((one for one in held if one.fault is None), None)
        root = known if known is None or not known.above else self.known_device(known.above[-1])
        return root is not None and is_test_root(root.certificate)

    def keys(self, kid: bytes) -> list[PublicKey]:
        """The keys that are known by now for this hint, whether what certifies them holds or not."""
        return [known.certificate.key for known in self._known.get(kid, ())]

    def party(self, message: Message[Body], device: bytes) -> bool:
        """Whether the key whose device id is `device` signed, as far as any certificate shows that key.

        A device id is its key's thumbprint: which certificate shows the key, and whether that still holds, is the same.
        """
        return self.signer_for(message, device) is not None

    def signer_for(self, message: Message[Body], device: bytes) -> Signer | None:
        """The key that signed, if it is one of this device's; see `party`."""
        self.recall(message.kid)
        known = (one for one in self._candidates(message.kid) if one.certificate.key.device_id == device)
        return next((signer for signer in (self._signer(one, message) for one in known) if signer is not None), None)


def signature_fault(signer: Signer) -> Fault | None:
    """The fault of a signature that is not the signer's."""
    return None if signer.verified else Fault("bad_signature", "its signature is not its signer's")


def _same_subject(one: Certificate, other: Certificate) -> bool:
    return one.key == other.key and one.network == other.network


def _renews(new: Known, old: Known) -> bool:
    """A newer certificate by the same issuer counts, and any by an issuer above that one: in whatever order they come,
    no issuer displaces what one above it said."""
    if not new.above or new.above[0] not in old.above:
        return False
    return new.above[0] != old.above[0] or new.certificate.issued_at > old.certificate.issued_at
