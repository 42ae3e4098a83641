"""Passphrases of files: `init` and the copies of a home read them."""

from pathlib import Path

from ..errors import Usage
from ..texts import first_line
from ..wire.keys import read_secret


def read_passphrase(path: Path) -> bytes:
    """The first line of a file that only its owner may read. Raises Usage, BadKeyFile."""
    try:
        found = first_line(read_secret(path))
    except OSError as error:
        raise Usage(f"cannot read the passphrase in {path}: {error.strerror}", remedy="Check the path.") from error
    except UnicodeDecodeError as error:
        raise Usage(f"the passphrase in {path} is no UTF-8 text", remedy="Save it as UTF-8.") from error
    if not found.strip():
        raise Usage(f"no passphrase in {path}", remedy="Write it into the file's first line.", code="no_passphrase")
    return found.encode()
