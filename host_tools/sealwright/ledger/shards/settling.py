"""Settling into a ledger in shards: each message is dealt to its shard, and taken there as into a ledger of one log.

What gives authority is taken by all shards in one transaction, and so is what needs money of another shard, or an
owner's order. Such a transaction takes the turns of all shards at its beginning, in the order of their numbers; every
other one takes one turn. So no two settlers wait for each other in a circle, and none sees half of it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ...verify import Verdict
from ...verify.aside import Aside
from ...wire.messages import Body, Message
from ..ahead import Ahead
from ..attempts import Turns
from ..moved import Moved
from ..newest import Items
from ..running import Run
from ..settling import WAIT_FOR_MORE
from ..store.database import Database
from ..store.faults import LedgerDamaged
from .authority import AUTHORITY
from .covering import Table
from .dealing import Dealer

_EACH: Final = 128  # messages that all shards wait for at once


class ShardedSettlement(Run):
    """One run over messages. table: has the settlements of all shards. owned: the shards of this settler; it leaves
    the messages of others."""

    def __init__(
        self, database: Database, table: Table, owned: Sequence[int], *, dealer: Dealer, ahead: Ahead, moved: Moved
    ) -> None:
        super().__init__(ahead, moved)
        self._table, self._owned, self._dealer = table, owned, dealer
        self._has_refunded = False
        self._all = Turns(database, [member.log for member in table.members], table.watch)

    def look_at(self, window: int) -> None:
        """Look at so many messages together."""
        super().look_at(window)
        for member in self._table.members:
            member.look_at(window)

    def introduce(self) -> None:
        """Put the ledger's own certificates into all logs."""
        if self._table.members[self._owned[0]].lacks():

            def work() -> None:
                for member in self._table.members:
                    member.introduce_all()

            self._together(work)

    def refund_ended(self) -> int:
        """Refund every channel of this settler's shards whose claim has ended; returns how many."""
        self._has_refunded = True
        return sum(self._table.members[number].refund_ended() for number in self._owned)

    def settle_window(
        self, items: Items, batch: int, aside: Aside | None, closes: Aside | None = None
    ) -> Iterator[Verdict]:
        """The verdicts on a window: first what others rest on."""
        dealt, members = self._dealer.deal(items), self._table.members
        if not self._has_refunded:  # where nothing comes for a shard, nothing else looks at the time there
            self.refund_ended()
        yield from dealt.left
        first = {self._owned[0]: dealt.authority} if dealt.authority else {}
        for groups in ((first, dealt.orders), (dealt.opens,)):
            together: Items = []
            for number, some in (one for group in groups for one in group.items()):
                yield from members[number].settle_all(some, batch, aside, closes, together)
            together.sort()
            for at in range(0, len(together), _EACH):
                yield from self._settle_together(together[at : at + _EACH], aside)
        for number, some in dealt.rest.items():
            yield from members[number].settle_window(some, batch, aside, closes)

    def _settle_together(self, chunk: Items, aside: Aside | None) -> list[Verdict]:
        """The verdicts on messages that need all shards; what waits for more goes into `aside`."""
        dealt = self._dealer.deal(chunk)
        homes = {n: number for group in (dealt.orders, dealt.opens) for number, some in group.items() for n, _ in some}
        verdicts: list[Verdict] = []
        waiting: Items = []

        def work() -> None:
            verdicts.clear()
            waiting.clear()
            for member in self._table.members:
                member.refund_some()
            for n, raw in chunk:
                message = self._ahead.parse(n, raw)
                verdict = message if isinstance(message, Verdict) else self._take(n, message, homes.get(n))
                wait = aside is not None and verdict.code in WAIT_FOR_MORE
                waiting.append((n, raw)) if wait else verdicts.append(verdict)

        self._together(work)
        if aside is not None:
            aside.put_all(waiting)
        return verdicts

    def _take(self, n: int, message: Message[Body], home: int | None) -> Verdict:
        members = self._table.members
        if not isinstance(message.body, AUTHORITY):
            assert home is not None
            return members[home].take(n, message)
        found = [member.take(n, message) for member in members]
        if len({one.code for one in found}) > 1:
            codes = ", ".join(one.code for one in found)
            raise LedgerDamaged(f"the shards do not agree on a {message.type}: {codes}")
        return found[0]

    def _together(self, work: Callable[[], None]) -> None:
        """Do it in one transaction with the turns of all shards."""

        def with_all() -> None:
            self._table.has_all = True
            try:
                work()
            finally:
                self._table.has_all = False

        self._all.take(with_all)
        for member in self._table.members:
            member.note()
