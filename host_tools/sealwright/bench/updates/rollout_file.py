"""How far a rollout is: HOME/rollouts/DIGEST.json, a file for each bundle, written whole after every device.

    {"format": 1, "bundle", "version", "spec", "rings": [[ID...]...], "devices": {ID: {"state", "code", "text", "at",
     "seq"}}}

bundle: the digest of its message. spec: what the rings were chosen by. state: see `State`. at: unix seconds of that.
seq: the number of the device's last reading when it confirmed the version. A rollout that was killed at any moment goes
on from here; a device that was in the middle of its update says itself how far it is.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ...errors import Usage, cause_of
from ...files import write_whole

FORMAT: Final = 1
FOLDER: Final = "rollouts"


class State(StrEnum):
    """How a device is. UPDATED: it has confirmed the version; DONE: and its ring has been watched; SILENT: it did not
    answer in time, which another run tries again; FAILED: it refused, rolled back, or did badly after it."""

    UPDATED = "updated"
    DONE = "done"
    SILENT = "silent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of a device."""

    state: State
    at: int
    seq: int = 0
    code: str = ""
    text: str = ""


class RolloutFile:
    """The rollout of a bundle (digest of its message) in the home at `folder`. rings: devices by id in hexadecimal."""

    def __init__(self, folder: Path, bundle: bytes, version: int) -> None:
        self.path = folder / FOLDER / f"{bundle.hex()[:16]}.json"
        self._bundle, self._version = bundle.hex(), version
        self.spec = ""
        self.rings: list[list[str]] = []
        self.devices: dict[str, Noted] = {}

    @property
    def exists(self) -> bool:
        """Whether a rollout of the bundle has begun."""
        return bool(self.rings)

    def read(self) -> None:
        """Take what is in the file, if there is one. Raises Usage for a damaged one."""
        try:
            values: dict[str, Any] = json.loads(self.path.read_bytes())
            if (values["format"], values["bundle"], values["version"]) != (FORMAT, self._bundle, self._version):
                raise ValueError
            rings = [[_id(device) for device in ring] for ring in values["rings"]]
            noted = {_id(device): _noted(one) for device, one in values["devices"].items()}
            self.spec, self.rings, self.devices = str(values["spec"]), rings, noted
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            remedy = "Begin anew with --restart: devices that have the version already are left alone."
            raise Usage(f"{self.path} is damaged", remedy=remedy, code="bad_rollout") from error

    def begin(self, spec: str, rings: list[list[str]]) -> None:
        """A rollout that nothing is known of."""
        self.spec, self.rings, self.devices = spec, rings, {}

    def add(self, devices: Iterable[str]) -> None:
        """Put devices that are in no ring into the last one."""
        known = {device for ring in self.rings for device in ring}
        self.rings[-1] += [device for device in devices if device not in known]

    def note(self, device: str, noted: Noted) -> None:
        """Keep what came of a device. Raises Usage."""
        self.devices[device] = noted
        self.write()

    def write(self) -> None:
        """Write it whole. Raises Usage."""
        values = {
            "format": FORMAT,
            "bundle": self._bundle,
            "version": self._version,
            "spec": self.spec,
            "rings": self.rings,
            "devices": {device: asdict(one) for device, one in self.devices.items()},
        }
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(self.path, json.dumps(values, indent=1).encode())
        except OSError as error:
            raise Usage(f"cannot write {self.path}: {cause_of(error)}", remedy="Free some space.") from error

    def state(self, device: str) -> State | None:
        """How a device is; None: it was not tried."""
        found = self.devices.get(device)
        return None if found is None else found.state

    def count(self, ring: Iterable[str], *states: State) -> int:
        """How many devices of a ring are in one of these states."""
        return sum(self.state(device) in states for device in ring)


def _id(text: str) -> str:
    if len(bytes.fromhex(text)) != 32:
        raise ValueError
    return text


def _noted(one: dict[str, Any]) -> Noted:
    return Noted(State(one["state"]), int(one["at"]), int(one["seq"]), str(one["code"]), str(one["text"]))
