"""The lines of keys: a device's certificate, its first rotation, its second, and so on to the key it signs with now.

Purpose: which key of a device signed, and whether it was that key's turn. A device keeps its id, that of its first key.
A reading's turn is by its number: a rotation names the last one that its signer signed. What has no number is the
newest key's to sign, but for what earlier keys promised (see `superseded`).
Limits: a rotation has to come before what the new key signed. Of two that contradict each other the first counts.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..wire.certificates import CLOCK_SKEW, Fault
from ..wire.keys import PublicKey
from ..wire.messages import Message, Rotation
from ..wire.times import utc
from .codes import EQUIVOCATION

MOST: Final = 8  # rotations of one device, as devices have it
SUPERSEDED_KEY: Final = "superseded_key"


class Turn(NamedTuple):
    """A rotation that counts: the key from then on, of which generation it is (the first: 1), the last reading of the
    key before it (0: none) and that one's digest, and the rotation's own digest."""

    generation: int
    key: PublicKey
    seq: int
    prev: bytes | None
    digest: bytes


class Lines:
    """The rotations that are known, by device id (32 bytes)."""

    def __init__(self) -> None:
        self._turns: dict[bytes, list[Turn]] = {}
        self._devices: dict[bytes, bytes] = {}  # id of a key that was signed in -> its device's
        self.contradicted: set[bytes] = set()

    def of(self, device: bytes) -> Sequence[Turn]:
        """The rotations of a device, oldest first."""
        return self._turns.get(device, ())

    def device_of(self, key: bytes) -> bytes | None:
        """The device that rotated to the key with this id, or with an id that begins so."""
        found = self._devices.get(key[:8])
        return (
            found if found is not None and any(turn.key.device_id.startswith(key) for turn in self.of(found)) else None
        )

    def add(self, message: Message[Rotation]) -> None:
        """Note a rotation that was judged: the next of its device, or one that contradicts another."""
        body, line = message.body, self._turns.setdefault(message.body.device, [])
        if body.generation == len(line) + 1:
            line.append(Turn(body.generation, body.key, body.seq or 0, body.prev, message.digest))
            self._devices.setdefault(body.key.kid, body.device)
        elif line[body.generation - 1].digest != message.digest:
            self.contradicted.add(body.device)

    def crosses(self, device: bytes, first: int, last: int) -> bool:
        """Whether the key changed between the readings with these numbers."""
        return any(first <= turn.seq < last for turn in self.of(device))

    def reading_fault(self, device: bytes, generation: int, seq: int, digest: bytes) -> Fault | None:
        """Faults of reading `seq` by the key of this generation: superseded_key, not_yet_valid, equivocation."""
        line = self.of(device)
        due = sum(turn.seq < seq for turn in line)
        if generation < due:
            return Fault(SUPERSEDED_KEY, f"its key was rotated away after reading {line[generation].seq}")
        if generation > due:
            return Fault("not_yet_valid", f"its key was signed in after reading {line[due].seq}")
        if any(turn.seq == seq and turn.prev not in (None, digest) for turn in line):
            return Fault(EQUIVOCATION, f"a rotation of its device names another reading {seq}")
        return None

    def superseded(self, device: bytes, generation: int) -> Fault | None:
        """Fault of a message without a number, by the key of this generation: superseded_key."""
        if generation == len(self.of(device)):
            return None
        return Fault(SUPERSEDED_KEY, "its device has rotated this key away")

    def rotation_fault(self, message: Message[Rotation], first: PublicKey, generation: int, now: int) -> Fault | None:
        """Faults of a rotation whose signature holds, by the key of this generation: bad_rotation, equivocation,
        not_yet_valid. first: the device's first key."""
        body, line = message.body, self.of(message.body.device)
        why = ""
        if body.generation != generation + 1:
            why = f"it is number {body.generation}, and the key that signed it signs number {generation + 1} alone"
        elif generation < len(line):
            same = line[generation].digest == message.digest
            return None if same else Fault(EQUIVOCATION, f"its signer signed another rotation {body.generation}")
        elif body.generation > MOST:
            why = f"a device has {MOST} rotations at most"
        elif body.key == first or any(turn.key == body.key for turn in line):
            why = "its new key is one that the device had before"
        elif line and (body.seq or 0) < line[-1].seq:
            why = f"it stands before reading {line[-1].seq}, as the rotation before it does not"
        if why:
            return Fault("bad_rotation", why)
        late = body.rotated_at > now + CLOCK_SKEW
        return Fault("not_yet_valid", f"its time is {utc(body.rotated_at)}, after now") if late else None
