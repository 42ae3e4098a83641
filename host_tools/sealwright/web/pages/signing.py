"""Signing in by a link that works once, and out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ..access.keys import SESSION_SECONDS
from ..answering import Denied, check_form, check_origin, fields, page, site_of
from ..site import Site


async def sign_in(request: Request) -> Response:
    """Use a link. A HEAD request, as programs that look at links make, uses nothing."""
    site = site_of(request)
    if not site.limits.links.takes(request.client.host if request.client else ""):
        raise Denied(429, "too many tries to sign in", "Wait a minute.", "too_often")
    session = None
    if request.method == "GET":
        session = site.keys.use_link(request.query_params.get("link", ""))
    if session is None:
        raise Denied(401, "this link is no good any more", "Each works once, within 15 minutes.", "bad_link")
    # a page, not a redirect: after a click in a mail, a browser would send a Strict cookie only from here on
    answer = page(request, "signed_in.html", title="Signed in")
    _set(site, answer, session, SESSION_SECONDS)
    return answer


async def sign_out(site: Site, request: Request) -> Response:
    """End the session."""
    check_origin(request)
    check_form(request, (await fields(request)).get("token"))
    site.keys.end_session(request.state.key)
    answer = RedirectResponse("/", 303)
    _set(site, answer, "", 0)
    return answer


def _set(site: Site, answer: Response, text: str, seconds: int) -> None:
    secure = site.settings.secure
    answer.set_cookie(site.cookie, text, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")
