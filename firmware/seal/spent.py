"""What the device has promised on a day, over all channels: those of the journal, and those that it has forgotten."""

from . import channel
from .channel import DAY, OPEN, SPENT, TIME
from .days import SECONDS_A_DAY
from .records import PAYER_ROLE, SPENT_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .days import Days
    from .journal import Journal
    from .ports import Record


class Spent:
    """The totals of a day."""

    def __init__(self, journal: "Journal", days: "Days") -> None:
        self._journal = journal
        self._days = days
        for _, record in self._records():
            days.raise_mark(max(record.get(TIME, 0), record.get(DAY, 0) * SECONDS_A_DAY))
        for total in journal.get(SPENT_RECORD, {}).values():
            days.raise_mark(total[0] * SECONDS_A_DAY)

    def _records(self) -> "list[tuple[str, Record]]":
        """Those of channels with a promise."""
        pairs = [(name, self._journal.get(name)) for name in self._journal.names(PAYER_ROLE + "-")]
        return [(name, record) for name, record in pairs if DAY in record]

    def today(self, asset: str) -> int:
        """The amount reserved today in `asset`, over all channels."""
        day = self._days.today()
        total = self._journal.get(SPENT_RECORD, {}).get(asset, (0, 0))
        spent = total[1] if total[0] == day else 0
        for _, record in self._records():
            if record[DAY] == day and channel.terms(record[OPEN]).asset == asset:
                spent += record[SPENT]
        return spent

    def keep(self, record: "Record", asset: str) -> None:
        """Count the channel of `record` from now on without it; a cut before its removal counts it twice: safe."""
        day = self._days.today()
        if record.get(DAY) == day:
            totals = self._journal.get(SPENT_RECORD, {})
            totals = {name: total for name, total in totals.items() if total[0] == day}
            totals[asset] = [day, totals.get(asset, (day, 0))[1] + record[SPENT]]
            self._journal.put(SPENT_RECORD, totals)

    def rebase(self, unix: int) -> None:
        """Trusted time is `unix` from now on, as the owner says. What was spent on a later day counts on that day."""
        day = unix // SECONDS_A_DAY
        for name, record in self._records():
            if record[DAY] > day or record.get(TIME, unix) > unix:
                new_record = dict(record)
                new_record[DAY], new_record[TIME] = min(record[DAY], day), min(record.get(TIME, unix), unix)
                self._journal.put(name, new_record)
        totals = self._journal.get(SPENT_RECORD, {})
        if any(total[0] > day for total in totals.values()):
            totals = {asset: [min(total[0], day), total[1]] for asset, total in totals.items()}
            self._journal.put(SPENT_RECORD, totals)
        self._days.store(unix)
