"""Windows of messages: gathered, settled batch by batch, and of each lane the best voucher first where that is asked.

Limits: a window is in memory; what it leaves for later is on disk.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from ..errors import Truncated
from ..verify import Judge, Verdict
from ..verify.aside import Aside
from ..verify.bulk import without_cycles
from ..wire.messages import Message, Voucher
from .memory import LedgerMemory
from .newest import Candidate, Items, divide, next_round
from .store.tables import Tables
from .watch import Watch

Settle = Callable[[Items], Iterable[Verdict]]


class NewestFirst:
    """Settles the vouchers of a window, each lane's best first. It proves for the memory what was left unchecked."""

    def __init__(self, tables: Tables, memory: LedgerMemory, judge: Judge, watch: Watch) -> None:
        self._tables, self._memory, self._judge, self._watch = tables, memory, judge, watch
        memory.prove = self._prove

    def rounds(self, lanes: list[list[Candidate]], settle: Settle, aside: Aside | None) -> Iterator[Verdict]:
        """The verdicts on the vouchers of these lanes, each lane's best first; what has to wait goes into `aside`."""
        most = 1
        while lanes:
            check: Items = []
            with without_cycles():
                found = [next_round(lane, self._tables, self._watch.at, most) for lane in lanes]
                superseded = [verdict for one in found for verdict in one.superseded]
            self._memory.leave_unchecked(superseded)
            yield from superseded
            for one in found:
                check += one.check
                if aside is None:
                    check += one.wait
                else:
                    aside.put_all(one.wait)
            yield from settle(check)
            lanes = [one.left for one in found if one.left]
            most *= 2  # where many in a row do not hold, few rounds are enough

    def _prove(self, voucher: Message[Voucher]) -> bool:
        """Whether its channel's payer signed a voucher that was left unchecked."""
        terms = self._memory.channel(voucher.body.channel)
        return terms is not None and self._judge.signers.party(voucher, terms.payer)


def settle_window(items: Items, settle: Settle, newest: NewestFirst | None, aside: Aside | None) -> Iterator[Verdict]:
    """The verdicts on a window. settle: takes any number, batch by batch. newest: None to take all as they came. aside:
    for what waits."""
    lanes: list[list[Candidate]] = []
    if newest is not None:
        with without_cycles():
            items, lanes = divide(items)
    yield from settle(items)
    if newest is not None:
        yield from newest.rounds(lanes, settle, aside)


def gather(source: Iterator[bytes], most: int) -> tuple[list[bytes], Truncated | None]:
    """The next messages, and what the bundle broke off with; what came whole before that counts."""
    chunk: list[bytes] = []
    try:
        for raw in islice(source, most):
            chunk.append(raw)
    except Truncated as error:
        return chunk, error
    return chunk, None
