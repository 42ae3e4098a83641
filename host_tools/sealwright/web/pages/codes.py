"""QR codes of what one machine shows another: a device's did:key, its address, a digest."""

import re
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ...errors import Usage
from ...extras import load
from ..answering import page
from ..site import Site

_SHOWN: Final = re.compile(
    r"did:key:z[1-9A-HJ-NP-Za-km-z]{40,80}|[0-9a-f]{64}|(?:tcp|mqtts?|emulated|serial|https?):[!-~]{1,200}"
)


async def show(site: Site, request: Request) -> Response:
    """A code of the text in the query."""
    text = request.query_params.get("of", "")
    if text and not _SHOWN.fullmatch(text):
        remedy = "Give a did:key, a device's URL, or 64 digits of an id or a digest."
        raise Usage("this page draws addresses and digests alone", remedy=remedy, code="no_address")
    return page(request, "qr.html", title="QR code", text=text, drawn=code_of(text) if text else None)


def code_of(text: str) -> Markup:
    """The code as SVG, dark on light whatever the page is: scanners want it so."""
    library = load("segno", "web", "segno", "QR codes need", "no_segno")
    made = library.make_qr(text, error="m")
    drawn = made.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)
    return Markup(drawn.replace("<svg ", '<svg role="img" aria-label="QR code" ', 1))
