"""The fleet at a glance."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ..answering import page
from ..site import Site
from ..views.fleet import LARGEST_PAGE, PAGE, SORTS, STATES, Asked, fleet
from ..views.hub import hub


def asked_of(query: Mapping[str, str]) -> Asked:
    """What a query string asks for; what it has no sense for is as if it were not there."""
    sort = query.get("sort", "name")
    down = sort.startswith("-")
    name = sort.removeprefix("-")
    state = query.get("state", "all")
    return Asked(
        text=query.get("q", "").strip()[:100],
        group=query.get("group", "")[:100],
        state=state if state in STATES else "all",
        sort=name if name in SORTS else "name",
        down=down,
        page=number(query, "page", 1, 1, 10**6),
        size=number(query, "size", PAGE, 1, LARGEST_PAGE),
    )


def number(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    """A number of a query string, within bounds; the usual one for a text that is none."""
    text = query.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return usual
    return min(max(int(text), least), most)


def link(asked: Asked, **changes: Any) -> str:
    """The query string of the same question with changes."""
    new = asked._replace(**changes)
    values = {
        "q": new.text,
        "group": new.group,
        "state": new.state if new.state != "all" else "",
        "sort": ("-" if new.down else "") + new.sort if (new.sort, new.down) != ("name", False) else "",
        "page": new.page if new.page > 1 else "",
        "size": new.size if new.size != PAGE else "",
    }
    return "/?" + urlencode({name: value for name, value in values.items() if value})


async def show(site: Site, request: Request) -> Response:
    """The devices, filtered, sorted, page by page."""
    asked = asked_of(request.query_params)
    found = await site.readers.ask(lambda sources: fleet(sources, asked))
    held = (await site.readers.ask(hub)).held
    columns = [(name, link(asked, sort=name, down=asked.sort == name and not asked.down, page=1)) for name in SORTS]
    pages = {at: link(asked, page=at) for at in (found.page - 1, found.page + 1) if 1 <= at <= found.pages}
    tiles = [(state, found.counts[state], link(asked, state=state, page=1)) for state in STATES]
    return page(
        request,
        "fleet.html",
        title="Fleet",
        found=found,
        asked=asked,
        columns=columns,
        links=pages,
        tiles=tiles,
        held=held,
        here=link(asked),
    )
