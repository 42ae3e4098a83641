"""The device's own key: which slot of the keystore has it, and the rotations that led to it.

A rotation changes the slot, and nothing else that others see: the device id, and with it the kid of every message,
stays that of the first key.
"""

from . import identity
from .compat import const
from .cose import Signer
from .errors import StateDamaged
from .records import KEYS_DEVICE, KEYS_RECORD, KEYS_ROTATIONS, KEYS_SLOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .entropy import Pool
    from .journal import Journal
    from .ports import Board

DEVICE_SLOT = const(0)
SPARE_SLOT = const(1)  # where the next key is made, see `rotation`; then the two change places


class OwnKey:
    """The part of a Device that knows its key."""

    board: "Board"
    journal: "Journal"
    pool: "Pool"
    chain: list[bytes]

    def slot(self) -> int:
        """The slot of the device's key, which a rotation changes."""
        keys = self.journal.get(KEYS_RECORD)
        return keys[KEYS_SLOT] if keys else DEVICE_SLOT

    def rotations(self) -> list[bytes]:
        """The device's own rotations, oldest first."""
        keys = self.journal.get(KEYS_RECORD)
        return keys[KEYS_ROTATIONS] if keys else []

    def load_key(self) -> None:
        """Use the key in the device's slot."""
        slot, keys = self.slot(), self.journal.get(KEYS_RECORD)
        self.public = self.board.keystore.public(slot)
        self.device_id = keys[KEYS_DEVICE] if keys else identity.device_id(self.public)
        self.signer = Signer(self.board.keystore, slot, identity.kid(self.device_id), self.pool.random)

    def check_rotation(self) -> None:
        """After a rotation: the key is the one that was signed in, and the one before it is gone. Raises
        StateDamaged."""
        rotations, keystore = self.rotations(), self.board.keystore
        if rotations:
            if self.public[:32] not in rotations[-1] or self.public[32:] not in rotations[-1]:
                raise StateDamaged("the key is not the one that the last rotation names")
            for slot in (DEVICE_SLOT, SPARE_SLOT):
                if slot != self.slot():
                    keystore.wipe(slot)  # a power cut may have left it

    def sign_anew(self, raw: bytes) -> bytes:
        """The message as it is; after a rotation one of the device's own with its key of now, under the same digest."""
        if not self.rotations():
            return raw
        from . import key_line  # heap, for devices that have rotated

        return key_line.signed_anew(self, raw)  # type: ignore[arg-type]  # it is a Device

    def key_of(self, raw: bytes) -> bytes:
        """The device's key (64 bytes) that signed a message of its own: of now, or one of before a rotation."""
        if not self.rotations():
            return self.public
        from . import key_line

        return key_line.signed_by(self, raw)  # type: ignore[arg-type]  # it is a Device

    def foreign_certificates(self, chain: list[bytes]) -> list[bytes]:
        """The certificates of `chain` that the device's own chain lacks."""
        return [raw for raw in chain if raw not in self.chain]
