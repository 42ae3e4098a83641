"""What is wrong with a fleet, as far as an operator wants to hear of it.

A state, such as silence, is an alert once when it begins and once when it ends; a fault is one once.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeAlias

from ...home import Home
from ...readings import ReadingStore
from ...readings.faults import ReadingsError
from ...wire.times import utc
from ..fleet import Fleet
from .wanted import Wanted

SILENT, HEARD, LOW, CHARGED = "silent", "heard_again", "battery_low", "battery_again"
Names: TypeAlias = Mapping[str, str]
MOST_FAULTS: Final = 500  # a round; the others come with the next one


class Alert(NamedTuple):
    """id: the same each time it is sent. at: unix seconds; device: its id in hex, or ""."""

    id: str
    at: int
    code: str
    device: str
    name: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return self._asdict()


class Known(NamedTuple):
    """What was found before. row: of the last fault; silent: devices in that state, low: series, with what began it."""

    row: int = 0
    silent: dict[str, int] = {}  # noqa: RUF012 - replaced as a whole, never changed
    low: dict[str, str] = {}  # noqa: RUF012


def find(
    home: Home, fleet: Fleet, wanted: Wanted, known: Known, names: Names, *, listened: bool = True
) -> tuple[list[Alert], Known]:
    """What is new since `known`. names: those of the devices in use, by id in hex. listened: whether the hub has
    listened for so long that silence is a device's. Raises FleetError."""
    row, found = _faults(fleet, wanted, known.row, names)
    silent, low = dict(known.silent), dict(known.low)
    found += _silent(fleet, wanted, silent, names, listened)
    found += _batteries(home, wanted, low, names)
    return found, Known(row, silent, low)


def _faults(fleet: Fleet, wanted: Wanted, row: int, names: Names) -> tuple[int, list[Alert]]:
    if fleet.last_row() < row:  # a file that was made anew
        row = 0
    found = []
    for number, fault in fleet.faults_after(row, MOST_FAULTS):
        row = number
        if fault.code in wanted.codes:
            found.append(_alert(fault.at, fault.code, (fault.device, names), fault.text, f"{fault.at} {number}"))
    return row, found


def _silent(fleet: Fleet, wanted: Wanted, silent: dict[str, int], names: Names, listened: bool) -> Iterator[Alert]:
    """Devices in use that were heard once and now are not; a device that was never heard is not silent, it is new."""
    if wanted.silent is None:
        silent.clear()
        return
    now = int(time.time())
    for device, seen in fleet.seen():
        if device not in names:
            silent.pop(device, None)
        elif seen + wanted.silent < now and device not in silent and listened:
            silent[device] = seen
            yield _alert(now, SILENT, (device, names), f"nobody heard it since {utc(seen)}", str(seen))
        elif seen + wanted.silent >= now and device in silent:
            since = silent.pop(device)
            yield _alert(now, HEARD, (device, names), f"heard again, silent since {utc(since)}", str(since))


def _batteries(home: Home, wanted: Wanted, low: dict[str, str], names: Names) -> Iterator[Alert]:
    if wanted.battery is None or not home.readings_path.exists():
        low.clear()
        return
    with suppress(ReadingsError), ReadingStore(home.readings_path) as store:  # one that is busy is asked next time
        series = [one for one in store.series() if one.name.endswith("battery") and one.device.hex() in names]
        for one, value in store.newest_values(series):
            if not isinstance(value, Decimal):
                continue
            device, is_low = one.device.hex(), value < wanted.battery
            which = f"{device} {one.name}"  # a device may have two
            if is_low == (which in low):
                continue
            began = low.pop(which) if which in low else str(value)
            if is_low:
                low[which] = began
            what = f"its battery is at {value} {one.unit or ''}".rstrip()
            code = LOW if is_low else CHARGED
            yield _alert(int(time.time()), code, (device, names), what, f"{one.name} {began} {value}")


def _alert(at: int, code: str, of: tuple[str, Names], what: str, which: str) -> Alert:
    device, names = of
    name = names.get(device, device[:8])
    return Alert(alert_id(code, device, which), at, code, device, name, f"{name}: {what}" if name else what)


def alert_id(code: str, device: str, which: str) -> str:
    """The same for the same alert. which: what tells it from others of the code and the device."""
    return sha256(f"{code} {device} {which}".encode()).hexdigest()[:16]
