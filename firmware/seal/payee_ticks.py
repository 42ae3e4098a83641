"""The payee's ticks: the best one under the best voucher of each channel, in RAM until something else is written.

What a payee risks: the unit that is being delivered, and at a power cut the ticks since its last write, one chain at
most. The payer's next tick proves them all again, and so does a bill of the meter; both fail only if the payer never
returns. A tick costs the payee hashes, one for each tick since the last, and no write.
"""

from . import messages, ticks, voucher
from .channel import DIGEST, TICK, VOUCHER
from .errors import BadTick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Claims, Item, Record


class PayeeTicks:
    """The best tick of each channel."""

    def __init__(self) -> None:
        self._best: "dict[bytes, list[Item]]" = {}  # channel's digest -> [index, value]
        self._parsed: "tuple[bytes, Claims]" = (b"", {})  # the voucher that was looked at last: no parse for each tick

    def best(self, record: "Record") -> "list[Item] | None":
        """[index, value] of the best tick under the record's voucher, or None."""
        return self._best.get(record[DIGEST], record.get(TICK))

    def index(self, record: "Record") -> int:
        """How many ticks the payer has revealed under the record's voucher."""
        tick = self.best(record)
        return tick[0] if tick else 0

    def claims(self, record: "Record") -> "Claims | None":
        """The claims of the record's voucher, or None."""
        raw = record.get(VOUCHER)
        if raw is None:
            return None
        if self._parsed[0] != raw:
            self._parsed = (raw, messages.parse(raw).payload)
        return self._parsed[1]

    def take(self, record: "Record", index: int, value: bytes) -> bool:
        """Check tick `index` under the record's voucher, and keep it if it is better than the best; returns whether it
        is. One that is no better is not looked at. Raises BadTick."""
        claims = self.claims(record)
        chain = claims and claims.get(voucher.TICKS)
        if not chain:
            raise BadTick("the best voucher promises no ticks")
        tick = self.best(record)
        taken = tick[0] if tick else 0
        if index <= taken:
            return False
        if index > chain[voucher.COUNT]:  # before any hash
            raise BadTick("tick %d of %d" % (index, chain[voucher.COUNT]))
        if not ticks.check(tick[1] if tick else chain[voucher.ROOT], index - taken, value):
            raise BadTick("tick %d is of another chain" % index)
        self._best[record[DIGEST]] = [index, value]
        return True

    def forget(self, digest: bytes) -> None:
        """Forget the channel's ticks: another voucher is its best one now, or it is gone."""
        self._best.pop(digest, None)
