"""What the ledger knows, as the rules read it (`verify.memory.Memory`): every answer comes from the ledger's tables.

Limits: an answer is as of the row before, so a message has to be in the tables before the next one is judged. Vouchers
that moved nothing are not kept in the log; the latest of them are remembered for the receipts that follow them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar, cast

from ..errors import WrongType
from ..verify import Finding, Verdict
from ..verify.codes import EQUIVOCATION
from ..verify.lines import SUPERSEDED_KEY
from ..verify.memory import Lane, Terms
from ..verify.ownership import Owners
from ..verify.readings import Head, time_of
from ..wire.keys import PublicKey
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    Delegation,
    FactoryRecord,
    Message,
    Reading,
    Receipt,
    Rotation,
    Voucher,
    parse_as,
)
from .store.batched import BatchedTables
from .watch import Watch

T = TypeVar("T")
_MOST_SHOWN: Final = 4096  # vouchers, and heads of logs
# vouchers that pay nothing as they are: a tick that a receipt reveals may make them the best of their lane
_SHOWN_ALL_THE_SAME: Final = frozenset({EQUIVOCATION, "amount_decreased"})


class LedgerMemory:
    """The memory of the ledger with these tables, this id (32 bytes), and this time to judge as of."""

    def __init__(self, tables: BatchedTables, ledger: bytes, watch: Watch) -> None:
        self._tables, self._watch = tables, watch
        tables.of_ledger(ledger)
        self._shown: OrderedDict[bytes, Message[Voucher]] = OrderedDict()
        self._unchecked: OrderedDict[bytes, Message[Voucher]] = OrderedDict()
        self.prove: Callable[[Message[Voucher]], bool] = lambda _: False
        self._heads: OrderedDict[bytes, Head] = OrderedDict()

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """The accepted certificates for this key hint, and rotations from and to it, oldest first, each to be judged as
        of when it was taken.

        As of now a renewal that has expired would be refused, and the certificate before it would count again; an
        audit, which meets them in the order of the log, would disagree.
        """
        now = self._watch.at
        try:
            for at, raw in self._tables.certificates(kid):
                self._watch.at = at
                yield raw
        finally:
            self._watch.at = now

    def seen(self, message: Message[Body]) -> bool:
        """Whether the log has a message with this digest."""
        return self._tables.row_of(message.digest) is not None

    def channel(self, digest: bytes) -> Terms | None:
        """A channel whose capacity the ledger locked."""
        channel = self._tables.channel(digest)
        return None if channel is None else channel.terms

    def lane(self, channel: bytes, number: int) -> Lane | None:
        """The best voucher of a lane."""
        return self._tables.lane(channel, number)

    def numbered(self, channel: bytes, lane: int, seq: int) -> bytes | None:
        """The digest of the voucher that was settled first with this number."""
        return self._tables.numbered(channel, lane, seq)

    def acknowledged(self, receipt: Receipt) -> Voucher | None:
        """A voucher of the log, or one shown lately."""
        message = self.voucher_message(receipt.voucher)
        return None if message is None else message.body

    def voucher_message(self, digest: bytes) -> Message[Voucher] | None:
        """The whole message of a voucher of the log, or of one shown lately."""
        shown = self._shown.get(digest)
        if shown is None and digest in self._unchecked and self.prove(self._unchecked[digest]):
            shown = self._unchecked[digest]
        if shown is not None:
            return shown
        raw = self._tables.settled(digest)
        try:
            return None if raw is None else parse_as(raw, Voucher)
        except WrongType:  # a receipt may name any message of the log
            return None

    def close(self, channel: bytes, signer: bytes) -> ChannelClose | None:
        """The first close that this party signed."""
        raw = self._tables.first_close(channel, signer)
        return None if raw is None else parse_as(raw, ChannelClose).body

    def revoked_from(self, device: bytes) -> int | None:
        """The time from which a revocation of this device counts."""
        return self._tables.revoked_from(device)

    def owner(self, device: bytes) -> PublicKey | None:
        """The device's owner by its newest grant and the transfers since; None where these contradict each other."""
        newest = self.owners(device).newest()
        return None if newest is None else PublicKey(newest)

    def owners(self, device: bytes) -> Owners:
        """The grant, the transfers and the words of the device that the log has."""
        return self._tables.owners(device)

    def delegation(self, digest: bytes) -> Delegation | None:
        """None: no operator orders anything of a ledger."""
        return None

    def head(self, signer: bytes) -> Head | None:
        """The newest entry of a signer's log that this settlement has seen."""
        return self._heads.get(signer)

    def is_copy(self, message: Message[Body], found: Finding) -> bool:
        """Whether the log has the message, perhaps with another signature: anyone can make a second one of the same.

        The judge takes a certificate or a rotation as often as it comes; the log keeps it once. A device that rotates
        its key signs what it holds again: its earlier signature of it says nothing new.
        """
        if found.fault is None:
            again = isinstance(message.body, Certificate | Rotation)
        else:
            again = found.fault.code in ("replay", SUPERSEDED_KEY)
        return again and self.seen(message)

    def heed(self, message: Message[Body], found: Finding) -> None:
        """Remember what later messages of the bundle rest on and the log may not keep."""
        body = message.body
        if isinstance(body, Voucher) and (found.fault is None or found.fault.code in _SHOWN_ALL_THE_SAME):
            self.show(Message(message.sign1, body))
        elif isinstance(body, Reading | FactoryRecord) and found.signer is not None and found.fault is None:
            _put(self._heads, found.signer, Head(body.seq, message.digest, time_of(body)))

    def show(self, voucher: Message[Voucher]) -> None:
        """Remember a voucher that holds, for the receipts that follow it."""
        _put(self._shown, voucher.digest, voucher)

    def leave_unchecked(self, verdicts: Sequence[Verdict]) -> None:
        """Remember vouchers that were not checked, for the receipts that follow them: these have them checked."""
        kept = self._unchecked
        kept.update((v.digest or b"", cast("Message[Voucher]", v.message)) for v in verdicts[-_MOST_SHOWN:])
        while len(kept) > _MOST_SHOWN:
            kept.popitem(last=False)

    def mark(self) -> "OrderedDict[bytes, Head]":
        """The newest entries seen, for `back_to`."""
        return self._heads.copy()

    def back_to(self, mark: "OrderedDict[bytes, Head]") -> None:
        """Forget the entries seen since: what came with them is to be judged again."""
        self._heads = mark.copy()


def _put(kept: "OrderedDict[bytes, T]", key: bytes, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _MOST_SHOWN:
        kept.popitem(last=False)
