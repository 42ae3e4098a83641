"""How often a device samples, signs and sleeps: `sealwright owner interval`, and what `info` says of it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

import typer

from ..errors import Usage
from ..link import Info
from ..operate import owner
from ..targets import kinds
from .commands import command
from .options import DeviceOption
from .session import Session

_DAY_MS: Final = 86_400_000
_HOURS: Final = 24


@command(
    "interval",
    "Set how often it samples, signs and sleeps.",
    """
    sealwright owner interval 60 --device emulated:station
    sealwright owner interval 60 --batch 10 --device emulated:station
    sealwright owner interval 600 --batch 6 --sleep 30 --device serial:/dev/ttyACM0
    """,
)
def interval(
    session: Session,
    seconds: Annotated[int, typer.Argument(metavar="SECONDS", min=1, max=86400, help="Between two samples.")],
    *,
    device: DeviceOption,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, max=60, help="Samples in one signed reading [1].")
    ] = 1,
    sleep: Annotated[
        int | None,
        typer.Option("--sleep", metavar="S", min=5, max=3600, help="Sleep, but for S seconds after a reading."),
    ] = None,
) -> None:
    """Set how often a device samples, how many samples one signed reading has, and whether it sleeps in between.

    An option that is left out is off: `interval 60` ends both. Samples that wait for their reading are in RAM: a power
    cut loses them, and never a signed reading. A device signs earlier where N samples would not fit a reading.

    With --sleep nobody reaches the device while it sleeps: not you, no peer, no broker; its radio is off. It is awake
    for S seconds after it starts, after each signed reading, after its button was held down for a second, and after
    each request, and as long as it trades or hands readings on. To end its sleep, send `interval` in such a moment.
    """
    if sleep is not None and sleep >= seconds * batch:
        remedy = f"Give a --sleep below {seconds * batch}, a larger SECONDS or a larger --batch."
        raise Usage(f"--sleep {sleep} leaves no time to sleep between two readings", remedy=remedy)
    pace = {"interval": seconds, "batch": batch, "awake": sleep or 0}
    with session.connect(device) as client:
        owner.set_interval(session.home, client, seconds, batch, sleep)
    session.emit(ok=True, device=device, **pace)
    session.say(f"{device} now takes {said(pace)}")
    if sleep is not None:
        session.say(f"{device} sleeps: {_reach(pace)}")


def said(raw: Mapping[str, Any]) -> str:
    """The pace in an info: what is taken how often."""
    seconds, batch = raw["interval"], raw.get("batch", 1)
    if batch == 1:
        return f"one every {seconds} s"
    waiting = f", {raw['waiting']} wait in RAM" if raw.get("waiting") else ""
    return f"a sample every {seconds} s, up to {batch} in a reading{waiting}"


def _reach(raw: Mapping[str, Any]) -> str:
    most = raw["interval"] * raw.get("batch", 1)
    return f"it can be reached for {raw['awake']} s after each reading, every {most} s or sooner, and by its button"


def energy(found: Info) -> Iterator[tuple[str, str]]:
    """Whether it sleeps, how long it was awake, and what that takes a day: computed, nothing measures it."""
    raw = found.raw
    if "uptime" not in raw:
        return
    sleeps = raw["awake"] and raw["sensors"]
    yield "sleep", _reach(raw) if sleeps else "never" + (", without a sensor" if raw["awake"] else "")
    total, asleep = raw["uptime"]
    if total == 0 or asleep > total:
        return
    awake_ms = _DAY_MS * (total - asleep) // total
    power = kinds.power_of(found.model)
    if power is None:
        yield "", f"awake {awake_ms:,} ms a day, as since its start; what its board draws is not known here"
        return
    yield "", f"awake {awake_ms:,} ms a day, as since its start; that takes {energy_a_day(power, awake_ms)} mWh a day"
    yield "", f"computed, not measured: {power['source']}"


def energy_a_day(power: Mapping[str, Any], awake_ms: int) -> int:
    """mWh a day of a board that is awake for so long a day. power: as `kinds.power_of`."""
    share = Decimal(awake_ms) / _DAY_MS
    current = Decimal(power["awake_mA"]) * share + Decimal(power["asleep_mA"]) * (1 - share)
    return round(current * Decimal(power["volts"]) * _HOURS)
