"""Provisioning: give a device its identity, once.

The host sends a nonce. The device generates its key from its own entropy, unless it has one, and answers with evidence
signed by that key. The host answers with a grant: certificate chain, owner key, network, time, policy. One journal
record stores the identity, whole or not at all; after a power cut at any step, provisioning starts over.
"""

from . import __version__, identity, labels, messages, timekeeping
from .device import BLANK, KEYED, PROVISIONED
from .own_key import DEVICE_SLOT
from .records import (
    CLOCK_RECORD,
    IDENTITY_RECORD,
    OWNER_RECORD,
    IDENTITY_CHAIN,
    IDENTITY_LEDGER,
    IDENTITY_NETWORK,
    IDENTITY_OWNER,
    OWNER_IS_PAUSED,
    OWNER_POLICY,
    OWNER_SEQ,
)
from .errors import BadCertificate, Malformed, Refused, Replay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Claims

_MIN_CHAIN = 2  # the device and its root


class Provisioner:
    """Serves the requests `evidence` and `grant`."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._nonce = None

    def evidence(self, nonce: bytes) -> bytes:
        """Signed evidence (bytes) over the host's 32-byte `nonce`, with a new key unless the device has one.
        Raises Malformed, EntropyFailed, and Refused on a provisioned device."""
        device = self._device
        device.require_state(BLANK, KEYED)
        if not messages.hash32(nonce):
            raise Malformed("the host's nonce has 32 bytes")
        if device.state == BLANK:
            device.pool.mix(nonce)
            device.board.keystore.generate(DEVICE_SLOT, device.pool.random)
            device.load_key()
            device.state = KEYED
        self._nonce = nonce
        claims = {
            labels.CNF: {labels.CNF_KEY: identity.cose_key(device.public)},
            labels.NONCE: nonce,
            labels.UEID: identity.ueid(device.device_id),
            labels.CUSTODY: device.board.keystore.custody,
            labels.MODEL: device.board.model,
            labels.FIRMWARE: __version__,
        }
        prove = getattr(device.board.keystore, "proof", None)
        if prove:
            claims[labels.SEALED_PROOF] = prove(nonce, device.device_id)
        return device.signer.sign(labels.EVIDENCE, claims)[0]

    def grant(self, raw: bytes) -> None:
        """Check and store the issuer's grant, or a renewal of it (see `renewal`). Raises Refused, Replay (not for the
        last evidence), Malformed, BadCertificate, BadSignature, WrongNetwork, and then changes nothing."""
        device = self._device
        device.require_state(KEYED, PROVISIONED)
        if device.state == PROVISIONED:
            from . import renewal  # heap, for the few devices that ever need it

            renewal.renew(device, raw)
            return
        message = messages.parse(raw, labels.GRANT)
        claims = message.payload
        if (
            self._nonce is None
            or claims[labels.NONCE] != self._nonce
            or claims[labels.GRANT_DEVICE] != device.device_id
        ):
            raise Replay("the grant does not answer this device's last evidence")
        timekeeping.check_range(claims[labels.GRANT_TIME])
        chain, network = claims[labels.GRANT_CHAIN], claims[labels.GRANT_NETWORK]
        if len(chain) < _MIN_CHAIN:
            raise BadCertificate("a device cannot vouch for itself")
        leaf = identity.check_chain(chain, None, network, claims[labels.GRANT_TIME])
        if leaf.device_id != device.device_id or leaf.may_issue is not None:
            raise BadCertificate("the first certificate is not for this device")
        message.verify(identity.check_chain(chain[1:], None, network, claims[labels.GRANT_TIME]).public)
        if labels.GRANT_LEDGER in claims:
            root = identity.root_of(chain)
            ledger = identity.check_chain(claims[labels.GRANT_LEDGER], root, network, claims[labels.GRANT_TIME])
            if not ledger.is_ledger:
                raise BadCertificate("the ledger's chain does not certify a ledger")
        owner = identity.public_of(claims[labels.GRANT_OWNER])
        self._commit(claims, owner)

    def _commit(self, claims: "Claims", owner: bytes) -> None:
        device = self._device
        settings = {OWNER_SEQ: 0, OWNER_IS_PAUSED: False}
        if labels.GRANT_POLICY in claims:
            settings[OWNER_POLICY] = claims[labels.GRANT_POLICY]
        device.journal.put(OWNER_RECORD, settings)
        device.journal.put(CLOCK_RECORD, [claims[labels.GRANT_TIME], 0])
        if device.board.clock.quality < labels.CLOCK_NETWORK:
            device.board.clock.set(claims[labels.GRANT_TIME], labels.CLOCK_HOST)
        record = {
            IDENTITY_CHAIN: claims[labels.GRANT_CHAIN],
            IDENTITY_OWNER: owner,
            IDENTITY_NETWORK: claims[labels.GRANT_NETWORK],
        }
        if labels.GRANT_LEDGER in claims:
            record[IDENTITY_LEDGER] = claims[labels.GRANT_LEDGER]
        # the commit: the device is keyed before this write, and provisioned after it
        device.journal.put(IDENTITY_RECORD, record)
        self._nonce = None
        device.load()
        if device.state != PROVISIONED:
            raise Refused("the identity could not be loaded")
