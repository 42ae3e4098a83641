"""How a handler is reached and how it answers: who asks, forms that are ours, pages, JSON, and errors in either."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from ..errors import SealwrightError, UnknownDevice, Usage
from .access.forms import is_ours, token_of
from .access.keys import Key
from .site import Site

Handler = Callable[[Request], Awaitable[Response]]
Answer = Callable[[Site, Request], Awaitable[Response]]
_BEARER: Final = "bearer "


class Denied(SealwrightError):
    """Who asks has not shown that they may."""

    def __init__(self, status: int, message: str, remedy: str, code: str) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.status = status


def site_of(request: Request) -> Site:
    """The server's state."""
    site: Site = request.app.state.site
    return site


def cookie_of(request: Request) -> str:
    """The text of the session's cookie, empty where there is none."""
    return request.cookies.get(site_of(request).cookie, "")


def key_of(request: Request) -> Key | None:
    """Who asks: by a token in the header Authorization, else by the cookie. A bad token is not helped by a cookie."""
    site, given = site_of(request), request.headers.get("authorization")
    if given is not None:
        scheme, text = given[: len(_BEARER)], given[len(_BEARER) :]
        return site.keys.token(text.strip()) if scheme.lower() == _BEARER else None
    return site.keys.session(cookie_of(request))


def for_readers(answer: Answer) -> Handler:
    """A handler for whoever has signed in."""

    async def handler(request: Request) -> Response:
        key = key_of(request)
        if key is None:
            raise Denied(401, "nobody is signed in", "Open a link that `sealwright web link` prints.", "signed_out")
        request.state.key = key
        return await answer(site_of(request), request)

    return handler


def for_operators(answer: Answer) -> Handler:
    """A handler of a form, for operators alone."""

    async def checked(site: Site, request: Request) -> Response:
        if not request.state.key.operates:
            raise Denied(403, "only an operator may do this", "Sign in by an operator's link.", "not_operator")
        return await answer(site, request)

    return for_readers(checked)


def with_token(answer: Answer) -> Handler:
    """A handler for programs, by token alone. A browser's cookie does not count, nor where the request comes from:
    behind a reverse proxy everybody comes from this machine."""

    async def checked(site: Site, request: Request) -> Response:
        if "authorization" not in request.headers:
            remedy = "Send the header Authorization: Bearer TOKEN; `sealwright web token` makes one."
            raise Denied(401, "this needs a token", remedy, "no_token")
        return await answer(site, request)

    return for_readers(checked)


def check_origin(request: Request) -> None:
    """That a form is sent by a cookie's browser from our own pages, as far as headers show it: before its body is
    read. Raises Denied."""
    site = request.headers.get("sec-fetch-site")
    if "authorization" in request.headers or (site is not None and site not in ("same-origin", "none")):
        raise _foreign()


def check_form(request: Request, sent: object) -> None:
    """The same, with the token in the form. Raises Denied."""
    headers = request.headers
    text = sent if isinstance(sent, str) else ""
    origin, site, host = headers.get("origin"), headers.get("sec-fetch-site"), headers["host"].lower()
    if not is_ours(cookie_of(request), text, origin=origin, site=site, host=host):
        raise _foreign()


def _foreign() -> Denied:
    return Denied(403, "the form was not sent by this page", "Open the page anew and send it from there.", "foreign")


async def fields(request: Request) -> dict[str, str]:
    """The fields of a small form."""
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, max_num_fields=20).items()}


def page(request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    """A page from a template."""
    site = site_of(request)
    key: Key | None = getattr(request.state, "key", None)
    known = {"key": key, "token": token_of(cookie_of(request)) if key else "", "path": request.url.path}
    text = site.templates.get_template(template).render(**known, **values)
    return HTMLResponse(text, status)


def is_api(request: Request) -> bool:
    """Whether a program asks."""
    return request.url.path.startswith(("/api/", "/metrics"))


def status_of(error: SealwrightError) -> int:
    """The status of an answer that has this error."""
    if isinstance(error, Denied):
        return error.status
    if isinstance(error, UnknownDevice):
        return 404
    return 400 if isinstance(error, Usage) else 503


async def on_error(request: Request, error: Exception) -> Response:
    """The answer where something is wrong: JSON for programs, a page for people."""
    if isinstance(error, SealwrightError):
        status, code, text, remedy = status_of(error), error.code, str(error), error.remedy
    else:
        status = error.status_code if isinstance(error, HTTPException) else 500
        code, text, remedy = _known(status)
    if is_api(request):
        values = {"ok": False, "code": code, "error": text, "remedy": remedy}
        headers = {"www-authenticate": "Bearer"} if status == 401 else dict(getattr(error, "headers", None) or {})
        return JSONResponse(values, status, headers=headers)
    template = "signed_out.html" if status == 401 else "error.html"
    return page(request, template, status, title=text, text=text, remedy=remedy, status=status)


def _known(status: int) -> tuple[str, str, str]:
    """(code, text, remedy) of what the server itself answers."""
    return {
        404: ("not_found", "there is no such page", "Go on from the fleet."),
        405: ("wrong_method", "this is not asked so", "See /api/v1/openapi.json."),
        413: ("too_large", "this is larger than is taken", "Use the command line for what is so large."),
        400: ("bad_request", "the request cannot be read", "Send it again."),
    }.get(status, ("internal", "a mistake in Sealwright", "Please report it, with what its terminal shows."))
