"""What proves that a form was sent by a page of ours: a token in the form, and where the browser says it comes from.

The token is an HMAC under the session's cookie, which no other site can read. Limits: none is kept, so it is good for
as long as the session is.
"""

import hashlib
import hmac

_CONTEXT = b"sealwright web form"


def token_of(cookie: str) -> str:
    """What a form of the session with this cookie holds."""
    return hmac.new(cookie.encode(), _CONTEXT, hashlib.sha256).hexdigest()


def is_ours(cookie: str, sent: str, *, origin: str | None, site: str | None, host: str) -> bool:
    """Whether a form came from a page of ours. sent: the form's token; origin, site: the headers Origin and
    Sec-Fetch-Site, None where the browser sends none; host: the Host header, which has been checked."""
    right = hmac.compare_digest(token_of(cookie).encode(), sent.encode("utf-8", "surrogateescape"))
    if site is not None and site not in ("same-origin", "none"):
        return False
    return right and (origin is None or origin.partition("://")[2].lower() == host)
