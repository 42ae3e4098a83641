"""What belongs into the log of a shard: the audit holds every row against it, from the row on that makes it one.

Before that row shard 0 has all that the ledger had when it was divided, and the others what gives authority, as it was.
"""

from ...verify.memory import Terms
from .. import book
from ..intake import Act, Deposit, Withdrawal
from ..sharding import Dividing, Shifting
from ..store.database import Shard
from .authority import AUTHORITY_ACTS
from .places import shard_of


class Belonging:
    """shard: which the log is of, None where the ledger has none."""

    def __init__(self, shard: Shard | None) -> None:
        self._shard, self._begun = shard, False

    @property
    def lacking(self) -> bool:
        """Whether the log of a shard has not said that it is one."""
        return self._shard is not None and not self._begun

    def check(self, n: int, at: int, act: Act) -> None:
        """See that row `n`, taken at unix time `at`, belongs here. Raises book.Refusal `other_shard`."""
        shard = self._shard
        if isinstance(act, Dividing | Shifting) and at != act.at:
            raise _refusal("it says another time than its row")
        if isinstance(act, Dividing):
            if shard is None or self._begun or (act.number, act.of, n) != shard:
                raise _refusal("the ledger does not have this log as this shard, since this row")
            self._begun = True
        elif shard is None or not self._begun:
            early = shard is not None and shard.number > 0 and not isinstance(act, AUTHORITY_ACTS)
            if early or isinstance(act, Shifting):
                raise _refusal("the log is not yet that of a shard")
        else:
            _check_in(shard, n, act)


def _check_in(shard: Shard, n: int, act: Act) -> None:
    if isinstance(act, Shifting):
        here = [place.row for place in (act.source, act.target) if place.shard == shard.number]
        if here != [n] or max(act.source.shard, act.target.shard) >= shard.of or act.amount < 1:
            raise _refusal("it is not of this shard and row")
    name = act.digest if isinstance(act, Terms) else act.order.device if isinstance(act, Deposit | Withdrawal) else None
    if name is not None and shard_of(name, shard.of) != shard.number:
        raise _refusal(f"it belongs to shard {shard_of(name, shard.of)}")


def _refusal(why: str) -> book.Refusal:
    return book.Refusal("other_shard", why)
