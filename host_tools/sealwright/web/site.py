"""What every request needs: the settings, the home's readers, the keys, the limits, the templates."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from .access.keys import Keys
from .access.limits import Limits
from .api.live import Live
from .settings import Settings
from .views import words
from .views.sources import Readers

HERE: Final = Path(__file__).parent
VERIFIER: Final = "sealwright-verify.js"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}


class Asset:
    """A file that browsers load. tag: changes with its content."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.type = _TYPES.get(path.suffix, "application/octet-stream")
        self.tag = hashlib.sha256(self.data).hexdigest()[:16]


class Site:
    """A server's state. folder: the home's; port: where it listens."""

    def __init__(self, folder: Path, settings: Settings, port: int, ledger: str | None = None) -> None:
        self.folder, self.settings, self.port = folder, settings, port
        self.readers = Readers(folder, ledger)
        self.live = Live(self.readers)
        self.keys, self.limits = Keys(folder), Limits()
        self.hosts = settings.hosts(port)
        self.assets = _assets(HERE / "static")
        self.verifying = asyncio.Semaphore(1)  # a bundle keeps a core busy
        self.templates = _templates(self)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie. Cookies know no ports: two pages of one machine need two names."""
        return "__Host-sealwright" if self.settings.secure else f"sealwright-{self.port}"

    def path_of(self, name: str) -> str:
        """Where browsers load a file of `static`."""
        return f"/static/{name}?v={self.assets[name].tag}"

    def close(self) -> None:
        """Close what is open."""
        self.live.close()
        self.readers.close()


def _assets(folder: Path) -> dict[str, Asset]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix in _TYPES)
    return {path.relative_to(folder).as_posix(): Asset(path) for path in files}


def _templates(site: Site) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("ago", "when", "short", "named", "custody", "clock", "plain"):
        made.filters[name] = getattr(words, name)
    made.filters["hex"], made.filters["unhex"] = bytes.hex, bytes.fromhex
    made.filters["slug"] = lambda text: re.sub(r"[^a-z0-9]+", "-", str(text).lower()).strip("-")
    values: dict[str, Any] = {"asset": site.path_of, "has_verifier": VERIFIER in site.assets, "network": _network(site)}
    made.globals.update(values)
    return made


def _network(site: Site) -> str:
    from ..home import Home

    return words.plain(Home.open(site.folder).network)
