"""Links, sessions and tokens: random texts whose hashes alone are on disk, a file for each.

    HOME/web/links/HASH.json       role, until: signs one browser in, once
    HOME/web/sessions/HASH.json    role, until: what that browser's cookie holds
    HOME/web/tokens/HASH.json      role, name, made: for programs, until it is revoked

A text has 256 random bits, so its SHA-256 says nothing of it, and its file's name is found without comparing secrets.
A link counts for whoever removes its file: of two who come at a time one does.
Limits: files, a few hundred; `MOST` sessions, of which the oldest goes first.
"""

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from ...errors import Usage, cause_of
from ...files import write_whole

VIEWER, OPERATOR = "viewer", "operator"
ROLES: Final = (VIEWER, OPERATOR)
LINK_SECONDS: Final = 900
SESSION_SECONDS: Final = 12 * 3600
MOST: Final = 200
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[\w.-]{1,40}")
LINKS, SESSIONS, TOKENS = "links", "sessions", "tokens"


class Key(NamedTuple):
    """What a text gives. secret: the text's hash in hexadecimal. until: unix seconds, None for ever."""

    role: str
    secret: str
    name: str = ""
    until: int | None = None
    made: int = 0

    @property
    def operates(self) -> bool:
        """Whether it may change something."""
        return self.role == OPERATOR


class Keys:
    """The keys to the page of the home in `folder`. Writing raises Usage where the disk refuses it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "web"

    def new_link(self, role: str) -> str:
        """A text that signs one browser in within LINK_SECONDS."""
        self._sweep(LINKS)
        return self._new(LINKS, {"role": known_role(role), "until": int(time.time()) + LINK_SECONDS})

    def use_link(self, text: str) -> str | None:
        """The text of a new session, where `text` is a link's that nobody has used."""
        found = self._find(LINKS, text)
        if found is None:
            return None
        try:
            self._file(LINKS, found.secret).unlink()
        except FileNotFoundError:  # another one was faster
            return None
        self._sweep(SESSIONS)
        return self._new(SESSIONS, {"role": found.role, "until": int(time.time()) + SESSION_SECONDS})

    def session(self, text: str) -> Key | None:
        """The session of a cookie's text."""
        return self._find(SESSIONS, text)

    def end_session(self, key: Key) -> None:
        """End a session. Idempotent."""
        self._file(SESSIONS, key.secret).unlink(missing_ok=True)

    def end_sessions(self) -> int:
        """End every session and unused link; how many sessions there were."""
        for one in self._each(LINKS):
            self._file(LINKS, one.secret).unlink(missing_ok=True)
        found = list(self._each(SESSIONS))
        for one in found:
            self.end_session(one)
        return len(found)

    def new_token(self, role: str, name: str) -> str:
        """A text for a program. Raises Usage for a name that another token has, or that is none."""
        if not _NAME.fullmatch(name):
            raise Usage(f"{name!r} names no token", remedy="Use up to 40 letters, digits, dots and hyphens.")
        if any(one.name == name for one in self.tokens()):
            remedy = f"Choose another name, or revoke it: `sealwright web revoke {name}`."
            raise Usage(f"there is a token {name} already", remedy=remedy, code="token_exists")
        return self._new(TOKENS, {"role": known_role(role), "name": name})

    def token(self, text: str) -> Key | None:
        """The token with this text."""
        return self._find(TOKENS, text)

    def tokens(self) -> list[Key]:
        """Every token, by name."""
        return sorted(self._each(TOKENS), key=lambda one: one.name)

    def revoke(self, name: str) -> None:
        """End a token. Raises Usage where there is none of that name."""
        found = [one for one in self._each(TOKENS) if one.name == name]
        if not found:
            remedy = "`sealwright web tokens` lists them."
            raise Usage(f"there is no token {name}", remedy=remedy, code="unknown_token")
        for one in found:
            self._file(TOKENS, one.secret).unlink(missing_ok=True)

    def _file(self, kind: str, secret: str) -> Path:
        return self.path / kind / f"{secret}.json"

    def _new(self, kind: str, values: dict[str, Any]) -> str:
        text = secrets.token_urlsafe(32)
        try:
            for folder in (self.path, self.path / kind):
                folder.mkdir(mode=0o700, exist_ok=True)
            data = json.dumps({**values, "made": int(time.time())}).encode()
            write_whole(self._file(kind, hashed(text)), data)
        except OSError as error:
            raise Usage(f"cannot write {self.path}: {cause_of(error)}", remedy="Free some space.") from error
        return text

    def _find(self, kind: str, text: str) -> Key | None:
        return self._read(kind, hashed(text)) if _TEXT.fullmatch(text) else None

    def _read(self, kind: str, secret: str) -> Key | None:
        """The key in a file; None for one that has ended, or that nobody can read."""
        try:
            values = json.loads(self._file(kind, secret).read_bytes())
            key = Key(values["role"], secret, values.get("name", ""), values.get("until"), values["made"])
            over = key.until is not None and key.until <= time.time()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return None if over or key.role not in ROLES else key

    def _each(self, kind: str) -> Iterator[Key]:
        for path in (self.path / kind).glob("*.json"):
            key = self._read(kind, path.stem)
            if key is not None:
                yield key

    def _sweep(self, kind: str) -> None:
        """Remove what has ended, and the oldest beyond MOST."""
        with suppress(OSError):
            paths = sorted((self.path / kind).glob("*.json"), key=os.path.getmtime, reverse=True)
            for n, path in enumerate(paths):
                if n >= MOST - 1 or self._read(kind, path.stem) is None:
                    path.unlink(missing_ok=True)


def known_role(role: str) -> str:
    """`role`, one of ROLES. Raises Usage for anything else."""
    if role not in ROLES:
        raise Usage(f"there is no role {role!r}", remedy="Choose viewer, who reads, or operator, who also hands in.")
    return role


def hashed(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
