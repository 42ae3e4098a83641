"""Which files of a home a backup takes as they are; `safekeeping` says why the others do not come along."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .bench.updates import hss as update_key
from .errors import Usage

LEFT_OUT: Final = ("boards", "web")
_OF_RUNNING_HUB: Final = ("hub/state", "hub/inbox", "hub/broker/store")
_OF_HUB: Final = (
    ".bundle",
    ".position",
    ".pem",
    ".key",
    "accounts.json",
    "alerts.toml",
    "cluster.json",
    "server.conf",
)  # how its files end that come along
LEDGER: Final = "ledger.db"
HEAD: Final = "ledger.head"
READINGS: Final = "readings.db"


def plain_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file that may come back as it is; hidden ones are drafts and locks. Raises Usage for a link."""
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = sorted(one for one in folders if not one.startswith(".") and str(here / one) not in LEFT_OUT)
        folders[:] = [one for one in folders if (here / one).as_posix() not in _OF_RUNNING_HUB]
        kept = [one for one in names if not one.startswith(".")]
        if here.parts[:1] == ("hub",):
            kept = [one for one in kept if one.endswith(_OF_HUB)]
        if here == Path():
            kept = [one for one in kept if not one.startswith((LEDGER, HEAD, READINGS, update_key.FILE))]
        for name in sorted(kept + folders):
            path = Path(place) / name
            if path.is_symlink():
                raise Usage(f"{path} is a link", remedy="Put what it names in its place: a backup follows no link.")
            if path.is_file():
                yield (here / name).as_posix(), path
