"""`HOME/hub/alerts.toml`: what an operator wants to hear of, and how. A person writes it.

silent = "1h"                            a device that nobody heard for so long: s, m, h or d
battery = 3.4                            a series whose name ends in "battery" is below this, in its own unit
faults = ["equivocation", "gap"]         codes of faults that the hub noted, besides those of ALWAYS
command = ["logger", "-t", "sealwright"] gets the text as its last argument, and the alert as JSON on its input
webhook = "https://ops.example/hook"     gets the alert as signed JSON, see `sending`
[email]                                  host, port, from, to; tls is "starttls", "tls" or "none"; user, with the
host = "mail.example"                    password in SEALWRIGHT_MAIL_PASSWORD
from = "hub@example"
to = "ops@example"
"""

import math
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ...errors import Usage, cause_of
from ...texts import read_text

NAME: Final = "alerts.toml"
ALWAYS: Final = ("equivocation", "gap", "claim_ends", "certificate_ends")
TLS: Final = {"starttls": 587, "tls": 465, "none": 25}
_KEYS: Final = ("silent", "battery", "faults", "command", "webhook", "email")
_MAIL_KEYS: Final = ("host", "port", "from", "to", "tls", "user")
_HERE: Final = ("127.0.0.1", "::1", "localhost")
_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Mail:
    """Where e-mail goes, and through which server. user: None where the server asks for none."""

    host: str
    port: int
    sender: str
    to: str
    tls: str
    user: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """silent: seconds, or None; battery: a limit, or None; codes: of faults."""

    silent: int | None = None
    battery: Decimal | None = None
    codes: frozenset[str] = frozenset(ALWAYS)
    command: tuple[str, ...] = ()
    webhook: str | None = None
    mail: Mail | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """The names of the ways, in a fixed order."""
        named = {"webhook": self.webhook, "command": self.command, "email": self.mail}
        return tuple(name for name, way in named.items() if way)


def read_wanted(path: Path) -> Wanted:
    """What the file at `path` asks for; nothing where there is none. Raises Usage (code bad_alerts)."""
    try:
        values = tomllib.loads(read_text(path))
    except FileNotFoundError:
        return Wanted(codes=frozenset())
    except (OSError, ValueError) as error:
        raise _bad(path, f"cannot be read: {cause_of(error)}") from error
    _check_keys(path, values, _KEYS)
    battery, faults, command = values.get("battery"), values.get("faults", []), values.get("command", [])
    number = isinstance(battery, int | float) and not isinstance(battery, bool) and math.isfinite(battery)
    if battery is not None and not number:
        raise _bad(path, "battery is no number")
    for name, given in (("faults", faults), ("command", command)):
        if not isinstance(given, list) or not all(isinstance(one, str) and one and "\0" not in one for one in given):
            raise _bad(path, f"{name} is no list of texts")
    return Wanted(
        silent=_span(path, values.get("silent")),
        battery=None if battery is None else Decimal(str(battery)),
        codes=frozenset((*ALWAYS, *faults)),
        command=tuple(command),
        webhook=_address(path, values.get("webhook")),
        mail=_mail(path, values.get("email")),
    )


def _check_keys(path: Path, values: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in values:
        if key not in known:
            raise _bad(path, f"has an unknown key {key!r}")


def _span(path: Path, text: object) -> int | None:
    if text is None:
        return None
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise _bad(path, 'silent is no time such as "30m", "1h" or "2d"')
    return int(found[1]) * _SECONDS[found[2]]


def _address(path: Path, text: object) -> str | None:
    """A URL of a webhook: over TLS, or on this machine."""
    if text is None:
        return None
    try:
        parts = urlsplit(text) if isinstance(text, str) and text.isprintable() and " " not in text else None
        is_here = parts is not None and parts.hostname in _HERE
        if (
            parts is None
            or not parts.hostname
            or parts.username is not None
            or not (parts.scheme == "https" or (is_here and parts.scheme == "http"))
        ):
            raise ValueError
        _ = parts.port
    except ValueError:
        raise _bad(path, "webhook is no https:// URL (http:// is for this machine alone)") from None
    return str(text)


def _mail(path: Path, values: object) -> Mail | None:
    if values is None:
        return None
    if not isinstance(values, dict):
        raise _bad(path, "email is no table")
    _check_keys(path, values, _MAIL_KEYS)
    tls = values.get("tls", "starttls")
    port = values.get("port", TLS.get(tls))
    texts = [values.get(name) for name in ("host", "from", "to")]
    if tls not in TLS or isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65_536:
        raise _bad(path, 'email: tls is "starttls", "tls" or "none", and port a number')
    if not all(isinstance(one, str) and one and one.isprintable() for one in [*texts, values.get("user", "x")]):
        raise _bad(path, "email needs host, from and to, each a text")
    host, sender, to = map(str, texts)
    if values.get("user") is not None and tls == "none" and host not in _HERE:
        raise _bad(path, 'email: a password goes to another machine by tls = "starttls" or "tls" alone')
    return Mail(host, port, sender, to, tls, values.get("user"))


def _bad(path: Path, why: str) -> Usage:
    return Usage(f"{path} {why}", remedy="The README has an example of it.", code="bad_alerts")
