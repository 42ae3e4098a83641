"""One device."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...readings import Question
from ..answering import page
from ..site import Site
from ..views.device import SPANS, Device, device, panels
from ..views.sources import Sources
from ..views.words import value_text
from .drawing import picture

_NEWEST = 12  # rows of each quantity


async def show(site: Site, request: Request) -> Response:
    """A device's page."""
    identifier, span = request.path_params["device"], request.query_params.get("span", "24h")
    span = span if span in SPANS else "24h"

    def find(sources: Sources) -> tuple[Device, Any, Any, dict[bytes, str]]:
        found = device(sources, identifier)
        drawn = picture(panels(sources, identifier, span)) if found.series else None
        return found, drawn, _rows(sources, found), sources.names()

    found, drawn, rows, names = await site.readers.ask(find)
    return page(
        request,
        "device.html",
        title=found.line.name,
        found=found,
        drawn=drawn,
        rows=rows,
        names=names,
        span=span,
        spans=list(SPANS),
    )


def _rows(sources: Sources, found: Device) -> list[tuple[int, str, str, str, str, bool]]:
    """The newest values: unix seconds, quantity, value, unit, digest of the reading, whether it is doubtful."""
    store = sources.readings()
    if store is None or not found.series:
        return []
    own = frozenset({bytes.fromhex(found.line.device)})
    newest = [
        (row.at // 10**6, row.series.name, value_text(row.value), row.series.unit, row.digest.hex(), row.doubtful)
        for row in store.rows(Question(devices=own, last=_NEWEST))
    ]
    return newest[::-1][: 4 * _NEWEST]
