"""Acts that need a signature: an operator prepares one here, and the agent at the person's terminal shows it and asks.

This process never signs and opens no key: it hands the act's fields to the agent's socket and looks what came of it.
Where no agent runs, the page shows the command line that does the same.
"""

from pathlib import Path
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from ...agent.acts import ACTS, Act, Withdraw, command_of, parse_act, shown
from ...agent.calling import Agent, NoAgent
from ...home import Home
from ...money import Assets
from ...operate.validity import kept_certificate, lasting
from ..answering import Denied, check_form, check_origin, fields, page
from ..site import Site


async def ask(site: Site, request: Request) -> Response:
    """Hand an act to the agent."""
    check_origin(request)
    values = await fields(request)
    check_form(request, values.pop("token", None))
    if not site.limits.acts.takes(request.state.key.secret):
        raise Denied(429, "too many acts at once", "Wait half a minute.", "too_often")
    found = await run_sync(_ask, site.folder, request.path_params["device"], values)
    return page(request, "act.html", title="An act", **found)


def _ask(folder: Path, device: str, values: dict[str, str]) -> dict[str, Any]:
    home = Home.open(folder)
    act = _act(home, device, values)
    rows = shown(act, home)
    entry = home.find(bytes.fromhex(device))
    ends = entry is not None and lasting(entry, kept_certificate(home, bytes.fromhex(device))) is not None
    command = command_of(act, device if entry is None else entry.name, ends=ends)
    try:
        said = Agent(folder).ask(act)
    except NoAgent:
        said = None
    return {"said": said, "rows": rows, "command": command}


def _act(home: Home, device: str, values: dict[str, str]) -> Act:
    """The act that a form asks for, with an amount as people write it. Raises Usage."""
    given = {name: values[name] for name in ("kind", "reason", "reference") if values.get(name)}
    if given.get("kind") == Withdraw.kind:
        amount = Assets.read(home.folder).parse(values.get("amount", ""), values.get("asset") or None)
        given |= {"asset": amount.asset, "amount": str(amount.value)}
    return parse_act({"device": device, **given})


async def show(site: Site, request: Request) -> Response:
    """What came of an act."""
    found = await run_sync(_look, site.folder, request.path_params["id"])
    return page(request, "act.html", title="An act", **found)


def _look(folder: Path, identifier: str) -> dict[str, Any]:
    try:
        said = Agent(folder).look(identifier)
    except NoAgent:
        return {"said": None, "rows": [], "command": ""}
    return {"said": said, "rows": shown(parse_act(said["act"]), Home.open(folder)), "command": ""}


async def show_all(site: Site, request: Request) -> Response:
    """Every act that the agent knows."""
    found = await run_sync(_all, site.folder)
    names = await site.readers.ask(lambda sources: sources.names())
    return page(request, "acts.html", title="Acts", acts=found, kinds=ACTS, names=names)


def _all(folder: Path) -> list[dict[str, Any]] | None:
    try:
        return Agent(folder).list()[::-1]
    except NoAgent:
        return None
