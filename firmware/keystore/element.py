"""Port KeyStore in an ATECC608: keys that are born in the chip, and never leave it.

Slots 0 (device) and 1 (wallet) of the keystore are slots of the chip, see `atecc608_config`. A key counts from the
moment its slot of the chip is locked: until then nothing was signed with it, and a power cut before the lock leaves
the slot empty. `wipe` cannot erase a locked key. It notes in the chip that this life of the slot is over, and the next
key takes the next: four lives of slot 0, three of slot 1. Anyone who holds the chip can still sign with an old key, so
revoke its certificate.

Before the first key the chip's configuration must be locked, for ever: `report` says with what, `lock` does it, once a
person has agreed. The file `element` in `store` has the chip's serial number from the first key on: a board with it
never falls back to another keystore, and takes no other chip.

custody is 2, which is a claim: a host certifies it only on what the chip itself signs, see `attest`.

Limits: the bus is not protected. The chip signs for anyone who holds its wires.
"""

from keystore import atecc608_config as ours
from keystore.atecc608 import CONFIG_ZONE, DATA_ZONE, checksum
from seal import p256
from seal.compat import const, sha256
from seal.errors import BadKey, ElementForeign, ElementOpen, Fault, Malformed, Refused, SealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from keystore.atecc608 import Atecc608
    from keystore.software import Records

RECORD = const("element")
SLOTS = const(2)
GENERATION_COUNTER = const(1)
FAULTS = const(3)  # as `software`

OPEN, OURS, FOREIGN = 0, 1, 2  # not locked; locked with our configuration; locked with another

_NOTES = ours.NOTES_SLOT << 3  # the address of the notes' first word: a byte with a bit for each life that is over


class ElementKeyStore:
    """Keys in `chip`. store: keeps the chip's serial number."""

    custody = 2

    def __init__(self, chip: "Atecc608", store: "Records") -> None:
        self._chip = chip
        self._store = store
        self._config = b""  # as last read
        self._over = 0
        self._publics: dict[int, bytes] = {}
        self._faults = 0

    def state(self) -> int:
        """OPEN, OURS or FOREIGN. Raises ElementForeign for another chip than that of the key, and as `chip`."""
        if not self._config:
            blocks = [self._chip.read(CONFIG_ZONE, block << 3, 32) for block in range(4)]
            config = b"".join(blocks)
            known = self._store.read(RECORD)
            if known is not None and known != _serial(config):
                raise ElementForeign("this is another chip than the one with the device's key")
            if ours.is_locked(config) and ours.first_difference(config) is None:
                self._over = self._chip.read(DATA_ZONE, _NOTES, 4)[0]
            self._config = config
        if ours.first_difference(self._config) is None and ours.is_locked(self._config):
            return OURS
        is_fixed = self._config[ours.LOCK_CONFIG] == 0
        return FOREIGN if is_fixed and ours.first_difference(self._config) is not None else OPEN

    def has(self, slot: int) -> bool:
        """Whether the slot holds a key. Raises BadKey for no such slot, ElementForeign, and as `chip`."""
        if self._is_open():
            _check(slot)
            return False
        place = self._place(slot)
        return place is not None and ours.is_slot_locked(self._config, place)

    def generate(self, slot: int, random: "Callable[[int], bytes]") -> bytes:
        """Have the chip make a key and lock its slot for ever; returns its public half, X || Y, 64 bytes. The key signs
        a test digest first. `random` is not used: the key never was outside.

        Raises Refused when the slot is full or has no life left, ElementOpen, Fault, and as `chip`; the slot is empty
        then.
        """
        if self._is_open():
            raise ElementOpen("the ATECC608 is not locked yet: `sealwright provision` asks before it locks")
        place = self._place(slot)
        if place is None or ours.is_slot_locked(self._config, place):
            raise Refused("key slot %d is full, or has no life left" % slot)
        self._store.write(RECORD, _serial(self._config))
        public = self._chip.generate(place)
        digest = sha256(public)
        if not p256.verify(public, digest, self._chip.sign(place, digest)):
            raise Fault("the chip's new key does not fit its public half")
        self._chip.lock_slot(place)
        self._config = b""
        if not self.has(slot) or self._chip.public(place) != public:
            raise Fault("the chip did not keep its key")
        self._publics[slot] = public
        return public

    def public(self, slot: int) -> bytes:
        """The public key X || Y, 64 bytes. Raises BadKey when the slot is empty, and as `chip`."""
        if slot not in self._publics:
            self._publics[slot] = self._chip.public(self._require(slot))
        return self._publics[slot]

    def sign(self, slot: int, digest: bytes, extra: bytes = b"") -> bytes:
        """The chip's signature of a digest: r || s, 64 bytes, verified here. `extra` is not used: the chip's own
        generator makes its nonces. Raises BadKey, Malformed, Fault, and as `chip`."""
        if len(digest) != 32:
            raise Malformed("a digest has 32 bytes")
        if self._faults >= FAULTS:
            raise Fault("%d faults since the last restart: have the board looked at" % FAULTS)
        place, public = self._require(slot), self.public(slot)
        signature = self._chip.sign(place, digest)
        if not p256.verify(public, digest, signature):
            self._faults += 1
            raise Fault("the chip's signature is wrong: nothing is released")
        return signature

    def wipe(self, slot: int) -> None:
        """End this life of the slot. An empty slot stays empty. Raises as `chip`."""
        if not self.has(slot):
            return
        over = self._over | 1 << self._require(slot)
        self._chip.write(DATA_ZONE, _NOTES, bytes((over, 0, 0, 0)))
        self._over = over
        self._publics.pop(slot, None)

    def report(self) -> "list[object]":
        """[state, revision (4 bytes), serial number (9), configuration (128), what would be locked for ever (128)]."""
        self._config = b""
        state = self.state()
        config = self._config
        return [state, config[4:8], _serial(config), config, ours.wanted(config)]

    def attest(self, nonce: bytes) -> "list[object]":
        """What the chip says of the device key, signed by it: see `atecc608_attest`. nonce: the host's, 32 bytes.
        Raises BadKey without a key, Fault, and as `chip`."""
        from keystore import atecc608_attest  # heap, for the few times that a host asks

        return atecc608_attest.run(self._chip, self._require(0), nonce)

    def lock(self, wanted: bytes) -> None:
        """Write our configuration, read it back, lock it and the slots for ever. wanted: the 128 bytes of `report` that
        a person agreed to. Resumes after a power cut; does nothing on a chip that is ready.

        Raises ElementForeign, Malformed if `wanted` is not what this chip would hold, Fault, and as `chip`.
        """
        self._config = b""
        state = self.state()
        if state == FOREIGN:
            raise ElementForeign("the chip is locked with another configuration")
        if wanted != ours.wanted(self._config):
            raise Malformed("this is not what the chip would be locked with")
        if state == OURS:
            return
        if self._config[ours.LOCK_CONFIG] != 0:
            self._write_config()
            self._chip.lock(0, checksum(wanted))  # the chip refuses unless it holds just this
        self._chip.write(DATA_ZONE, _NOTES, bytes(32))
        self._chip.lock(1)
        self._config = b""
        if self.state() != OURS:
            raise Fault("the chip did not keep its configuration")

    def _write_config(self) -> None:
        for start, data in ours.parts():
            for at in range(0, len(data), 4):
                number = (start + at) // 4
                self._chip.write(CONFIG_ZONE, number // 8 << 3 | number % 8, data[at : at + 4])
        self._config = b""
        self.state()
        if ours.first_difference(self._config) is not None:
            raise Fault("the chip did not take its configuration")

    def random(self, count: int) -> bytes:
        """`count` bytes of the chip's generator, an extra of `entropy.Pool`. Raises OSError."""
        data = b""
        try:
            while len(data) < count:
                data += self._chip.random()
        except SealError:
            raise OSError("the chip gives no random bytes")
        return data[:count]

    def check(self) -> None:
        """The chip's self-test, a known answer. Raises Fault, ElementForeign, and as `chip`."""
        from keystore import atecc608_check

        self._is_open()
        atecc608_check.run(self._chip)

    def generation(self, is_raised: bool = False) -> int:
        """The counter that flash cannot put back; is_raised: after counting one up. Raises as `chip`."""
        return self._chip.counter(GENERATION_COUNTER, is_raised)

    def _is_open(self) -> bool:
        state = self.state()
        if state == FOREIGN:
            raise ElementForeign(
                "byte %s of the chip's configuration is not ours" % ours.first_difference(self._config)
            )
        return state == OPEN

    def _place(self, slot: int) -> int | None:
        """The chip's slot of the current life; None: all are over."""
        _check(slot)
        for place in ours.lives(slot):
            if not self._over >> place & 1:
                return place
        return None

    def _require(self, slot: int) -> int:
        if not self.has(slot):
            raise BadKey("key slot %d is empty: provision the device first" % slot)
        place = self._place(slot)
        assert place is not None
        return place


def _check(slot: int) -> None:
    if slot not in range(SLOTS):
        raise BadKey("slot %r does not exist: slots are 0 to %d" % (slot, SLOTS - 1))


def _serial(config: bytes) -> bytes:
    return config[0:4] + config[8:13]
