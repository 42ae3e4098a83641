"""What is known of channels and signers: what every rule of the verifier reads, behind one Protocol.

A bundle has a memory of its own (`BundleMemory`), a ledger has its tables. A verifier gets one handed in and asks
nothing else. Digests, device ids and network ids are 32 bytes; amounts are in the asset's smallest unit; times are
unix seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, Protocol

from ..wire.keys import PublicKey
from ..wire.messages import Body, ChannelClose, Delegation, Message, Receipt, Voucher
from .ownership import Owners
from .readings import Head

FAR: int = 2**62  # the latest claim's end there is: a sum of times that stays in 64 bits


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel-open says, as far as rules read it, and what a ledger has made of it.

    window: seconds that a claim stays open after a close or the expiry. claim_end: when the claim ends, as known now.
    funded: a ledger has locked the capacity, and the payer's standing no longer matters.
    """

    digest: bytes
    payer: bytes
    payee: bytes
    asset: str
    capacity: int
    expires: int
    window: int
    ledger: bytes | None = None
    claim_end: int = FAR
    funded: bool = False


class Lane(NamedTuple):
    """The best voucher of a lane: its `seq`, what it is worth, and its digest."""

    seq: int
    worth: int
    voucher: bytes


class Memory(Protocol):
    """What is known before a message is judged."""

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """The accepted certificates whose subject has this 8-byte hint, and rotations from and to it, oldest first, as
        received."""

    def seen(self, message: Message[Body]) -> bool:
        """Whether this message was taken before, perhaps with another signature."""

    def channel(self, digest: bytes) -> Terms | None:
        """A channel, once its channel-open was taken."""

    def lane(self, channel: bytes, number: int) -> Lane | None:
        """The best voucher of a lane."""

    def numbered(self, channel: bytes, lane: int, seq: int) -> bytes | None:
        """The digest of the voucher that was taken first with this number."""

    def acknowledged(self, receipt: Receipt) -> Voucher | None:
        """The voucher that a receipt names by its digest, with its place, its amount and its ticks at least."""

    def close(self, channel: bytes, signer: bytes) -> ChannelClose | None:
        """The first close that this party signed."""

    def revoked_from(self, device: bytes) -> int | None:
        """The time from which a revocation of this device counts."""

    def owner(self, device: bytes) -> PublicKey | None:
        """The device's owner by its newest grant and the transfers since, where they are known and agree."""

    def owners(self, device: bytes) -> Owners:
        """What is known of the device's owners."""

    def delegation(self, digest: bytes) -> Delegation | None:
        """A delegation by its digest, once it was taken."""

    def head(self, signer: bytes) -> Head | None:
        """The newest entry of a signer's log: a device's reading, an issuer's factory record."""


@lru_cache(maxsize=8)
def unlocks(secrets: tuple[bytes, ...]) -> frozenset[bytes]:
    """The hash-locks (SHA-256, 32 bytes) that these secrets open."""
    return frozenset(sha256(secret).digest() for secret in secrets)
