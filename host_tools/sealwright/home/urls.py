"""Texts that say where a device is: URLs, bare ports, and the URLs that an emulated board has.

`serial:PORT`, `tcp:HOST:PORT`, `emulated:NAME`, `mqtts://[USER@]HOST[:PORT]/DEVICE`. A bare `/dev/ttyACM0` or `COM3` is
`serial:` of it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

SCHEMES: Final = ("serial", "tcp", "emulated", "mqtts")
TTY: Final = "tty"  # the pty of an emulated board, in its folder
_PORT: Final = re.compile(r"/.+|com[0-9]+", re.IGNORECASE | re.DOTALL)


def url_of(text: str) -> str | None:
    """The URL that `text` is, or that a bare port means; None where it is neither."""
    if _PORT.fullmatch(text):
        return f"serial:{text}"
    scheme, colon, _ = text.partition(":")
    return text if colon and scheme in SCHEMES else None


def split_place(text: str) -> tuple[str, str | None]:
    """(DEVICE, URL) of `DEVICE@URL`; (text, None) for any other text."""
    if url_of(text) is None:
        for at in (match.start() for match in re.finditer("@", text)):
            url = url_of(text[at + 1 :])
            if url is not None:
                return text[:at], url
    return text, None


def split_broker(url: str) -> tuple[str, str]:
    """("[USER@]HOST[:PORT]", "DEVICE") of an mqtts URL. Percent signs are decoded in DEVICE; # and ? end nothing: they
    may be in a name."""
    authority, _, path = url.partition("://")[2].partition("/")
    return authority, unquote(path.strip("/"))


def board_urls(folder: Path) -> tuple[str, str, str]:
    """Every URL of the emulated board in `folder`. Raises OSError, ValueError, KeyError, TypeError."""
    host, port = json.loads((folder / "hardware.json").read_text())["command"]
    return f"emulated:{folder.name}", f"tcp:{host}:{port}", f"serial:{folder / TTY}"


def aliases(boards: Path, url: str) -> tuple[str, ...]:
    """Every URL of the same place: those of the emulated board in the folder `boards` that has `url`, else `url`."""
    return next((found for found in _each(boards, url) if url in found), (url,))


def _each(boards: Path, url: str) -> Iterator[tuple[str, ...]]:
    scheme, _, name = url.partition(":")
    known = scheme == "emulated" and name and "/" not in name and "\0" not in name
    folders = [boards / name] if known else (path.parent for path in boards.glob("*/hardware.json"))
    for folder in folders:
        try:
            yield board_urls(folder)
        except (OSError, ValueError, KeyError, TypeError):  # a board that is being made, or that is damaged
            continue
