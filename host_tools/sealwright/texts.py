"""Reading text files that people write.

They are UTF-8, whatever the locale says, with or without a byte order mark, or UTF-16 with one: some editors and shells
save text so by themselves. JSON with one key twice is refused: readers differ in which of the two values counts.
"""

import codecs
import json
from pathlib import Path
from typing import Any, Final

from .errors import Usage

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """The text of a file's bytes, without its mark. Raises UnicodeDecodeError."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding)


def read_text(path: Path) -> str:
    """A file's text. Raises OSError, UnicodeDecodeError."""
    return decode(path.read_bytes())


def first_line(data: bytes) -> str:
    """The first line of a file that holds a secret, without its mark and its end, LF or CRLF: nothing else that the
    secret may contain ends it. Raises UnicodeDecodeError."""
    return decode(data).split("\n", 1)[0].removesuffix("\r")


def read_json(path: Path) -> Any:
    """The value of a JSON file. Raises OSError, ValueError for what is no JSON, Usage for a key that is there twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise Usage(f"{path} has {twice!r} twice", remedy="Keep the one that counts.", code="twice")
        return found

    return json.loads(read_text(path), object_pairs_hook=unique)
