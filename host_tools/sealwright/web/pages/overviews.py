"""Money, market, audit, and the hub itself."""

from starlette.requests import Request
from starlette.responses import Response

from ..answering import page
from ..site import Site
from ..views import audit, hub, market, money
from ..views.sources import Sources
from .drawing import graph
from .fleet import number

_SOON = 7 * 86400  # seconds


async def show_money(site: Site, request: Request) -> Response:
    """Balances, channels, flows."""
    query = request.query_params
    after = number(query, "after", 0, 0, 2**63 - 1)
    asset, _, device = query.get("held", "").rpartition(":")
    known = _octets(device)

    def find(sources: Sources) -> dict[str, object]:
        flows = money.flows(sources)
        names = sources.names()
        return {
            "flows": flows,
            "drawn": graph(flows.flows, names),
            "held": money.balances(sources, (asset, known)),
            "channels": money.channels(sources, after),
            "ending": money.ending(sources, _SOON),
            "names": names,
        }

    return page(request, "money.html", title="Money", size=money.PAGE, **await site.readers.ask(find))


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text[:128])
    except ValueError:
        return b""


async def show_market(site: Site, request: Request) -> Response:
    """Offers seen."""
    offers, names = await site.readers.ask(lambda sources: (market.offers(sources), sources.names()))
    return page(request, "market.html", title="Market", offers=offers[:500], names=names)


async def show_audit(site: Site, request: Request) -> Response:
    """The log's end, contradictions, verdicts."""
    found, names = await site.readers.ask(lambda sources: (audit.audit(sources), sources.names()))
    return page(request, "audit.html", title="Audit", found=found, names=names)


async def show_hub(site: Site, request: Request) -> Response:
    """The hub's parts."""
    found = await site.readers.ask(hub.hub)
    return page(request, "hub.html", title="Hub", found=found)
