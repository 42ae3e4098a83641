"""Port KeyStore in software: private keys as records of the board's Store. Custody 0, open.

A person with the board in hand can read its flash, and with it the key: verifiers can require custody 1 or 2. A
record:

    "SWK1" | slot u8 | secret 32 | public X||Y 64 | CRC-32 of all before it, u32 big-endian        105 bytes

The CRC finds damage, not tampering. A damaged record is StateDamaged, never an empty slot: a device with a
damaged key stays locked until its owner wipes it, and never makes a new identity by itself.
Limits: the key is in RAM while it signs, and Python cannot erase it there. `wipe` writes zeros over the
record and then removes it, but a Store that writes a new file and renames it, and LittleFS under any Store,
put the zeros elsewhere: the old block stays on the flash until it is used again. To be rid of a key for
certain, erase the whole flash.

The engine `plain` takes a time that depends on the key (see `seal.p256`): where no other works, the keystore signs
nothing with a stored key unless the keystore was made with engine="plain". Each signature that fails its check is a
Fault, and after FAULTS of them no key is used until the next restart: an attacker who injects faults gets three tries.
"""

from seal import p256
from seal.compat import crc32, sha256
from seal.errors import BadKey, Fault, Refused, StateDamaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Protocol

    from seal.p256.coupon import Coupons

    class Records(Protocol):
        """The part of port Store that keeps keys."""

        def read(self, name: str) -> bytes | None: ...

        def write(self, name: str, data: bytes) -> None: ...

        def remove(self, name: str) -> None: ...


SLOTS = 4  # slot 0 is the device key
FAULTS = 3

_MAGIC = b"SWK1"
_LENGTH = 105


def _name(slot: int) -> str:
    if slot not in range(SLOTS):
        raise BadKey("slot %r does not exist: slots are 0 to %d" % (slot, SLOTS - 1))
    return "key-%d" % slot


def _pack(slot: int, secret: bytes, public: bytes) -> bytes:
    body = _MAGIC + bytes((slot,)) + secret + public
    return body + crc32(body).to_bytes(4, "big")


def _load(store: "Records", slot: int) -> tuple[bytes, bytes] | None:
    """(secret, public) of a slot, or None when it is empty. Raises StateDamaged."""
    record = store.read(_name(slot))
    if record is None:
        return None
    if (
        len(record) != _LENGTH
        or record[:4] != _MAGIC
        or record[4] != slot
        or crc32(record[:101]).to_bytes(4, "big") != record[101:]
    ):
        raise StateDamaged("the record of key slot %d is damaged: restore it, or wipe and provision" % slot)
    return record[5:37], record[37:101]


def _require(store: "Records", slot: int) -> tuple[bytes, bytes]:
    pair = _load(store, slot)
    if pair is None:
        raise BadKey("key slot %d is empty: provision the device first" % slot)
    return pair


def _use(keystore: "SoftwareKeyStore", call: "Callable[..., Any]", *arguments: object) -> "Any":
    """Call a function that uses a secret. Raises Refused if this engine is not allowed, Fault after too many faults."""
    if not p256.fixed_time and keystore._engine != p256.engine:
        raise Refused("only the engine %s runs here, and its time depends on the key: allow it by name" % p256.engine)
    if keystore._faults >= FAULTS:
        raise Fault("%d faults since the last restart: no key is used any more; have the board looked at" % FAULTS)
    try:
        return call(*arguments)
    except Fault:
        keystore._faults += 1
        raise


class SoftwareKeyStore:
    """Keys in `store` (port Store), read for every signature.

    `engine`: the name of an engine that is not of fixed time and may sign all the same. `coupons`: a
    `seal.p256.coupon.Coupons`, for boards that want signatures in a millisecond and accept its risk.
    """

    custody = 0

    def __init__(self, store: "Records", engine: str | None = None, coupons: "Coupons | None" = None) -> None:
        self._store = store
        self._engine = engine
        self._coupons = coupons
        self._faults = 0

    def has(self, slot: int) -> bool:
        """Whether the slot holds a key. Raises StateDamaged for a damaged record, BadKey for no such slot."""
        return _load(self._store, slot) is not None

    def generate(self, slot: int, random: "Callable[[int], bytes]") -> bytes:
        """Make a key from `random(n) -> n bytes` and keep it; returns its public half, X||Y, 64 bytes.

        The key signs a test digest first (pairwise consistency, SP 800-56A section 5.6.2.1.4), and the record
        is read back. Raises Refused when the slot is full, StateDamaged when it holds a damaged record,
        EntropyFailed when no key can be drawn, StorageFull, and Fault for arithmetic or flash that fails; the
        slot is as it was then.
        """
        if self.has(slot):
            raise Refused("key slot %d holds a key already: wipe it first" % slot)
        secret = p256.secret_from(random)
        public = _use(self, p256.public_key, secret)
        _use(self, p256.sign, secret, sha256(public), b"", public)
        record = _pack(slot, secret, public)
        self._store.write(_name(slot), record)
        if self._store.read(_name(slot)) != record:
            self._store.remove(_name(slot))
            raise Fault("the key was not stored as it was written: the flash is failing")
        return public

    def public(self, slot: int) -> bytes:
        """The public key X||Y, 64 bytes. Raises BadKey when the slot is empty, StateDamaged."""
        return _require(self._store, slot)[1]

    def sign(self, slot: int, digest: bytes, extra: bytes = b"") -> bytes:
        """Sign a digest: r||s, 64 bytes, verified under the stored public key. `extra` is added entropy.

        Raises BadKey when the slot is empty, StateDamaged, Malformed for a digest of another length, Fault, Refused.
        """
        secret, public = _require(self._store, slot)
        if self._coupons:
            return _use(self, self._coupons.sign, secret, digest)
        return _use(self, p256.sign, secret, digest, extra, public)

    def idle(self, random: "Callable[[int], bytes]") -> bool:
        """Prepare a coupon, if the board has coupons and there is room; whether one was made."""
        return self._coupons is not None and _use(self, self._coupons.prepare, random)

    def wipe(self, slot: int) -> None:
        """Overwrite the key's record, then remove it; a damaged one as well. An empty slot stays empty."""
        name = _name(slot)
        if self._store.read(name) is not None:
            self._store.write(name, bytes(_LENGTH))
            self._store.remove(name)
