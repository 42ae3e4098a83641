"""What the messages of one bundle have shown: the memory of a verifier that has nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ..wire.keys import PublicKey
from ..wire.messages import Body, ChannelClose, Checkpoint, Delegation, Funding, LogEnd, Message, Receipt, Voucher
from ..wire.messages.plain import PlainVoucher
from .channels import MAX_LANES
from .entries import Entries, Shelf
from .memory import Lane, Terms
from .ownership import Owners, Step
from .readings import Head
from .shown import Digests, Place, Scratch, Shown, Vouchers

_MOST_STEPS: Final = 256


class Channel(NamedTuple):
    """A channel as a bundle shows it. owed: what its accepted vouchers are worth, at most the capacity."""

    terms: Terms
    owed: int
    closed: bool


@dataclass(slots=True)
class Known:
    """What a bundle shows of a channel. lanes: the best voucher of each. numbers: the vouchers of each. closes: of the
    parties' keys of now. is_ending: any key of theirs closed it."""

    terms: Terms
    lanes: dict[int, Lane] = field(default_factory=dict)
    numbers: dict[int, Entries] = field(default_factory=dict)
    closes: dict[bytes, ChannelClose] = field(default_factory=dict)
    is_ending: bool = False


class BundleMemory:
    """What the messages of one bundle have shown so far. heads: for a signer, the newest entry of its log that an
    earlier bundle showed."""

    def __init__(self, heads: Mapping[bytes, Head] | None = None) -> None:
        self._channels: dict[bytes, Known] = {}
        scratch = Scratch()
        self._vouchers, self._taken = Vouchers(scratch), Digests(scratch)
        self._revoked: dict[bytes, int] = {}
        self._ends: dict[tuple[bytes, int, int], LogEnd] = {}
        self._fundings: set[tuple[bytes, bytes | None, int]] = set()
        self.earlier = dict(heads or {})
        self.heads: dict[bytes, Head] = {}
        self._entries: dict[bytes, Entries] = {}
        self._owners: dict[bytes, Owners] = {}
        self._delegations: dict[bytes, Delegation] = {}
        self._shelf = Shelf()

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """None: the verifier of a bundle knows its certificates as they come."""
        return ()

    def seen(self, message: Message[Body]) -> bool:
        """Whether this message was taken before."""
        body = message.body
        if not isinstance(body, Voucher):
            return message.digest in self._taken
        found = self._shown(Place(body.channel, body.lane, body.seq), message.digest)
        return found is not None and found.taken

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
        numbers = self._channels[channel].numbers.get(lane)
        return None if numbers is None else self._vouchers.first(numbers, seq)

    def acknowledged(self, receipt: Receipt) -> Voucher | None:
        """The voucher of the channel's payer that a receipt names: its place, its amount and its ticks."""
        found = self._shown(Place(receipt.channel, receipt.lane, receipt.seq), receipt.voucher)
        return None if found is None else found.body

    def _shown(self, place: Place, digest: bytes) -> Shown | None:
        known = self._channels.get(place.channel)
        return None if known is None else self._vouchers.find(known.numbers.get(place.lane), place, digest)

    def close(self, channel: bytes, signer: bytes) -> ChannelClose | None:
        """The first close that this party signed."""
        return self._channels[channel].closes.get(signer)

    def revoked_from(self, device: bytes) -> int | None:
        """The earliest time from which a revocation of this device counts."""
        return self._revoked.get(device)

    def owner(self, device: bytes) -> PublicKey | None:
        """None: a bundle's owners are those of the policy."""
        return None

    def owners(self, device: bytes) -> Owners:
        """What this bundle has shown of the device's owners."""
        return self._owners.get(device, Owners())

    def delegation(self, digest: bytes) -> Delegation | None:
        """A delegation of this bundle."""
        return self._delegations.get(digest)

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

    def ends(self, shown: Checkpoint) -> list[LogEnd]:
        """For each shard what the checkpoint that came first says of as many rows of its log."""
        return [self._ends.setdefault((shown.ledger, at, end.rows), end) for at, end in enumerate(shown.ends())]

    def channels(self) -> Iterator[Channel]:
        """Every channel of this bundle, and what is owed in it."""
        for known in self._channels.values():
            owed = min(known.terms.capacity, sum(lane.worth for lane in known.lanes.values()))
            yield Channel(known.terms, owed, known.is_ending)

    # what a verifier of a bundle keeps

    def keep(self, digest: bytes) -> None:
        """Note that a message was taken, which is no voucher."""
        self._taken.add(digest)

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

    def keep_voucher(self, message: Message[Voucher], lane: Lane | None, *, taken: bool) -> None:
        """Note the payer's voucher, and its lane as it is afterwards. taken: the voucher holds."""
        body, digest = message.body, message.digest
        numbers = None if body.lane >= MAX_LANES else self._numbers(self._channels[body.channel], body.lane)
        place = Place(body.channel, body.lane, body.seq)
        shown = self._vouchers.find(numbers, place, digest)
        is_first = numbers is not None and self._vouchers.first(numbers, body.seq) is None
        if numbers is not None and is_first and taken and body.ticks is None:
            self._vouchers.put(numbers, body.seq, digest, body.amount)
        elif shown is None or (taken and not shown.taken):
            self._vouchers.put_whole(numbers, message, taken=taken)
        self.keep_lane(body.channel, body.lane, lane)

    def keep_raise(self, known: Known, says: PlainVoucher) -> None:
        """Note a plain voucher of the payer that raises its lane, and whose number is the highest there."""
        _, number, seq, amount, digest = says
        self._vouchers.put(self._numbers(known, number), seq, digest, amount)
        known.lanes[number] = Lane(seq, amount, digest)

    def _numbers(self, known: Known, lane: int) -> Entries:
        found = known.numbers.get(lane)
        return known.numbers.setdefault(lane, self._vouchers.lane()) if found is None else found

    def keep_lane(self, channel: bytes, number: int, lane: Lane | None) -> None:
        """Note a lane as it is now, where it rose."""
        if lane is not None:
            self._channels[channel].lanes[number] = lane

    def keep_close(self, close: ChannelClose, signer: bytes, *, by_earlier_key: bool) -> None:
        """Note a party's close; by a key that it rotated away, only that there is one."""
        known = self._channels[close.channel]
        known.is_ending = True
        if not by_earlier_key:
            known.closes.setdefault(signer, close)

    def keep_revocation(self, device: bytes, start: int) -> None:
        """Note a revocation; the earliest counts."""
        self._revoked[device] = min(start, self._revoked.get(device, start))

    def keep_step(self, device: bytes, step: Step) -> None:
        """Note a transfer of ownership."""
        known = self.owners(device)
        if len(known.steps) >= _MOST_STEPS:  # a device has 15 at most; the rest is noise
            return
        self._owners[device] = known._replace(steps=(*known.steps, step))

    def keep_delegation(self, digest: bytes, body: Delegation) -> None:
        """Note a delegation."""
        self._delegations[digest] = body

    def keep_entry(self, signer: bytes, entry: Head) -> None:
        """Note an entry of a signer's log, and the newest: after a gap the log goes on from there."""
        self.entries(signer).add(entry.seq, entry.digest)
        newest = self.heads.get(signer)
        if newest is None or entry.seq > newest.seq:
            at = newest.at if newest is not None and entry.at is None else entry.at
            self.heads[signer] = entry._replace(at=at)
