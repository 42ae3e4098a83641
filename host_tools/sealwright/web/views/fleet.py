"""The fleet: a line for each device, from the register, the newest readings and what the hub noticed.

Limits: all devices are put together at once (1,000 in some 30 ms) and remembered for a second, so that pages, sorting
and filters cost little.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ...home.entry import Registered
from ...hub.fleet import FaultSeen, Seen
from ...readings import ReadingsError, ReadingStore
from ...readings.kept import reading_of
from .sources import Sources
from .words import plain, whole

STALE_SECONDS: Final = 3600
DAY: Final = 86400
MOST_FAULTS: Final = 10_000
PAGE: Final = 50
FIRMWARE_EVERY: Final = 50  # readings
LARGEST_PAGE: Final = 200
_NUMBERS: Final = re.compile(r"(\d{1,18})")
STATES: Final = ("all", "quiet", "faulty", "test", "retired")


class Line(NamedTuple):
    """A device. device: its id in hexadecimal; seen: unix seconds; how: broker, url, bundle or reading; clock: its
    quality, see `wire.labels`; battery: as measured, with its unit; readings: the number of its newest one; faults: of
    the last day; fault: the newest of them; test: it is an emulated one."""

    device: str
    name: str
    state: str
    model: str
    groups: tuple[str, ...]
    custody: int
    firmware: str
    seen: int | None
    how: str
    clock: int | None
    battery: Decimal | None
    battery_unit: str
    readings: int
    faults: int
    fault: str
    test: bool
    url: str

    @property
    def active(self) -> bool:
        """Whether it is in use."""
        return self.state != "retired"

    def quiet(self, now: float) -> bool:
        """Whether nobody has heard of it for STALE_SECONDS."""
        return self.seen is None or now - self.seen > STALE_SECONDS


class Asked(NamedTuple):
    """Which devices, and in which order. page: from 1."""

    text: str = ""
    group: str = ""
    state: str = "all"
    sort: str = "name"
    down: bool = False
    page: int = 1
    size: int = PAGE


class Page(NamedTuple):
    """A page of devices. found: how many there are on all pages; whole: how many without any filter."""

    lines: Sequence[Line]
    found: int
    whole: int
    page: int
    pages: int
    groups: Sequence[str]
    counts: dict[str, int]


def by_name(line: Line) -> tuple[str, str]:
    """What orders devices by name, letter by letter: for programs, which go on after a name."""
    return line.name.casefold(), line.device


def _as_counted(line: Line) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """The same for people: car-2 before car-10."""
    parts = _NUMBERS.split(line.name.casefold())
    return tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in parts), line.device


SORTS: Final[dict[str, Callable[[Line], Any]]] = {
    "name": _as_counted,
    "seen": lambda line: line.seen or 0,
    "clock": lambda line: -1 if line.clock is None else line.clock,
    "battery": lambda line: Decimal(-1) if line.battery is None else line.battery,
    "custody": lambda line: line.custody,
    "firmware": lambda line: line.firmware,
    "readings": lambda line: line.readings,
    "faults": lambda line: line.faults,
}


def fleet(sources: Sources, asked: Asked) -> Page:
    """The devices that are meant. Raises what its sources raise, but not for a store that is missing."""
    lines, now = lines_of(sources), time.time()
    counts = {state: sum(_is(one, state, now) for one in lines) for state in STATES}
    text = asked.text.casefold()
    found = [one for one in lines if _is(one, asked.state, now) and _fits(one, text, asked.group)]
    found.sort(key=SORTS["name"])
    found.sort(key=SORTS.get(asked.sort, SORTS["name"]), reverse=asked.down)
    pages = max(1, -(-len(found) // asked.size))
    page = min(max(1, asked.page), pages)
    groups = sorted({group for one in lines for group in one.groups})
    shown = found[(page - 1) * asked.size : page * asked.size]
    return Page(shown, len(found), counts["all"], page, pages, groups, counts)


def _is(line: Line, state: str, now: float) -> bool:
    if state == "retired":
        return not line.active
    kinds = {"quiet": line.quiet(now), "faulty": line.faults > 0, "test": line.test}
    return line.active and kinds.get(state, True)


def _fits(line: Line, text: str, group: str) -> bool:
    named = not text or text in line.name.casefold() or line.device.startswith(text) or text in line.model.casefold()
    return named and (not group or group in line.groups)


def lines_of(sources: Sources) -> list[Line]:
    """Every device, the retired ones too."""
    return sources.memo.get("fleet", lambda: _lines(sources))


class _Known(NamedTuple):
    """What is known of devices beside the register, by id in hexadecimal."""

    seen: dict[str, Seen]
    faults: Counter[str]
    newest_fault: dict[str, FaultSeen]
    readings: dict[str, Any]
    batteries: dict[str, tuple[Decimal, str]]
    firmware: dict[str, str]


def _lines(sources: Sources) -> list[Line]:
    known = _Known({}, Counter(), {}, {}, {}, {})
    _from_hub(sources, known)
    with suppress(ReadingsError):  # the pages of readings say why
        _from_readings(sources, known)
    return [_line(entry, known) for entry in sources.home.registered()]


def _from_hub(sources: Sources, known: _Known) -> None:
    noticed = sources.fleet()
    if noticed is None:
        return
    known.seen.update((one.device, one) for one in noticed.devices())
    since = time.time() - DAY
    for fault in noticed.faults(most=MOST_FAULTS):
        if fault.at < since:
            break
        known.faults[fault.device] += 1
        known.newest_fault.setdefault(fault.device, fault)


def _from_readings(sources: Sources, known: _Known) -> None:
    store = sources.readings()
    if store is None:
        return
    known.readings.update((one.device.hex(), one) for one in store.newest())
    known.firmware.update(_firmware(sources, store, known))
    batteries = [one for one in store.series() if one.name.endswith("battery")]
    for series, value in store.newest_values(batteries):
        if isinstance(value, Decimal):
            known.batteries[series.device.hex()] = (value, plain(series.unit))


def _firmware(sources: Sources, store: ReadingStore, known: _Known) -> dict[str, str]:
    """The firmware that signed readings name, of devices that nobody asked: looked at anew every FIRMWARE_EVERY."""
    looked = sources.memo.kept("firmware")
    for device, newest in known.readings.items():
        seen = known.seen.get(device)
        if seen is not None and seen.info:
            continue
        at, _ = looked.get(device, (None, ""))
        if at is None or not 0 <= newest.seq - at < FIRMWARE_EVERY:
            found = store.find(newest.device, newest.seq)
            if found is not None:
                looked[device] = newest.seq, reading_of(found).body.firmware
    return {device: text for device, (_, text) in looked.items()}


def _line(entry: Registered, known: _Known) -> Line:
    seen, newest = known.seen.get(entry.device), known.readings.get(entry.device)
    info: dict[str, Any] = (seen.info if seen is not None else None) or {}
    at, how = (seen.seen, seen.how) if seen is not None else (None, "")
    if newest is not None and (at is None or newest.at > at) and newest.clock >= 2 and newest.at <= time.time():
        at, how = newest.at, "reading"
    battery, unit = known.batteries.get(entry.device, (None, ""))
    fault = known.newest_fault.get(entry.device)
    return Line(
        device=entry.device,
        name=plain(entry.name),
        state=entry.state,
        model=plain(entry.model),
        groups=tuple(plain(group) for group in entry.groups),
        custody=entry.custody,
        firmware=plain(str(info.get("firmware", "") or known.firmware.get(entry.device, ""))),
        seen=at,
        how=how,
        clock=_clock(info) if newest is None else newest.clock,
        battery=battery,
        battery_unit=unit,
        readings=0 if newest is None else newest.seq,
        faults=known.faults[entry.device],
        fault="" if fault is None else plain(f"{fault.code}: {fault.text}"),
        test=bool(newest.test) if newest is not None else entry.model.startswith("emulated"),
        url=plain(entry.where),
    )


def _clock(info: dict[str, Any]) -> int | None:
    said = info.get("clock")
    return whole(said[1]) if isinstance(said, list) and len(said) == 2 else None
