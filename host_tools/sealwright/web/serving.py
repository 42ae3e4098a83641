"""The server itself: `run` is what a hub starts as its part `web`, and what `sealwright web` runs.

Limits: one process; TLS is a reverse proxy's work. What a proxy says of where a request came from is not believed.
"""

import asyncio
import importlib
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from ..errors import Usage, cause_of
from ..extras import load
from ..home import Home
from ..hub.folder import HubFolder
from ..hub.state import State
from .settings import Settings

CONNECTIONS: Final = 256
PATIENCE: Final = 30.0  # seconds without a whole request
_LOOKS: Final = 0.2  # seconds between looks at whether to stop
_PART: Final = "web"


class Stop(Protocol):
    """Says when to end, as `threading.Event` does."""

    def is_set(self) -> bool:
        """Whether to end now."""


def run(home: Home, settings: Any, stop: Stop, *, ready: Callable[[Settings, int], None] | None = None) -> None:
    """Serve the page of a home until `stop` is set.

    settings: see `Settings.of`. ready: called with the settings and the port once the server listens.

    Raises Usage where a package is missing (code no_web), or where the port cannot be had.
    """
    server_of = load("uvicorn", "web", "uvicorn", "the page needs", "no_web")
    for package in ("starlette", "jinja2", "python_multipart"):
        load(package.replace("_", "-"), "web", package, "the page needs", "no_web")
    chosen = Settings.of(settings)
    with _listening(chosen) as listener:
        port = listener.getsockname()[1]
        ledger = home.ledger_named
        asyncio.run(_serve(server_of, _Run(home.folder, ledger, chosen, port, listener), stop, ready))


class _Run:
    def __init__(self, folder: Path, ledger: str | None, settings: Settings, port: int, listener: socket.socket):
        self.folder, self.ledger, self.settings, self.port, self.listener = folder, ledger, settings, port, listener


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((settings.host, settings.port))
        made.listen(CONNECTIONS)
    except OSError as error:
        made.close()
        remedy = "End what listens there, or choose another port with --port."
        why = f"cannot listen at {settings.host}:{settings.port}: {cause_of(error)}"
        raise Usage(why, remedy=remedy, code="port_taken") from error
    return made


async def _serve(library: Any, given: _Run, stop: Stop, ready: Callable[[Settings, int], None] | None) -> None:
    from .application import build
    from .site import Site

    site = Site(given.folder, given.settings, given.port, given.ledger)
    config = library.Config(
        build(site),
        http=_protocol(),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=16 * 1024,
    )
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler(sys.stderr))
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = library.Server(config)
    serving = asyncio.create_task(server.serve([given.listener]))
    state = _state(given.folder)
    while not serving.done():
        if server.started and ready is not None:
            ready(given.settings, given.port)
            ready = None
        if state is not None:
            state.tell()
        if stop.is_set() or server.should_exit:  # uvicorn takes Ctrl-C for itself while it serves
            site.live.close()  # answers that go on would hold up the end
            server.should_exit = True
        await asyncio.sleep(_LOOKS)
    await serving


def _protocol() -> Any:
    """uvicorn's HTTP. It waits for a request's head as long as a client likes; here some PATIENCE seconds, or
    CONNECTIONS silent clients would keep everybody else out."""
    base: Any = importlib.import_module("uvicorn.protocols.http.h11_impl").H11Protocol

    class Patient(base):  # type: ignore[misc]
        idle: Any = None  # the request that was answered last, at the last look

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.loop.call_later(PATIENCE, self.look)

        def look(self) -> None:
            answering = self.cycle is not None and not self.cycle.response_complete
            if not answering and self.cycle is self.idle:
                self.transport.close()
            elif not self.transport.is_closing():
                self.idle = None if answering else self.cycle
                self.loop.call_later(PATIENCE, self.look)

    return Patient


def _state(folder: Path) -> State | None:
    """Where the hub's other parts tell how they are, too; None where no hub has run."""
    hub = HubFolder(folder)
    with suppress(OSError):
        if hub.states.is_dir():
            return State(hub.state(_PART), _PART)
    return None
