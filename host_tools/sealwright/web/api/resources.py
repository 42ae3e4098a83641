"""The read-only resources: a handler each."""

import time
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...errors import Usage
from ...readings.drawing import lines_of
from ...readings.kept import reading_of
from ..site import Site
from ..views import audit, device, fleet, hub, market, money
from ..views.sources import Sources
from ..views.words import exact, plain
from . import shapes
from .asked import after, choice, cursor, known, limit, number, text
from .openapi import document

_COLUMNS: Final = 400  # of a plot: at most four points in each


def _page(items: list[Any], following: str | None) -> Response:
    return JSONResponse({"items": items, "next": following})


async def devices(site: Site, request: Request) -> Response:
    """The fleet, by name."""
    query = request.query_params
    known(query, "limit", "cursor", "q", "group", "state")
    begins, most = after(query, str, str), limit(query)
    state = choice(query, "state", "all", fleet.STATES)
    asked = fleet.Asked(text(query, "q").strip(), text(query, "group"), state, size=10**9)
    found = await site.readers.ask(lambda sources: fleet.fleet(sources, asked))
    lines = sorted(found.lines, key=fleet.by_name)
    lines = [one for one in lines if begins is None or fleet.by_name(one) > tuple(begins)]
    shown = lines[:most]
    following = cursor(list(fleet.by_name(shown[-1]))) if len(lines) > most else None
    return _page([shapes.of_line(one) for one in shown], following)


async def one_device(site: Site, request: Request) -> Response:
    """One device."""
    known(request.query_params)
    found = await site.readers.ask(lambda sources: device.device(sources, request.path_params["device"]))
    return JSONResponse(shapes.of_device(found))


async def readings(site: Site, request: Request) -> Response:
    """A device's readings by number, as they were signed."""
    query, identifier = request.query_params, request.path_params["device"]
    known(query, "limit", "cursor", "from")
    begins, most = after(query, int), limit(query)
    last_before = number(query, "from", 0, 2**63 - 1) - 1 if begins is None else begins[0]

    def find(sources: Sources) -> tuple[list[Any], int | None]:
        own = bytes.fromhex(device.entry_of(sources, identifier).device)
        store = sources.readings()
        found = [] if store is None else store.after(own, last_before, most + 1)
        items = [shapes.of_reading(own.hex(), reading_of(one)) for one in found[:most]]
        return items, found[most - 1].seq if len(found) > most else None

    items, last = await site.readers.ask(find)
    return _page(items, None if last is None else cursor([last]))


async def series(site: Site, request: Request) -> Response:
    """A device's quantities as points to draw, thinned to what a screen shows."""
    query, identifier = request.query_params, request.path_params["device"]
    known(query, "span")
    span = choice(query, "span", "24h", device.SPANS)
    panels = await site.readers.ask(lambda sources: device.panels(sources, identifier, span))
    found = []
    for panel in panels:
        at: list[float] = []
        values: list[float | None] = []
        for line in lines_of(panel.points, _COLUMNS):
            if at:  # a gap: what is missing is drawn as missing
                at.append(line[0][0] / 1e6)
                values.append(None)
            at += [point[0] / 1e6 for point in line]
            values += [point[1] for point in line]
        found.append({"name": panel.title, "unit": panel.unit, "at": at, "values": values})
    return JSONResponse({"span": span, "series": found})


async def channels(site: Site, request: Request) -> Response:
    """Channels in the order in which they were opened."""
    query = request.query_params
    known(query, "limit", "cursor")
    begins, most = after(query, int), limit(query)
    row = 0 if begins is None else begins[0]
    found = await site.readers.ask(lambda sources: money.channels(sources, row, most + 1))
    following = cursor([found[most - 1].row]) if len(found) > most else None
    return _page([shapes.of_channel(one) for one in found[:most]], following)


async def balances(site: Site, request: Request) -> Response:
    """What devices hold, by asset and id."""
    query = request.query_params
    known(query, "limit", "cursor")
    begins, most = after(query, str, str), limit(query)
    asset, name = ("", b"") if begins is None else (begins[0], _octets(begins[1]))
    found = await site.readers.ask(lambda sources: money.balances(sources, (asset, name), most + 1))
    last = found[most - 1] if len(found) > most else None
    following = None if last is None else cursor([last.asset, last.device.hex()])
    return _page([shapes.of_held(one) for one in found[:most]], following)


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        remedy = "Give the `next` of an answer."
        raise Usage("the cursor is none of ours", remedy=remedy, code="bad_cursor") from error


def _all(find: Callable[[Sources], Any]) -> Callable[[Site, Request], Any]:
    """A handler of what has no pages."""

    async def answer(site: Site, request: Request) -> Response:
        known(request.query_params)
        return JSONResponse(await site.readers.ask(find))

    return answer


def _flows(sources: Sources) -> dict[str, Any]:
    found = money.flows(sources)
    return {"items": [shapes.of_flow(one) for one in found.flows[:1000]], "next": None, "at": int(found.at)}


def _offers(sources: Sources) -> dict[str, Any]:
    return {"items": [shapes.of_offer(one) for one in market.offers(sources)[:1000]], "next": None}


def _verdicts(sources: Sources) -> dict[str, Any]:
    noticed = sources.fleet()
    found = {} if noticed is None else noticed.verdicts()
    return {"verdicts": {plain(code): exact(count) for code, count in sorted(found.items())}}


def _audit(sources: Sources) -> dict[str, Any]:
    found = audit.audit(sources)
    head = None if found.head is None else {"rows": exact(found.head.n), "hash": found.head.hash.hex()}
    return {
        "head": head,
        "grown": found.grown,
        "readings": None if found.readings is None else exact(found.readings),
        "contradictions": [
            {**one._asdict(), "device": None if one.device is None else one.device.hex()}
            for one in found.contradictions
        ],
    }


def _hub(sources: Sources) -> dict[str, Any]:
    found = hub.hub(sources)
    parts = [shapes.of_part(one) for one in found.parts]
    waiting = {"inbox": found.inbox, "spool": found.spool, "held": bool(found.held)}
    return {"parts": parts, **waiting, "now": int(time.time())}


def _roots(sources: Sources) -> dict[str, Any]:
    real, test = sources.home.roots()
    return {"roots": [real.raw.hex()], "test_roots": [test.raw.hex()]}


flows, offers, verdicts = _all(_flows), _all(_offers), _all(_verdicts)
audits, hubs, roots = _all(_audit), _all(_hub), _all(_roots)
describe = _all(lambda sources: document())
