"""What is known of channels and signers: what every rule of the verifier reads, behind one Protocol.

A bundle has a memory of its own (`BundleMemory`), a ledger has its tables. A verifier gets one handed in and asks
nothing else. Digests, device ids and network ids are 32 bytes; amounts are in the asset's smallest unit; times are
unix seconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, Protocol, TypeAlias

from ..wire.keys import PublicKey
from ..wire.messages import ChannelClose, Checkpoint, Funding, Message, Voucher
from .entries import Entries, Shelf
from .readings import Head

Place: TypeAlias = Sequence[Any]  # of a voucher: its channel, its lane and its number first
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


class Channel(NamedTuple):
    """A channel as a bundle shows it. owed: what its accepted vouchers are worth, at most the capacity."""

    terms: Terms
    owed: int
    closed: bool


class Memory(Protocol):
    """What is known before a message is judged."""

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """The accepted certificates whose subject has this 8-byte hint, oldest first, as received."""

    def seen(self, digest: bytes) -> bool:
        """Whether a message with this digest was taken."""

    def channel(self, digest: bytes) -> Terms | None:
        """A channel, once its channel-open was taken."""

    def lane(self, channel: bytes, number: int) -> Lane | None:
        """The best voucher of a lane."""

    def numbered(self, channel: bytes, lane: int, seq: int) -> bytes | None:
        """The digest of the voucher that was taken first with this number."""

    def voucher(self, digest: bytes) -> Voucher | None:
        """A voucher by its digest."""

    def close(self, channel: bytes, signer: bytes) -> ChannelClose | None:
        """The first close that this party signed."""

    def revoked_from(self, device: bytes) -> int | None:
        """The time from which a revocation of this device counts."""

    def owner(self, device: bytes) -> PublicKey | None:
        """The owner's key that the device's newest grant names."""

    def head(self, signer: bytes) -> Head | None:
        """The newest entry of a signer's log: a device's reading, an issuer's factory record."""


@dataclass(slots=True)
class Known:
    """What a bundle shows of a channel. numbers: the digest of the first voucher of each lane and number."""

    terms: Terms
    lanes: dict[int, Lane] = field(default_factory=dict)
    numbers: dict[tuple[int, int], bytes] = field(default_factory=dict)
    closes: dict[bytes, ChannelClose] = field(default_factory=dict)


class BundleMemory:
    """What the messages of one bundle have shown so far. heads: for a signer, the newest entry of its log that an
    earlier bundle showed."""

    def __init__(self, heads: Mapping[bytes, Head] | None = None) -> None:
        self._channels: dict[bytes, Known] = {}
        self._vouchers: dict[bytes, Message[Voucher]] = {}
        self._seen: set[bytes] = set()
        self._revoked: dict[bytes, int] = {}
        self._checkpoints: dict[tuple[bytes, int], Checkpoint] = {}
        self._fundings: set[tuple[bytes, bytes | None, int]] = set()
        self.earlier = dict(heads or {})
        self.heads: dict[bytes, Head] = {}
        self._entries: dict[bytes, Entries] = {}
        self._shelf = Shelf()

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """None: the verifier of a bundle knows its certificates as they come."""
        return ()

    def seen(self, digest: bytes) -> bool:
        """Whether a message with this digest came before."""
        return digest in self._seen

    def known(self, channel: bytes) -> Known | None:
        """All that this bundle shows of a channel."""
        return self._channels.get(channel)

    def channel(self, digest: bytes) -> Terms | None:
        """A channel of this bundle."""
        known = self._channels.get(digest)
        return None if known is None else known.terms

    def lane(self, channel: bytes, number: int) -> Lane | None:
        """The best voucher of a lane so far."""
        return self._channels[channel].lanes.get(number)

    def numbered(self, channel: bytes, lane: int, seq: int) -> bytes | None:
        """The digest of the voucher that came first with this number."""
        return self._channels[channel].numbers.get((lane, seq))

    def voucher(self, digest: bytes) -> Voucher | None:
        """A voucher that its channel's payer signed."""
        found = self._vouchers.get(digest)
        return None if found is None else found.body

    def close(self, channel: bytes, signer: bytes) -> ChannelClose | None:
        """The first close that this party signed."""
        return self._channels[channel].closes.get(signer)

    def revoked_from(self, device: bytes) -> int | None:
        """The earliest time from which a revocation of this device counts."""
        return self._revoked.get(device)

    def owner(self, device: bytes) -> PublicKey | None:
        """None: a bundle's owners are those of the policy."""
        return None

    def head(self, signer: bytes) -> Head | None:
        """The newest entry of a signer's log in this bundle."""
        return self.heads.get(signer)

    def entry(self, signer: bytes, seq: int) -> bytes | None:
        """The digest of the entry that came first with this number of a signer's log."""
        earlier = self.earlier.get(signer)
        return earlier.digest if earlier is not None and earlier.seq == seq else self.entries(signer).get(seq)

    def entries(self, signer: bytes) -> Entries:
        """The entries of a signer's log in this bundle."""
        found = self._entries.get(signer)
        return self._entries.setdefault(signer, Entries(self._shelf)) if found is None else found

    def checkpoint(self, shown: Checkpoint) -> Checkpoint:
        """The checkpoint of the same ledger and the same number of rows that came first."""
        return self._checkpoints.setdefault((shown.ledger, shown.rows), shown)

    def channels(self) -> Iterator[Channel]:
        """Every channel of this bundle, and what is owed in it."""
        for known in self._channels.values():
            owed = min(known.terms.capacity, sum(lane.worth for lane in known.lanes.values()))
            yield Channel(known.terms, owed, bool(known.closes))

    # what a verifier of a bundle keeps

    def keep(self, digest: bytes) -> None:
        """Note that a message was taken."""
        self._seen.add(digest)

    def keep_channel(self, terms: Terms) -> None:
        """Note a channel."""
        self._channels.setdefault(terms.digest, Known(replace(terms, funded=self.is_funded(terms))))

    def keep_funding(self, funding: Funding, ledger: bytes) -> None:
        """Note that a ledger has funded a channel, which may still be unknown."""
        self._fundings.add((funding.channel, ledger, funding.amount))
        known = self._channels.get(funding.channel)
        if known is not None:
            known.terms = replace(known.terms, funded=True)

    def is_funded(self, terms: Terms) -> bool:
        """Whether the ledger that the channel names has locked its capacity."""
        return (terms.digest, terms.ledger, terms.capacity) in self._fundings

    def keep_voucher(self, message: Message[Voucher], place: Place, lane: Lane | None) -> None:
        """Note the payer's voucher in its place, and its lane as it is afterwards."""
        channel, number, seq = place[:3]
        self._vouchers[message.digest] = message
        known = self._channels[channel]
        known.numbers.setdefault((number, seq), message.digest)
        self.keep_lane(channel, number, lane)

    def keep_lane(self, channel: bytes, number: int, lane: Lane | None) -> None:
        """Note a lane as it is now, where it rose."""
        if lane is not None:
            self._channels[channel].lanes[number] = lane

    def keep_close(self, close: ChannelClose, signer: bytes) -> None:
        """Note a party's close."""
        self._channels[close.channel].closes.setdefault(signer, close)

    def keep_revocation(self, device: bytes, start: int) -> None:
        """Note a revocation; the earliest counts."""
        self._revoked[device] = min(start, self._revoked.get(device, start))

    def keep_entry(self, signer: bytes, entry: Head) -> None:
        """Note an entry of a signer's log, and the newest: after a gap the log goes on from there."""
        self.entries(signer).add(entry.seq, entry.digest)
        newest = self.heads.get(signer)
        if newest is None or entry.seq > newest.seq:
            at = newest.at if newest is not None and entry.at is None else entry.at
            self.heads[signer] = entry._replace(at=at)


@lru_cache(maxsize=8)
def unlocks(secrets: tuple[bytes, ...]) -> frozenset[bytes]:
    """The hash-locks (SHA-256, 32 bytes) that these secrets open."""
    return frozenset(sha256(secret).digest() for secret in secrets)
