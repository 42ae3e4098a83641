"""The application: every path, and what happens to an error on any of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from ..errors import SealwrightError
from .answering import for_operators, for_readers, on_error, with_token
from .api import events, metrics, resources
from .pages import acts, bundles, codes, device, fleet, overviews, signing
from .shield import Shield
from .site import Site


def build(site: Site) -> ASGIApp:
    """The application for a site, behind its shield."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        site.close()

    app = Starlette(
        routes=_routes(),
        exception_handlers={SealwrightError: on_error, HTTPException: on_error, 500: on_error},
        lifespan=lifespan,
    )
    app.state.site = site
    app.router.redirect_slashes = False
    return Shield(app, site)


def _routes() -> list[BaseRoute]:
    return [
        Route("/", for_readers(fleet.show)),
        Route("/devices/{device}", for_readers(device.show)),
        Route("/devices/{device}/acts", for_operators(acts.ask), methods=["POST"]),
        Route("/acts", for_operators(acts.show_all)),
        Route("/acts/{id}", for_operators(acts.show)),
        Route("/money", for_readers(overviews.show_money)),
        Route("/market", for_readers(overviews.show_market)),
        Route("/audit", for_readers(overviews.show_audit)),
        Route("/hub", for_readers(overviews.show_hub)),
        Route("/qr", for_readers(codes.show)),
        Route("/bundles", for_readers(bundles.show)),
        Route("/bundles", for_readers(bundles.check), methods=["POST"]),
        Route("/bundles/{digest}/hand-in", for_operators(bundles.hand_in), methods=["POST"]),
        Route("/sign-in", signing.sign_in),
        Route("/sign-out", for_readers(signing.sign_out), methods=["POST"]),
        Route("/static/{name:path}", _static),
        Route("/metrics", with_token(metrics.metrics)),
        *_api(),
    ]


def _api() -> list[BaseRoute]:
    handlers = {
        "/openapi.json": resources.describe,
        "/devices": resources.devices,
        "/devices/{device}": resources.one_device,
        "/devices/{device}/readings": resources.readings,
        "/devices/{device}/series": resources.series,
        "/channels": resources.channels,
        "/balances": resources.balances,
        "/flows": resources.flows,
        "/offers": resources.offers,
        "/verdicts": resources.verdicts,
        "/audit": resources.audits,
        "/hub": resources.hubs,
        "/roots": resources.roots,
        "/events": events.events,
    }
    return [Route(f"/api/v1{path}", for_readers(handler)) for path, handler in handlers.items()]


async def _static(request: Request) -> Response:
    site: Site = request.app.state.site
    found = site.assets.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    known = request.query_params.get("v") == found.tag
    headers = {"cache-control": "public, max-age=31536000, immutable" if known else "no-cache"}
    return Response(found.data, media_type=found.type, headers=headers)
