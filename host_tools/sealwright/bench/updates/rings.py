"""Which device of a fleet gets an update when: rings, one after another, each a share of the fleet.

    --rings 1,10%,100%     one device, then up to a tenth of all, then all; each number counts the rings before it, too

or a plan file in TOML, with a table for each ring; what a ring names comes first, then others up to its share:

    [[ring]]
    devices = ["shed"]
    [[ring]]
    groups = ["roofs"]
    [[ring]]
    share = "100%"

The others are in the order of SHA-256 over the bundle's digest and the device's id: the same at every run, known to
nobody before the bundle is made, and another one for the next bundle.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ...errors import Usage, cause_of
from ...home import Home, Registered
from ...home.names import name_key
from ...texts import read_text

DEFAULT: Final = "1,10%,100%"
_SHARE: Final = re.compile(r"([0-9]{1,7})(%?)")
_KEYS: Final = ("devices", "groups", "share")


@dataclass(frozen=True, slots=True)
class Share:
    """So many devices, or that percentage of them."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str, what: str) -> "Share":
        """From "3" or "10%". Raises Usage."""
        found = _SHARE.fullmatch(text.strip())
        if found is None or (found[2] and int(found[1]) > 100):
            raise Usage(f"{what} {text!r} is no number and no percentage", remedy="Give for example 1, 3 or 10%.")
        return cls(int(found[1]), bool(found[2]))

    def up(self, of: int) -> int:
        """How many of so many these are, rounded up."""
        return min(of, math.ceil(of * self.number / 100) if self.percent else self.number)

    def down(self, of: int) -> int:
        """The same rounded down."""
        return min(of, of * self.number // 100 if self.percent else self.number)


@dataclass(frozen=True, slots=True)
class Ring:
    """What a plan says of a ring. named: devices' texts; groups: their names; share: of all devices, with the rings
    before."""

    named: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    share: Share | None = None


def parse_rings(text: str) -> tuple[Ring, ...]:
    """From "1,10%,100%". Raises Usage, also where the last ring is not all devices."""
    rings = tuple(Ring(share=_of_some(Share.parse(part, "the ring"))) for part in text.split(","))
    if rings[-1].share != Share(100, percent=True):
        raise Usage(f"the rings {text!r} do not end with all devices", remedy="End with 100%, such as 1,10%,100%.")
    return rings


def _of_some(share: Share) -> Share:
    if share.number == 0:
        raise Usage("a ring of 0 devices has none", remedy="Leave it out, or give it 1 or more.")
    return share


def read_plan(path: Path) -> tuple[Ring, ...]:
    """From a plan file. Raises Usage (code bad_plan)."""
    try:
        values = tomllib.loads(read_text(path))
    except (OSError, ValueError) as error:
        raise _bad(path, f"cannot be read: {cause_of(error)}") from error
    rings = values.get("ring")
    if set(values) != {"ring"} or not isinstance(rings, list) or not all(isinstance(one, dict) for one in rings):
        raise _bad(path, "is no list of [[ring]] tables")
    return tuple(_ring(path, one) for one in rings)


def _ring(path: Path, values: dict[str, Any]) -> Ring:
    for key in values:
        if key not in _KEYS:
            raise _bad(path, f"has an unknown key {key!r}")
    lists = [values.get("devices", []), values.get("groups", [])]
    if not all(isinstance(one, list) and all(isinstance(text, str) and text for text in one) for one in lists):
        raise _bad(path, "names devices and groups by lists of texts")
    share = None if "share" not in values else _of_some(Share.parse(str(values["share"]), "the share"))
    return Ring(tuple(lists[0]), tuple(lists[1]), share)


def _bad(path: Path, why: str) -> Usage:
    remedy = 'A ring has some of: devices = ["NAME"], groups = ["GROUP"], share = "10%".'
    return Usage(f"{path} {why}", remedy=remedy, code="bad_plan")


def choose(home: Home, rings: Sequence[Ring], entries: Iterable[Registered], bundle: bytes) -> list[list[str]]:
    """The devices (ids in hexadecimal) of each ring; a ring that adds none is left out. bundle: the digest of its
    message. Raises Usage where a plan leaves devices out, UnknownDevice for one that it names."""
    left = {one.device: one for one in sorted(entries, key=lambda one: place(bundle, one.device))}
    total, taken, found = len(left), 0, []
    for ring in rings:
        named = [home.resolve(text).device for text in ring.named]
        ids = [device for device in named if device in left]
        groups = {name_key(group) for group in ring.groups}
        ids += [one.device for one in left.values() if groups & {name_key(group) for group in one.groups}]
        ids = list(dict.fromkeys(ids))
        others = [device for device in left if device not in ids]
        missing = 0 if ring.share is None else max(0, ring.share.up(total) - taken - len(ids))
        ids += others[:missing]
        for device in ids:
            del left[device]
        taken += len(ids)
        if ids:
            found.append(ids)
    if left:
        names = ", ".join(one.name for one in list(left.values())[:5])
        remedy = 'Give the last ring share = "100%", or name fewer devices.'
        raise Usage(f"{len(left)} devices are in no ring: {names}", remedy=remedy, code="bad_plan")
    return found


def place(bundle: bytes, device: str) -> bytes:
    """Where a device (id in hexadecimal) is in the order for this bundle."""
    return sha256(bundle + bytes.fromhex(device)).digest()
