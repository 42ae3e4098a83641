"""One device: what the register has, what it said of itself, its certificate, its log, its channels, its history."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from ...errors import Rejected, UnknownDevice
from ...home.entry import Registered
from ...hub.fleet import FaultSeen
from ...link.codes import meaning
from ...readings import Question, ReadingsError, Series
from ...readings.drawing import Panel
from ...readings.kept import reading_of
from ...wire.messages import Grant, parse_as
from .fleet import Line, lines_of
from .money import ChannelLine, Held, channels_of, held_by
from .sources import Sources
from .words import clock, custody, plain, when, whole

DAY: Final = 86400
SPANS: Final = {"1h": 3600, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "all": None}
MOST_PANELS: Final = 6
MOST_FAULTS: Final = 50
_FLAWS: Final = ("fault", "sensor_fault", "trade_fault")


class Device(NamedTuple):
    """What a page says of a device. facts: names and values, in order; log: of its readings; flaw: what it says is
    wrong with it, with the remedy."""

    line: Line
    did: str
    facts: Sequence[tuple[str, str]]
    certificate: Sequence[tuple[str, str]]
    log: Sequence[tuple[str, str]]
    flaws: Sequence[str]
    held: Sequence[Held]
    channels: Sequence[ChannelLine]
    faults: Sequence[FaultSeen]
    series: Sequence[Series]


def entry_of(sources: Sources, device: str) -> Registered:
    """The register's entry of an id in hexadecimal. Raises UnknownDevice."""
    found = None
    if len(device) == 64:
        with suppress(ValueError):
            found = sources.home.find(bytes.fromhex(device))
    if found is None:
        raise UnknownDevice("this home has no such device", remedy="`sealwright devices --all` lists them.")
    return found


def device(sources: Sources, identifier: str) -> Device:
    """All of a device. Raises UnknownDevice."""
    entry = entry_of(sources, identifier)
    line = next(one for one in lines_of(sources) if one.device == entry.device)
    seen = None
    noticed = sources.fleet()
    faults: list[FaultSeen] = []
    own = bytes.fromhex(entry.device)
    if noticed is not None:
        seen = next((one for one in noticed.devices() if one.device == entry.device), None)
        faults = list(noticed.faults(own, MOST_FAULTS))
    info: dict[str, Any] = (seen.info if seen is not None else None) or {}
    did, certificate = _certificate(sources, entry)
    log, series = _log(sources, own, info)
    return Device(
        line=line,
        did=did,
        facts=list(_facts(line, entry, info)),
        certificate=certificate,
        log=log,
        flaws=[text for key in _FLAWS if (text := _flaw(key, info.get(key)))],
        held=held_by(sources, own),
        channels=channels_of(sources, own),
        faults=faults,
        series=series,
    )


def _facts(line: Line, entry: Registered, info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "device id", entry.device
    yield "model", line.model
    yield "where", line.url
    yield "groups", ", ".join(line.groups) or "none"
    yield "custody", custody(line.custody) + (", by a chip" if entry.chip else "")
    yield "in the register", f"since {when(entry.registered_at)}, {entry.state}"
    if line.firmware:
        yield "firmware", line.firmware
    said = info.get("clock")
    if isinstance(said, list) and len(said) == 2:
        unix, quality = whole(said[0]), whole(said[1])
        yield "clock", f"{when(unix)}, {clock(quality)}" if quality else clock(0)
    if isinstance(info.get("sensors"), list):
        yield "sensors", plain(", ".join(map(str, info["sensors"]))) or "none"
    if isinstance(info.get("state"), str):
        yield "it says it is", plain(info["state"])
    if info.get("paused"):
        yield "spending", "paused"
    if info.get("locked"):
        yield "spending", "locked: its flash was put back to an earlier state"
    if entry.rotations:
        yield "key", f"rotated {len(entry.rotations)} times"


def _flaw(key: str, code: object) -> str:
    number = whole(code)
    if number is None:
        return ""
    said = meaning(number)
    whose = {"sensor_fault": "a sensor: ", "trade_fault": "a trade: "}.get(key, "")
    return plain(f"{whose}{said.cause}. {said.remedy}")


def _certificate(sources: Sources, entry: Registered) -> tuple[str, list[tuple[str, str]]]:
    """Its did:key and the facts of its certificate, from the newest grant: the register itself has no key."""
    try:
        raw = sources.home.grant(bytes.fromhex(entry.device))
        if raw is None:
            return "", []
        leaf = parse_as(raw, Grant).body.chain[0]
    except (OSError, Rejected, IndexError):
        return "", [("certificate", "the home's copy cannot be read: put it back from a backup")]
    body = leaf.body
    facts = [
        ("digest", leaf.digest.hex()),
        ("issued", when(body.issued_at)),
        ("good until", when(body.expires) if body.expires is not None else "no end"),
        ("custody", custody(body.custody)),
        ("model", plain(body.model or "")),
    ]
    return body.key.did if body.key.device_id.hex() == entry.device else "", facts


def _log(sources: Sources, own: bytes, info: dict[str, Any]) -> tuple[list[tuple[str, str]], list[Series]]:
    facts: list[tuple[str, str]] = []
    series: list[Series] = []
    store = sources.readings()
    try:
        if store is not None:
            series = store.series(Question(devices=frozenset({own})))
            facts += _newest(store, own)
    except ReadingsError as error:
        facts.append(("readings", f"{error}. {error.remedy}"))
    signed, acknowledged = whole(info.get("reading_seq")), whole(info.get("acknowledged"))
    if signed is not None:
        facts.append(("signed so far, it says", str(signed)))
    if acknowledged is not None:
        facts.append(("acknowledged to it", str(acknowledged)))
    return facts, series


def _newest(store: Any, own: bytes) -> Iterator[tuple[str, str]]:
    newest = next((one for one in store.newest() if one.device == own), None)
    if newest is None:
        yield "readings", "none here yet"
        return
    yield "newest reading", f"number {newest.seq}, {when(newest.at)}, clock {clock(newest.clock)}"
    found = store.find(own, newest.seq)
    if found is not None:
        signed = reading_of(found)
        yield "its digest", signed.digest.hex()
        yield "firmware", plain(signed.body.firmware)
    doubtful = store.doubtful().get(own)
    if doubtful is None:
        yield "chain", "no contradiction"
    else:
        yield "chain", f"contradicts itself from number {doubtful} on: rely on nothing from there"


def panels(sources: Sources, identifier: str, span: str) -> list[Panel]:
    """What to draw of a device's readings, for one of SPANS. Raises UnknownDevice and ReadingsError."""
    own = bytes.fromhex(entry_of(sources, identifier).device)
    store = sources.readings()
    if store is None:
        return []
    seconds = SPANS.get(span, DAY)
    question = Question(devices=frozenset({own}), since=None if seconds is None else int(time.time()) - seconds)
    found = []
    for one in store.series(question)[:MOST_PANELS]:
        points = store.points(one, question)
        if points.drawn:
            found.append(Panel(plain(one.name), plain(one.unit), points.drawn))
    return found
