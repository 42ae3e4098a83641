"""How the page is served: where it listens, and by which names it may be called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import Usage

HOST: Final = "127.0.0.1"
PORT: Final = 8765
LOCAL: Final = ("127.0.0.1", "localhost", "[::1]")
_STANDARD: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Settings:
    """host, port: where to listen; port 0 takes a free one. url: where others reach the page through a reverse proxy,
    such as https://fleet.example; without one only this machine's names count. Raises Usage for what cannot be."""

    host: str = HOST
    port: int = PORT
    url: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.port < 65536:
            raise Usage(f"no port has the number {self.port}", remedy="Give one from 1 to 65535, or 0 for a free one.")
        if self.url is not None:
            _split(self.url)

    @classmethod
    def of(cls, given: Any) -> "Settings":
        """From what a hub hands its parts: a mapping or an object that may have host, port and url."""

        def found(name: str) -> Any:
            return given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)

        if isinstance(given, cls):
            return given
        host, port, url = (found(name) for name in ("host", "port", "url"))
        return cls(str(host or HOST), PORT if port is None else int(port), url or None)

    @property
    def secure(self) -> bool:
        """Whether browsers reach the page by https alone."""
        return self.url is not None and _split(self.url)[0] == "https"

    def hosts(self, port: int) -> frozenset[str]:
        """The values of a Host header that mean this server, which listens at `port`; all in small letters."""
        names = {*LOCAL, f"[{self.host}]" if ":" in self.host else self.host.lower()}
        found = {f"{name}:{port}" for name in names} | (names if port == _STANDARD["http"] else set())
        if self.url is not None:
            scheme, name, at = _split(self.url)
            found |= {f"{name}:{at}"} | ({name} if at == _STANDARD[scheme] else set())
        return frozenset(found)

    def address(self, port: int) -> str:
        """Where a person finds the page: a URL without a path."""
        if self.url is not None:
            return self.url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "") else "[::1]" if self.host == "::" else self.host
        return f"http://[{host}]:{port}" if ":" in host and host[0] != "[" else f"http://{host}:{port}"


def _split(url: str) -> tuple[str, str, int]:
    """(scheme, host, port) of a URL. Raises Usage for one that is none, or that has a path."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = not (parts.query or parts.fragment or parts.username) and parts.path in ("", "/")
    if parts.scheme not in _STANDARD or not parts.hostname or not plain:
        raise Usage(f"{url!r} is no address of a page", remedy="Write it as https://NAME or http://NAME:PORT.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts.scheme, host, port or _STANDARD[parts.scheme]
