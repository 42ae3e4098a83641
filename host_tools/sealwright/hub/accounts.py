"""Accounts at a hub's own broker: one for each device, which may speak under its own id alone, and the hub's.

    HOME/hub/broker/accounts.json    {"host", "port", "hub": password, "devices": {ID: {"password", "test"}}}, mode 600

A device gets its account with `owner network DEVICE --broker hub`; it keeps the password as plain text, as every
broker's. The broker takes the accounts of devices that are in use: one that is revoked, wiped or forgotten loses its
own within seconds.
Limits: a client's name is not bound to its account: a device that lies about it can end another's connection, which
comes back by itself. It reads and writes nothing of others.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from ..errors import Usage, cause_of
from ..files import exclusive, write_output
from ..home import Home
from ..link.broker import Broker
from ..wire.messages import Revocation, parse_as
from . import certifying
from .folder import HubFolder
from .settings import BROKER_PORT, LOCAL

HUB: Final = "hub"  # the hub's user, and the word that means its broker
_BYTES: Final = 24  # of a password


class Accounts:
    """The accounts of a home's hub. Raises Usage where the files cannot be read or written."""

    def __init__(self, home: Home) -> None:
        self._home = home
        folder = HubFolder(home.folder)
        folder.make()
        self.folder = folder.broker
        self._path = self.folder / "accounts.json"

    @property
    def exists(self) -> bool:
        """Whether the hub's broker was ever set up."""
        return self._path.exists()

    @property
    def changed(self) -> tuple[int, int]:
        """What differs once accounts were given or taken."""
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size

    def set_up(self, host: str | None = None, port: int | None = None) -> None:
        """Make what is missing: where the broker is to be (None: as before, at first 127.0.0.1:8883), its certificate,
        the hub's account."""
        with self._changed() as values:
            values["host"] = host or values.get("host", LOCAL)
            values["port"] = port or values.get("port", BROKER_PORT)
            values.setdefault(HUB, secrets.token_urlsafe(_BYTES))
            values.setdefault("devices", {})
        self.certificate()

    def certificate(self) -> tuple[Path, Path, Path]:
        """The files of the CA's certificate, of the broker's and of its key; made where they are missing."""
        host = str(self._read()["host"])
        hosts = list(dict.fromkeys([host, LOCAL, "localhost"]))
        try:
            found = certifying.ensure(self.folder, hosts)
            kept, authority = self._home.authority(self.broker.name), found[0].read_bytes()
            if not kept.exists() or kept.read_bytes() != authority:
                self._home.keep_authority(self.broker.name, authority)
            return found
        except OSError as error:
            raise _cannot(self.folder, error) from error

    @property
    def broker(self) -> Broker:
        """The broker, as the hub's own user."""
        values = self._read()
        host, port = str(values["host"]), int(values["port"])
        return Broker(host, port, HUB, str(values[HUB]), self.folder / "ca.pem")

    def issue(self, device: bytes, *, test: bool) -> Broker:
        """The broker as this device (id) is to know it, with an account of its own; the one it has, if there is one.
        test: it is of the home's test network. Raises Usage (code no_broker) where there is no broker yet."""
        name = device.hex()
        self._read()
        with self._changed() as values:
            given = values["devices"].setdefault(name, {"password": secrets.token_urlsafe(_BYTES), "test": test})
            given["test"] = test
            host, port = str(values["host"]), int(values["port"])
        self.certificate()
        return Broker(host, port, name, str(given["password"]), self.folder / "ca.pem")

    def users(self) -> list[tuple[str, str, str | None]]:
        """Name, password and topic of everybody who may come in now; the topic's beginning is a device's own, with
        dots, None for the hub, which may do everything."""
        values = self._read()
        networks = {test: self._home.network_id(test=test).hex()[:16] for test in (False, True)}
        good = {entry.device for entry in self._home.active()} - _revoked(self._home)
        devices = [
            (name, str(given["password"]), f"sealwright.{networks[bool(given['test'])]}.{name}")
            for name, given in sorted(values["devices"].items())
            if name in good
        ]
        return [(HUB, str(values[HUB]), None), *devices]

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_bytes())
            if not isinstance(found, dict) or not {"host", "port", HUB, "devices"} <= found.keys():
                raise ValueError
            return found
        except FileNotFoundError as error:
            raise Usage(
                "this home's hub has no broker yet", remedy="Run `sealwright hub` once.", code="no_broker"
            ) from error
        except (OSError, ValueError) as error:
            remedy = "Remove it, and give every device its broker again."
            raise Usage(f"{self._path} is damaged", remedy=remedy, code="bad_accounts") from error

    def _changed(self) -> "_Change":
        return _Change(self._path)


class _Change:
    """The values of the file, held from reading to replacing."""

    def __init__(self, path: Path) -> None:
        self._path, self._held = path, exclusive(path, wait=True)
        self._values: dict[str, Any] = {}

    def __enter__(self) -> dict[str, Any]:
        self._held.__enter__()
        try:
            self._values = json.loads(self._path.read_bytes()) if self._path.exists() else {}
        except (OSError, ValueError) as error:
            self._held.__exit__(None, None, None)
            raise _cannot(self._path, error) from error
        return self._values

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        try:
            if kind is None:
                draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
                write_output(draft, json.dumps(self._values).encode(), private=True)
                draft.replace(self._path)
        except OSError as error:
            raise _cannot(self._path, error) from error
        finally:
            self._held.__exit__(None, None, None)


def _cannot(path: Path, error: Exception) -> Usage:
    return Usage(f"cannot use {path}: {cause_of(error)}", remedy="Check its permissions and free some space.")


def _revoked(home: Home) -> set[str]:
    now = home.now()
    found = (parse_as(raw, Revocation).body for raw in home.revocations())
    return {one.device.hex() for one in found if one.revoked_from <= now}
