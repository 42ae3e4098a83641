"""Metrics in Prometheus' text format, version 0.0.4.

With a token alone: to answer whoever comes from this machine would answer everybody behind a reverse proxy. Labels have
few values; there is none with a device's name, but for what is one number a device.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from ...errors import SealwrightError
from ..site import Site
from ..views import audit, fleet, hub, money
from ..views.sources import Sources
from ..views.words import plain

TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_MOST_DEVICES: Final = 2000  # with a line of their own


class _Metric(NamedTuple):
    name: str
    kind: str
    help: str
    values: Sequence[tuple[dict[str, str], float]]


async def metrics(site: Site, request: Request) -> Response:
    """All of them."""
    found = await site.readers.ask(_metrics)
    found.append(_Metric("listeners", "gauge", "Who listens to events", [({}, len(site.live.listeners))]))
    return Response("".join(map(_text, found)), media_type=TYPE)


def _metrics(sources: Sources) -> list[_Metric]:
    found: list[_Metric] = []
    for ask in (_of_fleet, _of_hub, _of_money, _of_audit):
        try:
            found += ask(sources)
            up = 1
        except SealwrightError:  # what can be read is shown, and the rest as unreadable
            up = 0
        found.append(_Metric(f"{ask.__name__.removeprefix('_of_')}_up", "gauge", "It could be read", [({}, up)]))
    return found


def _of_fleet(sources: Sources) -> list[_Metric]:
    lines = [one for one in fleet.lines_of(sources) if one.active]
    now = time.time()
    seen = [(_of(one), one.seen) for one in lines[:_MOST_DEVICES] if one.seen is not None]
    numbers = [(_of(one), one.readings) for one in lines[:_MOST_DEVICES] if one.readings]
    battery = [(_of(one), float(one.battery)) for one in lines[:_MOST_DEVICES] if one.battery is not None]
    return [
        _Metric("devices", "gauge", "Devices in use", [({}, len(lines))]),
        _Metric("devices_quiet", "gauge", "Devices not heard of for an hour", [({}, sum(d.quiet(now) for d in lines))]),
        _Metric("devices_faulty", "gauge", "Devices with faults today", [({}, sum(d.faults > 0 for d in lines))]),
        _Metric("device_seen_seconds", "gauge", "When a device was heard of, unix seconds", list(seen)),
        _Metric("device_reading_number", "gauge", "The number of a device's newest reading", list(numbers)),
        _Metric("device_battery", "gauge", "A device's battery, in its own unit", list(battery)),
    ]


def _of(line: fleet.Line) -> dict[str, str]:
    return {"device": line.device[:16], "name": line.name}


def _of_hub(sources: Sources) -> list[_Metric]:
    parts, counts = hub.hub(sources), []
    for part in parts.parts:
        counts += [({"part": part.name, "what": what}, count) for what, count in part.counts.items()]

    def of_each(name: str, text: str, value: Any) -> _Metric:
        return _Metric(name, "gauge", text, [({"part": part.name}, value(part)) for part in parts.parts])

    return [
        of_each("part_runs", "Whether a part of the hub runs", lambda part: int(part.runs)),
        of_each("part_held", "Whether a part waits for another", lambda part: int(part.runs and part.held)),
        of_each("part_backlog", "What a part has still to do", lambda part: part.backlog or 0),
        _Metric("part_count", "counter", "What a part has done since it began", counts),
        _Metric("inbox_files", "gauge", "Bundles that wait in the inbox", [({}, parts.inbox)]),
        _Metric("spool_bytes", "gauge", "Bytes that wait in the spool", [({}, parts.spool)]),
    ]


def _of_money(sources: Sources) -> list[_Metric]:
    found = money.flows(sources)
    paid: Counter[str] = Counter()
    for flow in found.flows:
        paid[flow.asset] += flow.amount
    values = [({"asset": plain(asset)}, amount) for asset, amount in sorted(paid.items())]
    return [
        _Metric("channels", "gauge", "Channels of the ledger", [({}, found.channels)]),
        _Metric("paid", "counter", "Paid in channels, in the asset's smallest unit", values),
    ]


def _of_audit(sources: Sources) -> list[_Metric]:
    found = audit.audit(sources)
    verdicts = [({"code": plain(code)}, count) for code, count in found.verdicts.items()]
    return [
        _Metric("log_rows", "gauge", "Rows of the ledger's log", [({}, found.head.n if found.head else 0)]),
        _Metric("readings", "counter", "Readings in the store", [({}, found.readings or 0)]),
        _Metric("contradictions", "gauge", "Pairs that cannot both be true", [({}, len(found.contradictions))]),
        _Metric("verdicts", "counter", "Verdicts of the hub by code", verdicts),
    ]


def _text(metric: _Metric) -> str:
    name = f"sealwright_{metric.name}" + ("_total" if metric.kind == "counter" else "")
    lines = [f"# HELP {name} {metric.help}.", f"# TYPE {name} {metric.kind}"]
    for labels, value in metric.values:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value}" if inner else f"{name} {value}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
