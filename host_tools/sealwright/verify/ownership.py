"""Who owns a device: the owner that its grant names, and the transfers since.

The owner is a function of the set of transfers, never of their order. Where two contradict each other, nobody is the
owner until the device itself says whom it obeys: it took one of the two, signed by the new owner too, and no more.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..wire.keys import PublicKey
from ..wire.messages import Owned

MOST_TRANSFERS: Final = 15  # of one device: it takes no more


class Step(NamedTuple):
    """A transfer: X || Y of the old owner's key and of the new one's. generation: from 1."""

    generation: int
    old: bytes
    new: bytes


class Owners(NamedTuple):
    """What is known of a device's owners. granted: X || Y of the key that the grant names, None where it is not known.
    words: what the device said of whom it obeys."""

    granted: bytes | None = None
    steps: Sequence[Step] = ()
    words: Sequence[Owned] = ()

    def levels(self, start: bytes, generation: int = 0) -> list[frozenset[bytes]]:
        """Who may own it from `generation` on, where `start` does then: of each generation the keys."""
        found = [frozenset((start,))]
        while found[-1]:
            at = generation + len(found)
            found.append(frozenset(one.new for one in self.steps if one.generation == at and one.old in found[-1]))
        return found[:-1]

    def reaches(self, generation: int, key: bytes) -> bool:
        """Whether the transfers known lead to this key as the owner of this generation."""
        levels = [] if self.granted is None else self.levels(self.granted)
        return generation < len(levels) and key in levels[generation]

    def _decided(self, granted: bytes) -> tuple[bytes, int]:
        """The last owner that the device itself named, and the generation; else the grant's."""
        levels, found = self.levels(granted), (granted, 0)
        for at in sorted({word.generation for word in self.words if word.generation < len(levels)}):
            said = {word.owner for word in self.words if word.generation == at}
            named = [key for key in levels[at] if PublicKey(key).device_id in said]
            if len(said) == len(named) == 1:
                found = named[0], at
        return found

    def newest(self) -> bytes | None:
        """X || Y of the owner's key; None where no grant is known, or transfers contradict each other."""
        if self.granted is None:
            return None
        start, generation = self._decided(self.granted)
        ends: set[bytes] = set()
        for at, keys in enumerate(self.levels(start, generation), generation + 1):
            going_on = {one.old for one in self.steps if one.generation == at}
            ends |= keys - going_on
        return ends.pop() if len(ends) == 1 else None

    def sole(self, generation: int, key: bytes) -> bool:
        """Whether nobody else may have been the owner of this generation."""
        if self.granted is None:
            return False
        start, since = self._decided(self.granted)
        if generation < since:
            start, since = self.granted, 0
        levels = self.levels(start, since)
        return generation - since < len(levels) and levels[generation - since] == {key}

    def rival(self, step: Step) -> bool:
        """Whether another transfer of the same owner and generation is known."""
        return any(one[:2] == step[:2] and one.new != step.new for one in self.steps)


def disputed(owners: Owners) -> bool:
    """Whether transfers contradict each other, and no word of the device decides."""
    return owners.granted is not None and owners.newest() is None
