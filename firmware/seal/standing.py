"""How a device and its peers stand: its signed status, a renewed chain, revocations.

A status answers a host's nonce: it proves which device answers, and its last command. A command or a renewal may name
the device's last status by digest, so that nobody can keep it for later.

A renewal is a grant that answers the last status: a new chain for the same key, owner and network, signed by an issuer
of the chain before it. A revocation is honoured where its signer stands above the certificate in the peer's chain. The
device keeps the newest MAX_REVOKED revocations.
"""

from . import __version__, identity, labels, messages
from .compat import const
from .errors import BadCertificate, Expired, NotAParty, Refused, Replay, Revoked
from .records import IDENTITY_CHAIN, IDENTITY_LEDGER, IDENTITY_RECORD, OWNER_SEQ, REVOKED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Claims

STATUS_SECONDS = const(600)  # how long a status may be named
MAX_REVOKED = const(32)


class Standing:
    """The status that a device showed last, and the revocations that it keeps."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._last: "tuple[bytes, int] | None" = None  # digest, the clock's seconds

    def status(self, nonce: bytes) -> bytes:
        """The signed status (bytes) of a provisioned device over `nonce` (32 bytes)."""
        device = self._device
        clock, log = device.board.clock, device.log
        now = clock.now()
        claims = {
            labels.STATUS_DEVICE: device.device_id,
            labels.NONCE: nonce,
            labels.STATUS_COMMAND: device.owner_record()[OWNER_SEQ],
            labels.STATUS_SEQ: log.seq,
            labels.STATUS_READING: log.prev,
            labels.IAT: now,
            labels.CLOCK_QUALITY: clock.quality,
            labels.FIRMWARE: __version__,
        }
        raw, digest = device.signer.sign(labels.STATUS, claims)
        self._last = (digest, now)
        return raw

    def check_last(self, digest: bytes) -> None:
        """Raise Replay unless `digest` is that of the last status, and Expired if that is over STATUS_SECONDS old."""
        if self._last is None or digest != self._last[0]:
            raise Replay("this does not answer the device's last status")
        if not 0 <= self._device.board.clock.now() - self._last[1] <= STATUS_SECONDS:
            raise Expired("the status is over %d seconds old" % STATUS_SECONDS)

    def renew(self, raw: bytes) -> None:
        """Check and store a renewed chain. Raises Refused, Replay, Expired, BadCertificate, BadSignature,
        WrongNetwork, NotYetValid, and then changes nothing."""
        device = self._device
        message = messages.parse(raw, labels.GRANT)
        claims = message.payload
        if claims[labels.GRANT_DEVICE] != device.device_id or self._last is None:
            raise Refused("the device is provisioned, and no status of it is answered")
        if claims[labels.NONCE] != self._last[0]:
            raise Refused("the device is provisioned, and this does not answer its last status")
        self.check_last(claims[labels.NONCE])
        if identity.public_of(claims[labels.GRANT_OWNER]) != device.owner_key or labels.GRANT_POLICY in claims:
            raise Refused("a renewal leaves owner and policy as they are")
        message.verify(self._check_renewed(claims))
        self._commit(claims)

    def _check_renewed(self, claims: "Claims") -> bytes:
        """The public key of the issuer of a renewed chain."""
        device = self._device
        chain, now = claims[labels.GRANT_CHAIN], device.now() or claims[labels.GRANT_TIME]
        leaf = identity.check_chain(chain, device.root, device.network, now)
        if leaf.device_id != device.device_id or leaf.may_issue is not None or leaf.is_ledger or len(chain) < 2:
            raise BadCertificate("the first certificate is not for this device")
        issuer = identity.check_chain(chain[1:], device.root, device.network, now)
        if issuer.device_id not in [_subject(raw) for raw in device.chain[1:]]:
            raise BadCertificate("renewed by none of the issuers above this device")
        if labels.GRANT_LEDGER in claims:
            ledger = identity.check_chain(claims[labels.GRANT_LEDGER], device.root, device.network, now)
            if not ledger.is_ledger or (device.ledger is not None and ledger.device_id != device.ledger):
                raise BadCertificate("a renewal names the device's own ledger")
        return issuer.public

    def _commit(self, claims: "Claims") -> None:
        device = self._device
        record = dict(device.journal.get(IDENTITY_RECORD))
        record[IDENTITY_CHAIN] = claims[labels.GRANT_CHAIN]
        if labels.GRANT_LEDGER in claims:
            record[IDENTITY_LEDGER] = claims[labels.GRANT_LEDGER]
        device.journal.put(IDENTITY_RECORD, record)
        self._last = None
        device.load_identity()

    def revoke(self, raw: bytes) -> None:
        """Check and keep a revocation by an issuer of this device's own chain; one that is kept already changes
        nothing. Raises NotAParty for another signer, BadSignature."""
        device = self._device
        message = messages.parse(raw, labels.REVOCATION)
        claims = message.payload
        for certificate in device.chain[1:]:
            public = _public(certificate)
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

    def check_peer(self, chain: list[bytes]) -> "identity.CertifiedKey":
        """The leaf of a peer's chain, checked at this device's time and against its revocations. Raises as
        `identity.check_chain` does, and Revoked."""
        device = self._device
        leaf = identity.check_chain(chain, device.root, device.network, device.now())
        if leaf.may_issue is not None or leaf.is_ledger:
            raise BadCertificate("issuers and ledgers do not trade")
        subjects = [_subject(raw) for raw in chain]
        now = device.now()
        for since, revoked, issuer in device.journal.get(REVOKED_RECORD, []):
            if revoked in subjects and issuer in subjects[subjects.index(revoked) + 1 :]:
                if now is None or now >= since:
                    raise Revoked("the issuer has taken back a certificate of this chain")
        return leaf


def _public(certificate: bytes) -> bytes:
    return identity.public_of(messages.parse(certificate, labels.CERTIFICATE).payload[labels.CNF][labels.CNF_KEY])


def _subject(certificate: bytes) -> bytes:
    return identity.device_id(_public(certificate))
