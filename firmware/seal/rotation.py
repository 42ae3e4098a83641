"""Rotation: a new key, signed in by the old one. Loaded when the owner orders it, to spare heap.

The new key is made in the slot that is free. The old key signs the rotation; then one record of the journal, `keys`,
takes in the rotation and the number of the new slot, and that write is the commit. The old key is wiped last. A power
cut before the commit leaves the old key, and a key in the other slot that never signed and that the next rotation
wipes; a cut after it leaves the new key with the rotation on flash, and the next start wipes the old one.

The device id stays that of the first key, and so does the kid of its messages. What the device signs again, such as a
voucher that was reserved, therefore keeps its digest.

Limits: MOST rotations, which every peer has to check; after them the device is wiped and provisioned anew.
"""

from . import identity, labels, messages
from .errors import Malformed, Refused
from .key_line import MOST
from .own_key import DEVICE_SLOT, SPARE_SLOT
from .records import KEYS_DEVICE, KEYS_RECORD, KEYS_ROTATIONS, KEYS_SLOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Item


def check(device: "Device", nonce: "Item", on_trial: bool) -> None:
    """Raise Malformed unless the host's nonce has 32 bytes, and Refused where the device cannot rotate its key now."""
    if not messages.hash32(nonce):
        raise Malformed("a rotation needs the host's nonce of 32 bytes")
    if on_trial:  # the version before may not know where the key is
        raise Refused("a firmware version is on trial")
    if len(device.rotations()) >= MOST:
        raise Refused("the key was rotated %d times: wipe the device and provision it anew" % MOST)


def rotate(device: "Device", nonce: bytes) -> None:
    """Make a new key and go over to it. Raises Refused where the keystore has no free slot, EntropyFailed, StorageFull,
    Fault; the key is the old one then."""
    keystore, old = device.board.keystore, device.slot()
    spare = SPARE_SLOT if old == DEVICE_SLOT else DEVICE_SLOT
    keystore.wipe(spare)  # what a power cut has left
    device.pool.mix(nonce)
    public = keystore.generate(spare, device.pool.random)
    try:
        raw = _signed(device, public)
        rotations = device.rotations() + [raw]
        record = {KEYS_SLOT: spare, KEYS_DEVICE: device.device_id, KEYS_ROTATIONS: rotations}
        device.journal.put(KEYS_RECORD, record)  # the commit
    except Exception:
        keystore.wipe(spare)
        raise
    device.signer.move(spare)
    device.public = public
    device.standing.forget()
    keystore.wipe(old)


def _signed(device: "Device", public: bytes) -> bytes:
    claims = {
        labels.ROTATED_DEVICE: device.device_id,
        labels.ROTATED_GENERATION: len(device.rotations()) + 1,
        labels.IAT: device.board.clock.now(),
        labels.CNF: {labels.CNF_KEY: identity.cose_key(public)},
        labels.SEQ: device.log.seq,
    }
    if device.log.prev is not None:
        claims[labels.PREV] = device.log.prev
    return device.signer.sign(labels.ROTATION, claims)[0]
