"""What a shard's settlement asks of the others: money of a device that lies there, and that all take what gives
authority.

Where a channel-open or a withdrawal needs more than the device has in its shard, the rest comes from the other shards,
in the order of their numbers, by a row in both logs. Only while this process has the turns of all shards: else the
message is left until it has.
"""

from collections.abc import Sequence

from ...verify.memory import Terms
from ...wire.messages import Body, Certificate, Message, Place, Rotation, Shift
from .. import book
from ..intake import Act, Deposit, Withdrawal
from ..others import NeedsAll
from ..posting import decide
from ..settling import Settlement
from ..sharding import act_in_shards
from ..store.tables import Tables
from ..watch import Watch
from .authority import AUTHORITY_ACTS


class Table:
    """The settlements of all shards at one table. has_all: this process has the turns of all of them. ledger: its id.
    past: the tables of shard 0, where the ledger has orders of before it was divided."""

    def __init__(self, ledger: bytes, watch: Watch) -> None:
        self.ledger, self.watch, self.has_all = ledger, watch, False
        self.past: Tables | None = None
        self.members: Sequence[Settlement] = ()


class Beside:
    """The others of shard `number`, for its settlement."""

    def __init__(self, table: Table, number: int) -> None:
        self._table, self._number = table, number

    def look(self, message: Message[Body]) -> None:
        """Judge no new certificate and no rotation alone: others would be judged by what is not in the log."""
        alone = isinstance(message.body, Certificate | Rotation) and not self._table.has_all
        if alone and self._table.members[self._number].tables.row_of(message.digest) is None:
            raise NeedsAll

    def help(self, act: Act, refusal: book.Refusal) -> bool:
        """Bring what the shard lacks, where that is why it refuses."""
        if refusal.code != "unfunded" or not isinstance(act, Terms | Withdrawal):
            return False
        if isinstance(act, Terms):
            device, asset, amount = act.payer, act.asset, act.capacity
        else:
            device, asset, amount = act.order.device, act.order.asset, act.order.amount
        if amount < 1:
            return False
        if not self._table.has_all:
            raise NeedsAll
        self.allow(act)  # before any money goes for it
        cover(self._table, self._number, book.Account("device", device, asset), amount)
        return True

    def allow(self, act: Act) -> None:
        """See that all logs get what all need, and that no order counts in two."""
        orders = isinstance(act, Deposit | Withdrawal)
        if not (orders or isinstance(act, AUTHORITY_ACTS)):
            return
        if not self._table.has_all:
            raise NeedsAll
        past = self._table.past
        if isinstance(act, Deposit | Withdrawal) and past is not None and past.order_used(act.order):
            raise book.Refusal("replay", "this owner used this number for this device before: sign it with a new one")
        if isinstance(act, Deposit):
            supply = sum(member.tables.supply(act.order.asset) for member in self._table.members)
            if supply + act.order.amount >= book.AMOUNT_LIMIT:
                raise book.Refusal("over_supply", "all deposits of one asset must stay below 2**63: use a larger unit")


def cover(table: Table, number: int, account: book.Account, amount: int) -> None:
    """Have the account hold at least `amount` in shard `number`. Raises book.Refusal: `unfunded`."""
    held = [member.tables.balance(account) for member in table.members]
    missing = amount - held[number]
    if sum(held) < amount:
        has = f"{sum(held)} of {account.asset}"
        why = f"the device has {has} outside its channels, and this takes {amount}: deposit the rest first"
        raise book.Refusal("unfunded", why)
    for source, there in enumerate(held):
        part = min(missing, there) if source != number else 0
        if part > 0:
            _shift(table, account, (source, number), part)
            missing -= part


def _shift(table: Table, account: book.Account, way: tuple[int, int], amount: int) -> None:
    ends = [table.members[shard] for shard in way]
    places = [Place(shard, end.log.head.n + 1) for shard, end in zip(way, ends, strict=True)]
    body = Shift(table.ledger, account.name, account.asset, amount, places[0], table.watch.at, places[1])
    act = act_in_shards(body)
    changes = [decide(end.tables, act) for end in ends]  # what may refuse comes before the first row
    for end, change in zip(ends, changes, strict=True):
        end.say(body, act, change)
