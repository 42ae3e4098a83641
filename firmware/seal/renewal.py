"""What changes a device's standing: a renewed chain, and revocations. Loaded when one comes, to spare heap.

A renewal is a grant that answers the last status: a new chain for the same key, first owner and network, signed by an
issuer of the chain before it. A revocation is honoured where its signer stands above the certificate in the peer's
chain. The device keeps the newest MAX_REVOKED revocations.
"""

from . import identity, labels, messages
from .compat import const
from .errors import BadCertificate, NotAParty, Refused
from .records import IDENTITY_CHAIN, IDENTITY_LEDGER, IDENTITY_OWNER, IDENTITY_RECORD, REVOKED_RECORD
from .standing import public_in, subject_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Claims

MAX_REVOKED = const(32)


def renew(device: "Device", raw: bytes) -> None:
    """Check and store a renewed chain. Raises Refused, Replay, Expired, BadCertificate, BadSignature,
    WrongNetwork, NotYetValid, and then changes nothing."""
    message = messages.parse(raw, labels.GRANT)
    claims = message.payload
    status = claims[labels.NONCE]
    if claims[labels.GRANT_DEVICE] != device.device_id or not device.standing.answers(status):
        raise Refused("the device is provisioned, and this does not answer its last status")
    device.standing.check_last(status)
    # grants name the first owner for ever, and transfers count from there: no grant brings a former owner back
    first_owner = device.journal.get(IDENTITY_RECORD)[IDENTITY_OWNER]
    if identity.public_of(claims[labels.GRANT_OWNER]) != first_owner or labels.GRANT_POLICY in claims:
        raise Refused("a renewal leaves owner and policy as they are")
    message.verify(_check_renewed(device, claims))
    _commit(device, claims)


def _check_renewed(device: "Device", claims: "Claims") -> bytes:
    """The public key of the issuer of a renewed chain."""
    chain, now = claims[labels.GRANT_CHAIN], device.now() or claims[labels.GRANT_TIME]
    leaf = identity.check_chain(chain, device.root, device.network, now)
    if leaf.device_id != device.device_id or leaf.may_issue is not None or leaf.is_ledger or len(chain) < 2:
        raise BadCertificate("the first certificate is not for this device")
    issuer = identity.check_chain(chain[1:], device.root, device.network, now)
    if issuer.device_id not in [subject_in(raw) for raw in device.chain[1:]]:
        raise BadCertificate("renewed by none of the issuers above this device")
    if labels.GRANT_LEDGER in claims:
        ledger = identity.check_chain(claims[labels.GRANT_LEDGER], device.root, device.network, now)
        if not ledger.is_ledger or (device.ledger is not None and ledger.device_id != device.ledger):
            raise BadCertificate("a renewal names the device's own ledger")
    return issuer.public


def _commit(device: "Device", claims: "Claims") -> None:
    record = dict(device.journal.get(IDENTITY_RECORD))
    record[IDENTITY_CHAIN] = claims[labels.GRANT_CHAIN]
    if labels.GRANT_LEDGER in claims:
        record[IDENTITY_LEDGER] = claims[labels.GRANT_LEDGER]
    device.journal.put(IDENTITY_RECORD, record)
    device.standing.forget()
    device.load_identity()


def revoke(device: "Device", raw: bytes) -> None:
    """Check and keep a revocation by an issuer of this device's own chain; one that is kept already changes
    nothing. Raises NotAParty for another signer, BadSignature."""
    message = messages.parse(raw, labels.REVOCATION)
    claims = message.payload
    for certificate in device.chain[1:]:
        public = public_in(certificate)
        issuer = identity.device_id(public)
        if identity.kid(issuer) == message.header[labels.KID]:
            message.verify(public)
            break
    else:
        raise NotAParty("the signer of this revocation is no issuer of this device's chain")
    kept = device.journal.get(REVOKED_RECORD, [])
    entry = [claims[labels.IAT], claims[labels.REVOKED_DEVICE], issuer]
    if entry not in kept:
        device.journal.put(REVOKED_RECORD, sorted(kept + [entry])[-MAX_REVOKED:])
