"""Who may sign: the roots, and every certificate that holds under them.

A kid is a hint: several certified keys may share one, so each is tried. A certificate that was refused for a
lasting reason is remembered by its kid, and its messages are refused for that reason rather than as a
stranger's.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..wire.certificates import Fault, check_root, is_test_root, link_fault
from ..wire.messages import Body, Certificate, Message
from .policy import Policy
from .verdict import first

_LASTING: Final = ("test_root", "bad_certificate", "expired_certificate", "wrong_network")


class Known(NamedTuple):
    """A certificate that holds; `ends` is when the first of its chain expires, None for never."""

    certificate: Certificate
    ends: int | None
    is_root: bool = False


class Signer(NamedTuple):
    """A certified key, and whether the signature at hand is its."""

    known: Known
    verified: bool

    @property
    def certificate(self) -> Certificate:
        """What certifies the key."""
        return self.known.certificate

    @property
    def id(self) -> bytes:
        """32 bytes: the device id of the key."""
        return self.certificate.key.device_id


class Signers:
    """Roots and accepted certificates. Raises BadCertificate for a root that is none."""

    def __init__(self, roots: Iterable[Message[Certificate]], policy: Policy) -> None:
        self._policy = policy
        self._known: dict[bytes, list[Known]] = {}
        self._refused: dict[bytes, Fault] = {}
        self._roots: set[bytes] = set()
        for root in roots:
            check_root(root)
            self._roots.add(root.digest)
            self._accept(Known(root.body, root.body.expires, is_root=True))

    def _accept(self, new: Known) -> None:
        same_kid = self._known.setdefault(new.certificate.key.kid, [])
        for at, old in enumerate(same_kid):
            if old.certificate.key == new.certificate.key:
                # a renewal counts, an older one again does not, and a root needs no other's word
                if new.certificate.issued_at > old.certificate.issued_at and not old.is_root:
                    same_kid[at] = new
                return
        same_kid.append(new)

    def find(self, message: Message[Body]) -> Signer | Fault:
        """The key that signed, or the likeliest one unverified; a Fault where nobody known has this kid."""
        candidates = self._known.get(message.kid, [])
        for known in candidates:
            if message.signed_by(known.certificate.key):
                return Signer(known, True)
        if candidates:
            return Signer(candidates[0], False)
        refused = self._refused.get(message.kid)
        if refused is not None:
            return Fault(refused.code, f"its signer's certificate was refused: {refused.why}")
        return Fault("unknown_signer", "no accepted certificate has this key")

    def fault(self, signer: Signer, *, issuing: bool = False) -> Fault | None:
        """The first thing against a signature by `signer`; the custody of issuers does not matter."""
        return first(
            self._standing(signer.known),
            None if issuing else self._custody(signer.certificate),
            None if signer.verified else Fault("bad_signature", "its signature is not its signer's"),
        )

    def _standing(self, known: Known) -> Fault | None:
        certificate, policy = known.certificate, self._policy
        if known.is_root and is_test_root(certificate) and not policy.allow_test:
            return Fault("test_root", "its chain ends in a root for emulated machines")
        if known.ends is not None and policy.now() >= known.ends:
            return Fault("expired_certificate", f"a certificate of its signer's chain expired at {known.ends}")
        if policy.network is not None and certificate.network != policy.network:
            return Fault("wrong_network", "its signer is certified for another network")
        return None

    def _custody(self, certificate: Certificate) -> Fault | None:
        floor = self._policy.custody_floor
        if certificate.custody < floor:
            return Fault("custody_too_low", f"the key has custody {certificate.custody}, you demand {floor}")
        return None

    def certify(self, message: Message[Certificate]) -> Fault | None:
        """Accept a certificate into the known ones, or say what is wrong with it."""
        body = message.body
        issuer = self.find(message)
        if isinstance(issuer, Fault):
            fault: Fault | None = issuer
        elif message.digest in self._roots:
            fault = self.fault(issuer, issuing=True)
        else:
            fault = first(
                self.fault(issuer, issuing=True),
                link_fault(body, issuer.certificate, self._policy.now()),
                self._custody(body) if body.may_issue is None else None,
            )
            # a device whose custody is too low is known all the same: its messages are refused for that
            if fault is None or (fault.code == "custody_too_low" and issuer.verified):
                ends = [end for end in (body.expires, issuer.known.ends) if end is not None]
                self._accept(Known(body, min(ends, default=None)))
        if fault is not None and fault.code in _LASTING:
            self._refused.setdefault(body.key.kid, fault)
        return fault
