"""Certificates: a network's root, what it issues, and the rules of a chain.

Source: firmware/schema/sealwright.cddl. A root is a certificate that its own key signed, with a may-issue
depth. An issuer's depth is at least one more than that of an issuer it certifies, and a device (no depth)
needs an issuer of depth 0 or more. Networks of a chain are equal. The custody that counts is the leaf's:
issuers' keys live on hosts. A root whose model begins with "emulated" is a test root: it certifies machines
that do not exist, and every chain that ends in it is refused unless the caller allows test roots.
"""

import os
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import BadCertificate, BadKeyFile
from . import cbor, cose
from .armour import from_pem, to_pem
from .keys import PublicKey
from .messages import Certificate, Message, sign_message
from .times import utc

__all__ = [
    "MAX_DEPTH",
    "TEST_MODEL",
    "Fault",
    "check_chain",
    "check_root",
    "expired",
    "from_pem",
    "identity_fault",
    "is_test_root",
    "issue",
    "link_fault",
    "load_roots",
    "make_root",
    "network_id",
    "root_fault",
    "to_pem",
]

TEST_MODEL: Final = "emulated"
MAX_DEPTH: Final = 3
CLOCK_SKEW: Final = 300  # seconds that the clock of an issuer may be ahead of the reader's


class Fault(NamedTuple):
    """Why something does not hold: a verdict code and words for people."""

    code: str
    why: str


def network_id(name: str, root: PublicKey) -> bytes:
    """32 bytes: SHA-256 of the CBOR array of the network's name and its root's device id."""
    return sha256(cbor.encode([name, root.device_id])).digest()


def issue(
    issuer: cose.Signer,
    subject: PublicKey,
    *,
    network: bytes,
    custody: int,
    issued_at: int,
    expires: int | None = None,
    model: str | None = None,
    may_issue: int | None = None,
    roles: int | None = None,
    id: bytes | None = None,
) -> Message[Certificate]:
    """Certify `subject`: a device, or with `may_issue` (0..3) an issuer.

    custody: 0 open, 1 sealed, 2 element. network: 32 bytes. issued_at, expires: unix seconds. id: 16 bytes,
    random unless given. Raises Malformed where the schema does not allow a value; whether the issuer may do
    this is for verifiers to say.
    """
    body = Certificate(
        issuer=issuer.public.did,
        subject=subject.did,
        issued_at=issued_at,
        id=os.urandom(16) if id is None else id,
        key=subject,
        ueid=subject.ueid,
        custody=custody,
        network=network,
        expires=expires,
        model=model,
        may_issue=may_issue,
        roles=roles,
    )
    return sign_message(issuer, body)


def make_root(
    key: cose.Signer,
    name: str,
    *,
    issued_at: int,
    may_issue: int = MAX_DEPTH,
    model: str | None = None,
    expires: int | None = None,
    id: bytes | None = None,
) -> Message[Certificate]:
    """The self-signed certificate that founds the network `name`. Units as for `issue`."""
    return issue(
        key,
        key.public,
        network=network_id(name, key.public),
        custody=0,
        issued_at=issued_at,
        expires=expires,
        model=model,
        may_issue=may_issue,
        id=id,
    )


def is_test_root(root: Certificate) -> bool:
    """Whether this root certifies emulated machines."""
    return root.model is not None and root.model.startswith(TEST_MODEL)


def identity_fault(body: Certificate) -> Fault | None:
    """Whether a certificate's names are not those of its key."""
    if body.subject != body.key.did or body.ueid != body.key.ueid:
        return Fault("bad_certificate", "its subject or ueid is not that of the key it certifies")
    return None


def link_fault(body: Certificate, issuer: Certificate, at: int) -> Fault | None:
    """What is wrong with `body` as issued by `issuer`, at unix time `at`; not its signature."""
    fault = identity_fault(body) or _authority_fault(body, issuer)
    if fault is not None:
        return fault
    if expired(body, at):
        return Fault("expired_certificate", f"it expired at {utc(body.expires)}")
    if body.issued_at > at + CLOCK_SKEW:
        return Fault("not_yet_valid", f"it was issued at {utc(body.issued_at)}, after now")
    if body.network != issuer.network:
        return Fault("wrong_network", "it is for another network than its issuer's")
    return None


def _authority_fault(body: Certificate, issuer: Certificate) -> Fault | None:
    if body.issuer != issuer.key.did:
        return Fault("bad_certificate", "it names another issuer than the key that signed it")
    if issuer.may_issue is None:
        return Fault("bad_certificate", "its issuer is certified as a device and may issue nothing")
    if body.may_issue is not None and body.may_issue >= issuer.may_issue:
        return Fault("bad_certificate", "its may-issue depth is not less than its issuer's")
    return None


def expired(body: Certificate, at: int) -> bool:
    """Whether the certificate no longer holds at unix time `at`."""
    return body.expires is not None and at >= body.expires


def root_fault(root: Certificate, at: int, *, allow_test: bool) -> Fault | None:
    """What forbids to rely on a root, at unix time `at`."""
    if is_test_root(root) and not allow_test:
        return Fault("test_root", "the chain ends in a root for emulated machines")
    if expired(root, at):
        return Fault("expired_certificate", f"the root expired at {utc(root.expires)}")
    return None


def check_root(root: Message[Certificate]) -> None:
    """Raise BadCertificate unless this is a self-signed certificate that may issue."""
    body = root.body
    if identity_fault(body) is not None or body.issuer != body.subject:
        raise BadCertificate("not a root: it is not issued by the key it certifies")
    if body.may_issue is None:
        raise BadCertificate("not a root: it may issue nothing")
    if not root.signed_by(body.key):
        raise BadCertificate("not a root: it is not signed by the key it certifies")


def check_chain(
    chain: Sequence[Message[Certificate]],
    roots: Iterable[Message[Certificate]],
    *,
    at: int,
    custody_floor: int = 0,
    allow_test: bool = False,
) -> Certificate:
    """The leaf of a chain (leaf first; the root may end it or be left out) if it holds at unix time `at`.

    Raises BadCertificate, its `code` a verdict code: unknown_signer, test_root, bad_certificate,
    expired_certificate, wrong_network, custody_too_low or bad_signature.
    """
    if not chain:
        raise _bad(Fault("bad_certificate", "an empty chain"))
    trusted = {root.body.key.did: root for root in roots}
    links = list(chain)
    if len(links) > 1 and links[-1].body.subject == links[-1].body.issuer:
        links.pop()  # the root itself: ours counts, not the copy that came along
    root = trusted.get(links[-1].body.issuer)
    if root is None:
        raise _bad(Fault("unknown_signer", "the chain does not end in a root you trust"))
    check_root(root)
    fault = root_fault(root.body, at, allow_test=allow_test)
    if fault is not None:
        raise _bad(fault)
    issuer = root.body
    for link in reversed(links):
        fault = link_fault(link.body, issuer, at)
        if fault is not None:
            raise _bad(fault)
        if not link.signed_by(issuer.key):
            raise _bad(Fault("bad_signature", "a certificate of the chain is not signed by its issuer"))
        issuer = link.body
    if issuer.custody < custody_floor:
        raise _bad(Fault("custody_too_low", f"custody {issuer.custody} where {custody_floor} is demanded"))
    return issuer


def _bad(fault: Fault) -> BadCertificate:
    return BadCertificate(fault.why, code=fault.code)


def load_roots(*paths: str | Path) -> list[Message[Certificate]]:
    """Roots from PEM files. Raises BadKeyFile if one cannot be read, BadCertificate for what is no root."""
    roots = []
    for path in paths:
        try:
            pem = Path(path).read_bytes()
        except OSError as error:
            raise BadKeyFile(f"cannot read {path}: {error.strerror}", remedy="Check the path.") from error
        for root in from_pem(pem):
            check_root(root)
            roots.append(root)
    return roots
