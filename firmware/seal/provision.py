"""Provisioning: put identity on a device, once.

The host sends a nonce; the device makes its key from its own entropy if it has none, and answers with evidence signed
by that key. The host answers with a grant: certificate chain, owner key, network, time, policy. Everything the grant
says becomes one journal record, so it is there whole or not at all, and a cut at any step is mended by starting over.
"""

from . import __version__, device, identity, labels, messages
from .errors import BadCertificate, Malformed, Refused, Replay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Claims

_MIN_CHAIN = 2  # the device and the root that vouches for it


class Provisioner:
    """Answers `evidence` and `grant` for a `device.Device`."""

    def __init__(self, this: "Device") -> None:
        self._device = this
        self._nonce = None

    def evidence(self, nonce: bytes) -> bytes:
        """Signed evidence (bytes) over the host's 32-byte `nonce`, after making the key if there is none.
        Raises Malformed, EntropyFailed, Refused once provisioned."""
        this = self._device
        this.need(device.BLANK, device.KEYED)
        if not messages.hash32(nonce):
            raise Malformed("the host's nonce has 32 bytes")
        if this.state == device.BLANK:
            this.pool.mix(nonce)
            this.board.keystore.generate(device.DEVICE_SLOT, this.pool.random)
            this.load_key()
            this.state = device.KEYED
        self._nonce = nonce
        claims = {
            labels.CNF: {1: identity.cose_key(this.public)},
            labels.NONCE: nonce,
            labels.UEID: identity.ueid(this.device_id),
            labels.CUSTODY: this.board.keystore.custody,
            labels.MODEL: this.board.model,
            labels.FIRMWARE: __version__,
        }
        return this.signer.sign(labels.EVIDENCE, claims)[0]

    def grant(self, raw: bytes) -> None:
        """Take the issuer's grant. Raises Refused, Replay (not an answer to our evidence), BadCertificate,
        BadSignature, WrongNetwork; nothing has changed then."""
        this = self._device
        this.need(device.KEYED)
        message = messages.parse(raw, labels.GRANT)
        claims = message.payload
        if self._nonce is None or claims[labels.NONCE] != self._nonce or claims[1] != this.device_id:
            raise Replay("the grant does not answer this device's last evidence")
        chain, network = claims[2], claims[4]
        if len(chain) < _MIN_CHAIN:
            raise BadCertificate("a device cannot vouch for itself")
        leaf = identity.check_chain(chain, None, network, claims[5])
        if leaf.device_id != this.device_id or leaf.may_issue is not None:
            raise BadCertificate("the first certificate is not for this device")
        message.verify(identity.check_chain(chain[1:], None, network, claims[5]).public)
        owner = identity.public_of(claims[3])
        self._commit(claims, owner)

    def _commit(self, claims: "Claims", owner: bytes) -> None:
        this = self._device
        settings = {device.SEQ: 0, device.IS_PAUSED: False}
        if 6 in claims:
            settings[device.POLICY] = claims[6]
        this.journal.put("owner", settings)
        this.board.clock.set(claims[5], labels.CLOCK_HOST)
        # the commit: before it the device is keyed, after it provisioned
        this.journal.put("identity", {device.CHAIN: claims[2], device.OWNER: owner, device.NETWORK: claims[4]})
        self._nonce = None
        this.load()
        if this.state != device.PROVISIONED:
            raise Refused("the grant could not be taken up")
