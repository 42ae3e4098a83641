"""`config.toml` in a home: what commands take where nothing is given. A person writes it; no command does.

    device = "roof"             the device that a command means where none is named
    ledger = "/srv/ledger.db"   the ledger's file; a relative path begins at the home
    roots = ["other-root.pem"]  root certificates that `verify` accepts besides the home's; relative paths as above

Options win over the environment, the environment over this file. A key that is none of these is refused: one that is
written wrong would be silently left out.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import Usage
from ..texts import read_text

NAME: Final = "config.toml"
KEYS: Final = ("device", "ledger", "roots")


@dataclass(frozen=True, slots=True)
class Config:
    """What a home's config.toml says. Paths are absolute."""

    device: str | None = None
    ledger: Path | None = None
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
        ledger=_place(path, _text(path, values, "ledger")),
        roots=tuple(place for root in roots if (place := _place(path, _text(path, {"roots": root}, "roots")))),
    )


def _text(path: Path, values: dict[str, Any], key: str) -> str | None:
    found = values.get(key)
    if found is not None and not (isinstance(found, str) and found.strip() and "\0" not in found):
        raise _bad(f"{path}: {key} is no text")
    return found


def _place(path: Path, text: str | None) -> Path | None:
    return None if text is None else path.parent / text


def _bad(why: str) -> Usage:
    remedy = 'It has some of: device = "NAME", ledger = "FILE", roots = ["FILE"].'
    return Usage(why, remedy=remedy, code="bad_config")
