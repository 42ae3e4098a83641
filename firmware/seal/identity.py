"""A device's identity: its id, its did:key, and the certificate chain that binds both to a network.

Device id: SHA-256 thumbprint of the public COSE_Key (RFC 9679 section 4), 32 bytes. Text form: did:key (W3C CCG,
multicodec p256-pub 0x1200). A chain runs leaf first to the self-signed root certificate. `kid` is a hint only.
"""

from . import cbor, labels, messages, p256
from .compat import const, sha256
from .errors import BadCertificate, Expired, Malformed, NotYetValid, SealError, WrongNetwork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator
    from .cose import Message
    from .ports import Claims

CLOCK_SKEW = const(300)  # seconds that an issuer's clock may be ahead of the device's
MAX_CHAIN = 5  # root with depth 3, three intermediates, the device
_KEPT = const(4)  # certificates kept parsed: half a kilobyte each
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


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
    digits = bytearray()  # of bytes: MicroPython keeps each text of one letter for good
    while number:
        number, five = divmod(number, 656356768)  # 58^5, the most that is a small integer on every port
        for _ in range(5):
            digits.append(_BASE58[five % 58])
            five //= 58
    text = bytes(reversed(digits)).decode().lstrip("1")
    zeros = 0
    while zeros < len(data) and data[zeros] == 0:
        zeros += 1
    return "1" * zeros + text


class Certificate:
    """A certificate that was parsed: it is for the key it names. Trust nothing in it before its signature is checked.

    public: 64 bytes; device_id; name: its did:key; claims. signer: the public key that its signature was checked by, or
    None.
    """

    def __init__(self, raw: bytes) -> None:
        """Raises Malformed, NotDeterministic, WrongType, BadKey."""
        self.message: "Message | None" = messages.parse(raw, labels.CERTIFICATE)  # None once it is checked
        self.claims = self.message.payload
        self.public = public_of(self.claims[labels.CNF][labels.CNF_KEY])
        self.device_id = device_id(self.public)
        self.name = did_key(self.public)
        self.signer: bytes | None = None
        if self.claims[labels.UEID] != ueid(self.device_id) or self.claims[labels.SUB] != self.name:
            raise Malformed("the certificate names another key than it carries")

    def check(self, issuer: "Certificate | None", root: bytes | None, network: bytes, now: int | None) -> None:
        """All but the signature, below the certificate `issuer`. Raises as `check_chain` does, and Malformed."""
        claims = self.claims
        if issuer is None:  # the root: self-signed, trusted by the caller alone
            if root is not None and self.public != root:
                raise Malformed("the chain ends in another root")
            issuer = self
        else:
            may, its = claims.get(labels.MAY_ISSUE), issuer.claims.get(labels.MAY_ISSUE)
            if its is None or (may is not None and may >= its):
                raise Malformed("the issuer may not issue this certificate")
        if claims[labels.ISS] != issuer.name:
            raise Malformed("issued by another key than the next in the chain")
        if claims[labels.NETWORK] != network:
            raise WrongNetwork("a certificate of another network")
        if now is not None and now >= claims.get(labels.EXP, now + 1):
            raise Expired("a certificate in the chain has expired")
        if now is not None and claims[labels.IAT] > now + CLOCK_SKEW:
            raise NotYetValid("a certificate in the chain is from the future")


class CertifiedKey:
    """A key that a chain certifies: `public` 64 bytes, `device_id`, `custody` 0..2, `model`, `network`, `roles`.

    end: unix seconds, when the first certificate of its chain expires; None: never. line: the device ids of the chain,
    its own first. earlier: [(number of its last reading, 64 bytes), ...], the keys before `public`, see `key_line`.
    generation: how often the key was rotated.
    """

    earlier: "list[tuple[int, bytes]]" = []
    generation = 0

    def __init__(self, certificate: "Certificate", end: int | None, line: list[bytes]) -> None:
        claims = certificate.claims
        self.public = certificate.public
        self.device_id = certificate.device_id
        self.custody = claims[labels.CUSTODY]
        self.model = claims.get(labels.MODEL, "")
        self.network = claims[labels.NETWORK]
        self.may_issue = claims.get(labels.MAY_ISSUE)
        self.is_ledger = bool(claims.get(labels.ROLES, 0) & labels.ROLE_LEDGER)
        self.end = end
        self.line = line

    def key_at(self, message: "Message") -> bytes:
        """The key that has to have signed this reading: by its number, as a rotation says which was the last."""
        seq = message.header[labels.CWT_CLAIMS][labels.SEQ]
        for last, public in self.earlier:
            if seq <= last:
                return public
        return self.public


class Known:
    """The latest certificates whose signatures were checked, by their bytes: the same bytes need no second check.

    Time, network and place in the chain are checked again at every use. Only what an issuer of the network signed gets
    in, so a stranger cannot push others out.
    """

    def __init__(self) -> None:
        self._kept: "list[tuple[bytes, Certificate]]" = []  # the latest used last

    def find(self, raw: bytes) -> "Certificate":
        """The certificate, checked before, or parsed anew. Raises as `Certificate`."""
        for index, pair in enumerate(self._kept):
            if pair[0] == raw:
                self._kept.append(self._kept.pop(index))
                return pair[1]
        return Certificate(raw)

    def keep(self, raw: bytes, certificate: "Certificate") -> None:
        """Keep a certificate whose signature was checked."""
        if len(self._kept) >= _KEPT:
            self._kept.pop(0)
        self._kept.append((raw, certificate))


def check_chain(
    chain: list[bytes], root: bytes | None, network: bytes, now: int | None = None, known: "Known | None" = None
) -> "CertifiedKey":
    """Check a chain of certificates (bytes, leaf first, root last) and return its leaf as `CertifiedKey`.

    root: the expected root's public key (64 bytes), or None to trust the last certificate (once, at provisioning).
    network: the expected 32 bytes in every certificate. now: unix time for expiry, or None if the clock is unset.
    known: certificates that were checked before. Raises BadCertificate, Expired, NotYetValid, WrongNetwork.
    """
    steps = check_steps(chain, root, network, now, known)
    try:  # as `finish`, whose frame a Pico's stack has no room for
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def check_steps(
    chain: list[bytes], root: bytes | None, network: bytes, now: int | None = None, known: "Known | None" = None
) -> "Generator[None, None, CertifiedKey]":
    """`check_chain` in steps: a pause before each signature that is checked."""
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise BadCertificate("a chain has 1 to %d certificates" % MAX_CHAIN)
    issuer, end, line = None, None, []
    for raw in reversed(chain):
        try:
            certificate = known.find(raw) if known else Certificate(raw)
            certificate.check(issuer, root, network, now)
            issuer = issuer or certificate
            if certificate.signer != issuer.public:
                yield
                (certificate.message or messages.parse(raw)).verify(issuer.public)
                certificate.signer, certificate.message = issuer.public, None
                if known:
                    known.keep(raw, certificate)
        except (Expired, NotYetValid, WrongNetwork):
            raise
        except SealError as error:
            raise BadCertificate(str(error))
        own = certificate.claims.get(labels.EXP)
        end = own if end is None else end if own is None else min(own, end)
        line.insert(0, certificate.device_id)
        issuer = certificate
    return CertifiedKey(issuer, end, line)


def root_of(chain: list[bytes]) -> bytes:
    """The public key (64 bytes) of a chain's last certificate. Check the chain first."""
    return public_of(messages.parse(chain[-1], labels.CERTIFICATE).payload[labels.CNF][labels.CNF_KEY])
