"""The line of a device's keys: certificate, first rotation, second rotation, and so on to the key it signs with now.

Loaded with the first rotated device that is met, to spare heap. A peer that was seen with a rotation is refused with an
older key from then on; the device keeps this of the newest MAX_SEEN rotated peers. Certified devices alone get in.
"""

from . import identity, labels, messages, p256
from .compat import const
from .errors import BadCertificate, SealError, Superseded
from .records import ROTATED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator, Sequence
    from .cose import Message
    from .device import Device
    from .identity import CertifiedKey

MOST = const(8)  # rotations of one device
MAX_SEEN = const(32)


def next_key(message: "Message", device_id: bytes, generation: int) -> bytes:
    """The key (64 bytes) that a rotation signs in, after `generation` others. Raises BadCertificate, BadKey."""
    claims = message.payload
    if claims[labels.ROTATED_DEVICE] != device_id or claims[labels.ROTATED_GENERATION] != generation + 1:
        raise BadCertificate("the rotation is another device's, or not the next one")
    return identity.public_of(claims[labels.CNF][labels.CNF_KEY])


def steps(peer: "CertifiedKey", rotations: "Sequence[bytes]") -> "Generator[None, None, None]":
    """Follow a checked certificate's key through its rotations, with a pause before each signature that is checked.
    Raises BadCertificate for a line that does not hold."""
    if len(rotations) > MOST:
        raise BadCertificate("a device has %d rotations at most" % MOST)
    earlier, public, last = [], peer.public, 0
    for raw in rotations:
        try:
            message = messages.parse(raw, labels.ROTATION)
            new = next_key(message, peer.device_id, len(earlier))
            seq = message.payload.get(labels.SEQ, 0)
            if seq < last or new == public or new in [key for _, key in earlier]:
                raise BadCertificate("the rotation goes back")
            yield
            message.verify(public)
        except SealError as error:
            raise BadCertificate(str(error))
        earlier.append((seq, public))
        public, last = new, seq
    peer.public, peer.earlier, peer.generation = public, earlier, len(earlier)


def check_seen(device: "Device", peer: "CertifiedKey") -> None:
    """Raise Superseded for a peer, proved by its key, that was seen with a later one; note a later one."""
    seen = device.journal.get(ROTATED_RECORD, [])
    entry = [peer.device_id, peer.generation, identity.device_id(peer.public)]
    for known in seen:
        if known[0] == peer.device_id:
            if known == entry:
                return
            if known[1] >= peer.generation or identity.device_id(peer.earlier[known[1]][1]) != known[2]:
                raise Superseded("the peer has rotated this key away, or has two lines of keys")
    if peer.generation:
        others = [known for known in seen if known[0] != peer.device_id]
        device.journal.put(ROTATED_RECORD, (others + [entry])[-MAX_SEEN:])


def signed_anew(device: "Device", raw: bytes) -> bytes:
    """A message that an earlier key of the device signed, signed with its key of now; its digest stays. Any other is
    left as it is: a peer may put this device's kid on its own."""
    message = messages.parse(raw)
    if message.kid != device.signer.kid or _own_key(device, message) in (None, device.public):
        return raw
    return device.signer.sign(message.type, message.payload)[0]


def signed_by(device: "Device", raw: bytes) -> bytes:
    """The key (64 bytes) of the device's line that signed a message; the one of now if none did."""
    return _own_key(device, messages.parse(raw)) or device.public


def _own_key(device: "Device", message: "Message") -> bytes | None:
    keys = [identity.Certificate(device.chain[0]).public]
    for rotation in device.rotations():
        keys.append(next_key(messages.parse(rotation, labels.ROTATION), device.device_id, len(keys) - 1))
    for public in reversed(keys):
        if p256.verify(public, message.digest, message.signature):
            return public
    return None
