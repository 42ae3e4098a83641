"""`config.toml` in a home: what commands take where nothing is given. A person writes it; `init --ledger` alone adds to
it, the line of the ledger.

    device = "roof"             the device that a command means where none is named
    ledger = "/srv/ledger.db"   the ledger's file; a relative path begins at the home. Or "postgresql://HOST/DATABASE"
    roots = ["other-root.pem"]  root certificates that `verify` accepts besides the home's; relative paths as above

Options win over the environment, the environment over this file. A key that is none of these is refused: one that is
written wrong would be silently left out.
"""

import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from ..errors import Usage, cause_of
from ..files import write_whole
from ..texts import read_text

NAME: Final = "config.toml"
KEYS: Final = ("device", "ledger", "roots")
LEDGER: Final = "SEALWRIGHT_LEDGER"
_SERVERS: Final = ("postgresql://", "postgres://")
_MEANT: Final = re.compile(r"://|password\s*=|:[^@]*@", re.IGNORECASE)  # such as user:password@host
Place: TypeAlias = Path | str  # of a ledger: a file, or a server's URL


@dataclass(frozen=True, slots=True)
class Config:
    """What a home's config.toml says. Paths are absolute; a ledger on a server is its URL."""

    device: str | None = None
    ledger: Place | None = None
    roots: tuple[Path, ...] = ()


def read_config(folder: Path) -> Config:
    """The config of the home in `folder`; nothing where there is none. Raises Usage."""
    path = folder / NAME
    try:
        values = tomllib.loads(read_text(path))
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check its permissions.") from error
    except ValueError as error:  # also what is no UTF-8
        raise _bad(f"{path} is no TOML: {error}") from error
    for key in values:
        if key not in KEYS:
            raise _bad(f"{path} has an unknown key {key!r}")
    roots = values.get("roots", [])
    if not isinstance(roots, list):
        raise _bad(f"{path}: roots is no list")
    return Config(
        device=_text(path, values, "device"),
        ledger=_of_ledger(path.parent, _text(path, values, "ledger")),
        roots=tuple(place for root in roots if (place := _place(path, _text(path, {"roots": root}, "roots")))),
    )


def note_ledger(folder: Path, place: Place) -> None:
    """Add the line of the ledger to the config of the home in `folder`, which has none. place: a file, or a URL without
    a password. Raises Usage for a name that is no text, and where the disk refuses it."""
    path = folder / NAME
    text = str(place.absolute()) if isinstance(place, Path) else place
    # a text of JSON is one of TOML, which alone has U+007F escaped
    line = f"ledger = {json.dumps(text, ensure_ascii=False)}\n".replace("\x7f", "\\u007f")
    try:
        before = read_text(path) if path.exists() else ""
        apart = "" if before.endswith("\n") or not before else "\n"
        write_whole(path, f"{before}{apart}{line}".encode())
    except (OSError, ValueError) as error:
        remedy = f"Write this line into it: {line.strip()}"
        raise Usage(f"cannot write {path}: {cause_of(error)}", remedy=remedy, code="bad_config") from error


def ledger_place(folder: Path, named: str | None, config: Config) -> Place:
    """Where the ledger of the home in `folder` is. named: by an option, else by $SEALWRIGHT_LEDGER, else the config."""
    text = named or os.environ.get(LEDGER) or None
    return _of_ledger(Path(), text) or config.ledger or folder / "ledger.db"


def place_named(text: str, folder: Path = Path()) -> Place:
    """What a text names: a server's URL, else a file, where a relative path begins at `folder`. Raises Usage for a text
    that may be meant for a server and hold a password: it is quoted nowhere."""
    scheme, between, rest = text.partition("://")
    if f"{scheme.lower()}{between}" in _SERVERS:
        return f"{scheme.lower()}{between}{rest}"
    if _MEANT.search(text):
        remedy = "Write it as postgresql://USER@HOST:PORT/DATABASE, and give the password in PGPASSWORD."
        raise Usage("the ledger's place is neither a file nor a server's URL", remedy=remedy, code="bad_url")
    return folder / text


def file_of(place: Place) -> Path:
    """The file of a ledger. Raises Usage for one on a server."""
    if isinstance(place, Path):
        return place
    remedy = "Copy it with PostgreSQL's own `pg_dump`, and the home without it."
    raise Usage("the ledger is on a server, and is no file", remedy=remedy, code="ledger_on_server")


def _of_ledger(folder: Path, text: str | None) -> Place | None:
    return None if text is None else place_named(text, folder)


def _text(path: Path, values: dict[str, Any], key: str) -> str | None:
    found = values.get(key)
    if found is not None and not (isinstance(found, str) and found.strip() and "\0" not in found):
        raise _bad(f"{path}: {key} is no text")
    return found


def _place(path: Path, text: str | None) -> Path | None:
    return None if text is None else path.parent / text


def _bad(why: str) -> Usage:
    remedy = 'It has some of: device = "NAME", ledger = "FILE" or its URL, roots = ["FILE"].'
    return Usage(why, remedy=remedy, code="bad_config")
