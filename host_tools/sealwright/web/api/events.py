"""Server-sent events: an answer that goes on."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ...errors import Usage
from ..answering import Denied, key_of
from ..site import Site
from .asked import known
from .live import Listener, Live

QUIET: Final = 15.0  # seconds after which a comment shows that the line is there
_DEVICE: Final = re.compile(r"[0-9a-f]{64}")


async def events(site: Site, request: Request) -> Response:
    """All that is new from now on; `device` in the query: of one device."""
    known(request.query_params, "device")
    device = request.query_params.get("device", "")
    if device and not _DEVICE.fullmatch(device):
        remedy = "Give the 64 digits of a device's id."
        raise Usage("device is no id", remedy=remedy, code="bad_parameter")
    live = site.live
    who = request.state.key.secret
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    if not live.has_room(who):
        raise Denied(503, "too many listen already", "Close a page, or try again later.", "too_many")
    listener = Listener(who, device)
    await live.add(listener)
    return StreamingResponse(_lines(request, live, listener), media_type="text/event-stream")


async def _lines(request: Request, live: Live, listener: Listener) -> AsyncIterator[str]:
    try:
        yield "retry: 3000\n\n"
        while not listener.lost:
            try:
                event = await asyncio.wait_for(listener.queue.get(), QUIET)
            except TimeoutError:
                yield ": quiet\n\n"
                if key_of(request) is None:  # signed out, or revoked
                    return
                continue
            if event is None:
                return
            yield f"event: {event.kind}\ndata: {event.text}\n\n"
    finally:
        live.remove(listener)
