"""What a device says of the chip that keeps its keys, which is no proof, and what it passes on of the chip's own word,
which `operate.chips` checks."""

from dataclasses import dataclass
from typing import Any, Final

from ..errors import Malformed, RefusedByDevice
from .client import Client
from .labels import ELEMENT

OPEN: Final = 0
OURS: Final = 1
FOREIGN: Final = 2

_SIZES: Final = (4, 9, 128, 128)
_SLOTS: Final = range(20, 52)
_KEYS: Final = range(96, 128)


@dataclass(frozen=True, slots=True)
class Element:
    """An ATECC608. state: OPEN, OURS or FOREIGN. revision 4 bytes, serial 9. config: its configuration zone. wanted:
    what it would be locked with, and stay so for ever; both 128 bytes."""

    state: int
    revision: bytes
    serial: bytes
    config: bytes
    wanted: bytes

    @property
    def changes(self) -> list[tuple[int, bytes, bytes]]:
        """What locking would change: (first byte, now, then) of each run of bytes that differ."""
        runs: list[tuple[int, bytes, bytes]] = []
        at = 0
        while at < len(self.config):
            end = at
            while end < len(self.config) and self.config[end] != self.wanted[end]:
                end += 1
            if end > at:
                runs.append((at, self.config[at:end], self.wanted[at:end]))
            at = end + 1
        return runs

    @property
    def slots(self) -> list[tuple[int, bytes, bytes]]:
        """(number, SlotConfig, KeyConfig) of each of the 16 slots, as they would be locked."""
        return [(slot, self.wanted[_SLOTS[2 * slot] :][:2], self.wanted[_KEYS[2 * slot] :][:2]) for slot in range(16)]


@dataclass(frozen=True, slots=True)
class Attested:
    """The chip's word on a key, as it came, unchecked. nonce 32 bytes, config: the configuration zone (128), slot: the
    chip's slot of the key, public and attestation: X || Y (64 each), statement 23, signature 64. certificate: X.509 in
    DER, by the chip's maker, or None. See firmware/keystore/atecc608_attest.py for what is signed."""

    nonce: bytes
    config: bytes
    slot: int
    public: bytes
    attestation: bytes
    statement: bytes
    signature: bytes
    certificate: bytes | None

    @property
    def serial(self) -> bytes:
        """9 bytes."""
        return self.config[0:4] + self.config[8:13]

    @property
    def revision(self) -> bytes:
        """4 bytes."""
        return self.config[4:8]

    def is_slot_locked(self, slot: int) -> bool:
        """Whether that configuration says that a slot never changes again."""
        return not self.config[88 + slot // 8] >> slot % 8 & 1


def read_attested(client: Client, nonce: bytes) -> Attested | None:
    """Have the chip that keeps a device's keys sign what it is, over the host's nonce (32 bytes). None where no chip
    does, or the firmware is too old to ask it. Raises as `Client.call` does, and Malformed."""
    try:
        return _parse_attested(client.call(ELEMENT, nonce))
    except RefusedByDevice as error:
        if error.code not in ("unsupported", "malformed"):
            raise
        return None


def read_element(client: Client) -> Element | None:
    """The chip that keeps a device's keys, or None where none does, or its firmware is too old to say. Raises as
    `Client.call` does."""
    try:
        return _parse(client.call(ELEMENT, None))
    except RefusedByDevice as error:
        if error.code != "unsupported":
            raise
        return None


def lock_element(client: Client, element: Element) -> None:
    """Lock that chip for ever, as `element` says it would be. Raises as `Client.call` does."""
    client.call(ELEMENT, element.wanted)


def _parse_attested(item: Any) -> Attested:
    sizes = (32, 128, None, 64, 64, 23, 64)
    well_formed = (
        isinstance(item, list)
        and len(item) == 8
        and type(item[2]) is int
        and item[2] in range(16)
        and all(
            size is None or (isinstance(part, bytes) and len(part) == size)
            for part, size in zip(item[:7], sizes, strict=True)
        )
        and (item[7] is None or (isinstance(item[7], bytes) and len(item[7]) > 0))
    )
    if not well_formed:
        raise Malformed("the device passes on something else of its chip than it should")
    return Attested(*item)


def _parse(item: Any) -> Element:
    """The reply to an element request. Raises Malformed."""
    well_formed = (
        isinstance(item, list)
        and len(item) == 5
        and item[0] in (OPEN, OURS, FOREIGN)
        and all(isinstance(part, bytes) and len(part) == size for part, size in zip(item[1:], _SIZES, strict=True))
    )
    if not well_formed:
        raise Malformed("the device says something else of its chip than it should")
    return Element(*item)
