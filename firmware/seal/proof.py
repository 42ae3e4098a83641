"""How two peers prove themselves to each other: as in ISO/IEC 9798-3, without a host.

Each signs both names and both fresh nonces, and sends the certificate chain of its key.
"""

from . import labels, messages, p256
from .errors import Unauthenticated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import CertifiedKey
    from .ports import Claims

NONCE_BYTES = 32


def proof_claims(device_id: bytes, peer: bytes, peer_nonce: bytes, own_nonce: bytes) -> "Claims":
    """The payload of a peer-proof."""
    return {
        labels.PROOF_SIGNER: device_id,
        labels.PROOF_PEER: peer,
        labels.NONCE: peer_nonce,
        labels.OWN_NONCE: own_nonce,
    }


def check_proof(raw: bytes, peer: "CertifiedKey", device_id: bytes, own_nonce: bytes, peer_nonce: bytes) -> None:
    """Raise Unauthenticated or BadSignature unless `raw` is the proof of `peer` for this connection."""
    message = messages.parse(raw, labels.PEER_PROOF)
    if message.payload != proof_claims(peer.device_id, device_id, own_nonce, peer_nonce):
        raise Unauthenticated("a proof for another connection")
    p256.learn(peer.public)  # its vouchers or readings, receipts and bills follow
    message.verify(peer.public)
