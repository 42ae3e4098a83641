"""The keys of one device: the one that its certificate names, and those that its rotations have signed in since.

Limits: says that each key signed the next one in, and not whose turn it was to sign a reading; `verify` does.
"""

from collections.abc import Iterable
from typing import Final

from ..errors import BadCertificate
from .keys import PublicKey
from .messages import Message, Rotation

MOST_ROTATIONS: Final = 8


class KeyLine(PublicKey):
    """A device's key of now, and those before it. It has the names of the first key, which the device keeps; a
    signature by any of the keys is the device's."""

    def __init__(self, first: PublicKey, rotations: Iterable[Message[Rotation]]) -> None:
        """rotations: oldest first. Raises BadCertificate unless each is the next one, by the key before it."""
        super().__init__(first.xy)
        self.keys = [first]
        for rotation in rotations:
            self._turn(rotation)

    def _turn(self, rotation: Message[Rotation]) -> None:
        body, generation = rotation.body, len(self.keys)
        if (body.device, body.generation) != (self.device_id, generation) or generation > MOST_ROTATIONS:
            raise BadCertificate("a rotation is another device's, or not the next one", code="bad_rotation")
        if body.key in self.keys or not rotation.signed_by(self.newest):
            raise BadCertificate("a rotation is not by the key before it, or goes back", code="bad_rotation")
        self.keys.append(body.key)

    @property
    def newest(self) -> PublicKey:
        """The key of now."""
        return self.keys[-1]

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Whether the signature is one of these keys'."""
        return any(key.verify(digest, signature) for key in reversed(self.keys))


def line_of(first: PublicKey, rotations: Iterable[Message[Rotation]]) -> PublicKey:
    """The device's keys; the certified one alone where it has never rotated it. Raises BadCertificate."""
    found = list(rotations)
    return KeyLine(first, found) if found else first


def newest_of(key: PublicKey) -> PublicKey:
    """The one that signs now."""
    return key.newest if isinstance(key, KeyLine) else key
