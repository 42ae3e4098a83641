"""One device in the register."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import Usage

PENDING: Final = "pending"
DONE: Final = "provisioned"
RETIRED: Final = "retired"  # wiped, removed or forgotten: kept for the ledger's sake, its name is free


@dataclass(frozen=True, slots=True)
class Registered:
    """A device in the register. `device` and `certificate` (its digest) are hexadecimal. commands: the number of the
    last command signed for it. urls: where the owner named it since it was provisioned at `url`, the last one last.
    hardened: the MAC of the chip it runs on, where this home has sealed that. chip: the serial number of the chip that
    keeps its key, where custody 2 was certified on that chip's word. rotations: those of its key that this home has
    seen, as received, in hexadecimal, oldest first."""

    name: str
    device: str
    url: str
    model: str
    custody: int
    state: str
    certificate: str
    registered_at: int
    commands: int = 0
    urls: Sequence[str] = ()
    groups: Sequence[str] = ()
    hardened: str = ""
    rotations: Sequence[str] = ()
    chip: str = ""

    @property
    def active(self) -> bool:
        """Whether it is in use: its name and its URLs mean it."""
        return self.state != RETIRED

    @property
    def where(self) -> str:
        """The URL where the owner named it last."""
        return self.urls[-1] if self.urls else self.url

    @property
    def label(self) -> str:
        """Its name for reports, with a mark where it is no more."""
        return self.name if self.active else f"{self.name} (retired {self.device[:8]})"


def parse_entry(path: Path) -> Registered:
    """The entry in a file ID.json. Raises Usage for a damaged one."""
    try:
        values: dict[str, Any] = json.loads(path.read_text())
        entry = Registered(**values)
        lists = (entry.urls, entry.groups, entry.rotations)
        texts = (
            entry.name,
            entry.url,
            entry.model,
            entry.state,
            entry.certificate,
            entry.hardened,
            entry.chip,
            *entry.urls,
            *entry.groups,
            *entry.rotations,
        )
        numbers = (entry.custody, entry.registered_at, entry.commands)
        typed = all(isinstance(one, list | tuple) for one in lists) and all(isinstance(one, str) for one in texts)
        if f"{entry.device}.json" != path.name or len(bytes.fromhex(entry.device)) != 32:
            raise ValueError
        if not typed or not all(isinstance(one, int) for one in numbers):
            raise ValueError
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise Usage(f"the entry {path} is damaged", remedy="Move it away, or put it back from a copy.") from error
    return entry
