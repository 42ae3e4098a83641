"""`sealwright readings sum`: what the values of each quantity come to."""

from decimal import Decimal
from typing import Any, Final

from ..readings import Sum
from ..readings.rows import MICRO
from ..wire.times import utc
from .commands import command
from .describe import number
from .options import AnyDevices
from .readings_asked import QuantityOption, SinceOption, UntilOption, cut, marks, no_rows, question, seconds, store_of
from .session import Session
from .words import named

_COLUMNS: Final = ("device", "quantity", "values>", "least>", "mean>", "greatest>", "unit", "first", "last", "mark")


@command(
    "sum",
    "What the values of each quantity come to.",
    """
    sealwright readings sum
    sealwright readings sum roof --since 7d
    sealwright readings sum --quantity "*temperature" --json
    """,
)
def sum_readings(
    session: Session,
    device: AnyDevices,
    quantity: QuantityOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Show for each quantity of each device how many values there are, the least, the mean and the greatest.

    Least and greatest are exact; the mean is the exact sum, divided to 12 digits. The mark says how many of the values
    are of readings in which, or after which, their device contradicts itself; they count like the others.
    """
    names = session.names()

    def row(one: Sum) -> tuple[str, ...]:
        of = one.series
        sums = (_said(one.least), _said(one.mean), _said(one.greatest))
        times = (utc(one.first // MICRO), utc(one.last // MICRO))
        mark = marks(of, f"{one.doubtful:,} contradicted" if one.doubtful else "")
        return named(of.device, names), cut(of.name), f"{one.size:,}", *sums, of.unit, *times, mark

    with store_of(session) as store:
        asked = question(session, store, device, quantity=quantity, since=since, until=until)
        shown = session.listing(_COLUMNS, store.sums(asked), row, lambda one: _values(one, names))
        if not shown:
            no_rows(session, asked, store)


def _said(value: Decimal | None) -> str:
    return "-" if value is None else number(value)


def _values(one: Sum, names: dict[bytes, str]) -> dict[str, Any]:
    of = one.series
    return {
        "device": of.device.hex(),
        "name": names.get(of.device),
        "quantity": of.name,
        "unit": of.unit or None,
        "values": one.size,
        "numbers": one.numbers,
        "least": None if one.least is None else number(one.least),
        "mean": None if one.mean is None else number(one.mean),
        "greatest": None if one.greatest is None else number(one.greatest),
        "first": seconds(one.first),
        "last": seconds(one.last),
        "doubtful": one.doubtful,
        "test": of.test,
    }
