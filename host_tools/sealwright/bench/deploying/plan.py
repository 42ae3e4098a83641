"""What to change on a board so that it runs this firmware: only what differs, and never the slot that it runs.

The new firmware is put together in the slot that is not in use (the first one in `a`): what the other slot holds is
copied there on the board itself, the rest comes over the wire. The loader's files are written beside the old ones. Only
when all is there and its hashes are right, one script renames them and `/slot`. Whenever the cable is pulled before,
the board runs what it ran; what was copied stays, and is not copied again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ...targets import MANIFEST, Build
from .survey import SLOTS, Found, Survey

NEW: Final = ".new"
LOADER_ORDER: Final = ("loader.mpy", "boot.py", "main.py")  # main.py last: without it, nothing of ours runs


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. remove: paths in the unused slot, first. copy: path -> a file of the same bytes on the board.
    put: path -> bytes. loader: the files to rename at the end."""

    slot: str
    remove: list[str]
    copy: Mapping[str, str]
    put: Mapping[str, bytes]
    loader: list[str]
    unchanged: int
    commit: bool

    @property
    def nothing(self) -> bool:
        """Whether the board runs just this already."""
        return not (self.remove or self.copy or self.put or self.loader or self.commit)

    @property
    def wire_bytes(self) -> int:
        """Bytes to send."""
        return sum(map(len, self.put.values()))


def roots() -> list[str]:
    """Where a board's firmware files are: what to hash before planning."""
    loader = [f"/{name}" for name in LOADER_ORDER]
    return [*loader, *(path + NEW for path in loader), *(f"/{slot}" for slot in SLOTS)]


def make_plan(build: Build, found: Survey) -> Plan:
    """Compare, and say what to do."""
    wanted = {path: digest(data) for path, data in build.slot.items()}
    slot = found.slot if found.slot and _holds(found, found.slot) == wanted else _spare(found.slot)
    have = {path: one.digest for path, one in found.files.items()}
    put: dict[str, bytes] = {}
    copy: dict[str, str] = {}
    places = {hexed: path for path, hexed in have.items() if not path.startswith(f"/{slot}/")}
    for path, data in build.slot.items():
        place = f"/{slot}/{path}"
        if have.get(place) == wanted[path]:
            continue
        if wanted[path] in places:
            copy[place] = places[wanted[path]]
        else:
            put[place] = data
    loader = [name for name in LOADER_ORDER if have.get(f"/{name}") != digest(build.loader[name])]
    for name in loader:
        if have.get(f"/{name}{NEW}") != digest(build.loader[name]):
            put[f"/{name}{NEW}"] = build.loader[name]
    return Plan(
        slot=slot,
        remove=[f"/{slot}/{path}" for path in sorted(_outdated(wanted, _holds(found, slot)))],
        copy=copy,
        put=put,
        loader=loader,
        unchanged=len(build.slot) + len(build.loader) - len(copy) - len(put),
        commit=slot != found.slot,
    )


def room_needed(plan: Plan, found: Survey) -> int:
    """Bytes of flash that carrying out a plan takes, at most: whole blocks, and two for each folder."""
    blocks = 8  # for the file system itself, which copies what it changes
    folders = set()
    for path, size in _sizes(plan, found.files).items():
        old = found.files[path].size if path in found.files else 0
        blocks += max(0, -(-size // found.block) - -(-old // found.block))
        folders.add(path.rpartition("/")[0])
    return (blocks + 2 * len(folders)) * found.block


def _sizes(plan: Plan, files: Mapping[str, Found]) -> dict[str, int]:
    copied = {path: files[source].size for path, source in plan.copy.items()}
    return copied | {path: len(data) for path, data in plan.put.items()}


def _spare(in_use: str | None) -> str:
    return "b" if in_use == "a" else "a"


def _outdated(wanted: Mapping[str, str], holds: Mapping[str, str]) -> set[str]:
    """What must go before anything is copied: a manifest, too, which tells of a slot that is whole."""
    return {path for path in holds if path not in wanted or (path == MANIFEST and holds[path] != wanted[path])}


def _holds(found: Survey, slot: str) -> dict[str, str]:
    """Path within a slot -> hash, of all that lies in it."""
    prefix = f"/{slot}/"
    return {path.removeprefix(prefix): one.digest for path, one in found.files.items() if path.startswith(prefix)}


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(data).hexdigest()
