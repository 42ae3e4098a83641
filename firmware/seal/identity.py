"""A device's identity: its id, its did:key, and the certificate chain that binds both to a network.

Device id: SHA-256 thumbprint of the public COSE_Key (RFC 9679 section 4), 32 bytes. Text form: did:key (W3C CCG,
multicodec p256-pub 0x1200). A chain runs leaf first to the self-signed root certificate. `kid` is a hint only.
"""

from . import cbor, labels, messages, p256
from .compat import const, sha256
from .errors import BadCertificate, Expired, Malformed, NotYetValid, SealError, WrongNetwork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cose import Message
    from .ports import Claims

CLOCK_SKEW = const(300)  # seconds that an issuer's clock may be ahead of the device's
MAX_CHAIN = 5  # root with depth 3, three intermediates, the device
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def cose_key(public: bytes) -> "Claims":
    """The COSE_Key map of `public` (64 bytes, X || Y), with the keys of its thumbprint only."""
    return {
        labels.KEY_TYPE: labels.KEY_TYPE_EC2,
        labels.KEY_CURVE: labels.KEY_CURVE_P256,
        labels.KEY_X: public[:32],
        labels.KEY_Y: public[32:],
    }


def public_of(key: "Claims") -> bytes:
    """The 64-byte public key in a COSE_Key map; raises BadKey for a point off P-256."""
    public = key[labels.KEY_X] + key[labels.KEY_Y]
    p256.check_public(public)
    return public


def device_id(public: bytes) -> bytes:
    """RFC 9679 thumbprint, 32 bytes."""
    return sha256(cbor.encode(cose_key(public)))


def kid(identifier: bytes) -> bytes:
    """The first 8 bytes of a device id."""
    return identifier[:8]


def ueid(identifier: bytes) -> bytes:
    """RFC 9711 section 4.2.1: type RAND (0x01) and the device id, 33 bytes."""
    return b"\x01" + identifier


def did_key(public: bytes) -> str:
    """did:key text of a public key."""
    return "did:key:z" + _base58(b"\x80\x24" + p256.compress(public))


def _base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = []
    while number:
        number, five = divmod(number, 656356768)  # 58^5, the most that is a small integer on every port
        for _ in range(5):
            digits.append(_BASE58[five % 58])
            five //= 58
    text = "".join(reversed(digits)).lstrip("1")
    zeros = 0
    while zeros < len(data) and data[zeros] == 0:
        zeros += 1
    return "1" * zeros + text


class CertifiedKey:
    """A key that a chain certifies: `public` 64 bytes, `device_id`, `custody` 0..2, `model`, `network`, `roles`.

    end: unix seconds, when the first certificate of its chain expires; None: never.
    """

    def __init__(self, claims: "Claims", public: bytes) -> None:
        self.public = public
        self.device_id = device_id(public)
        self.custody = claims[labels.CUSTODY]
        self.model = claims.get(labels.MODEL, "")
        self.network = claims[labels.NETWORK]
        self.may_issue = claims.get(labels.MAY_ISSUE)
        self.is_ledger = bool(claims.get(labels.ROLES, 0) & labels.ROLE_LEDGER)
        self.end = claims.get(labels.EXP)


def check_chain(chain: list[bytes], root: bytes | None, network: bytes, now: int | None = None) -> "CertifiedKey":
    """Check a chain of certificates (bytes, leaf first, root last) and return its leaf as `CertifiedKey`.

    root: the expected root's public key (64 bytes), or None to trust the last certificate (once, at provisioning).
    network: the expected 32 bytes in every certificate. now: unix time for expiry, or None if the clock is unset.
    Raises BadCertificate, Expired, NotYetValid, WrongNetwork.
    """
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise BadCertificate("a chain has 1 to %d certificates" % MAX_CHAIN)
    issuer = None
    for raw in reversed(chain):
        try:
            issuer = _check_link(messages.parse(raw, labels.CERTIFICATE), issuer, root, network, now)
        except (Expired, NotYetValid, WrongNetwork):
            raise
        except SealError as error:
            raise BadCertificate(str(error))
    return issuer


def root_of(chain: list[bytes]) -> bytes:
    """The public key (64 bytes) of a chain's last certificate. Check the chain first."""
    return public_of(messages.parse(chain[-1], labels.CERTIFICATE).payload[labels.CNF][labels.CNF_KEY])


def _check_link(
    message: "Message", issuer: "CertifiedKey | None", root: bytes | None, network: bytes, now: int | None
) -> "CertifiedKey":
    claims = message.payload
    public = public_of(claims[labels.CNF][labels.CNF_KEY])
    subject = CertifiedKey(claims, public)
    if claims[labels.UEID] != ueid(subject.device_id) or claims[labels.SUB] != did_key(public):
        raise Malformed("the certificate names another key than it carries")
    if issuer is None:  # the root: self-signed, trusted by the caller alone
        if root is not None and public != root:
            raise Malformed("the chain ends in another root")
        issuer = subject
    elif issuer.may_issue is None or (subject.may_issue is not None and subject.may_issue >= issuer.may_issue):
        raise Malformed("the issuer may not issue this certificate")
    if claims[labels.ISS] != did_key(issuer.public):
        raise Malformed("issued by another key than the next in the chain")
    if subject.network != network:
        raise WrongNetwork("a certificate of another network")
    if now is not None and now >= claims.get(labels.EXP, now + 1):
        raise Expired("a certificate in the chain has expired")
    if now is not None and claims[labels.IAT] > now + CLOCK_SKEW:
        raise NotYetValid("a certificate in the chain is from the future")
    if issuer.end is not None:
        subject.end = issuer.end if subject.end is None else min(subject.end, issuer.end)
    message.verify(issuer.public)
    return subject
