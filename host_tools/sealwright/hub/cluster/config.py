"""The cluster of a home's hub: its servers, how the work is divided, and the accounts of the parts.

    HOME/hub/cluster/cluster.json    {"servers": [...], "partitions", "shards", "address", "sync", "accounts", ...}
    HOME/hub/cluster/ca.pem          the CA of the servers' certificates
    HOME/hub/cluster/servers/NAME/   what one server reads, see `files`

The file has passwords: mode 600. A machine that runs one part alone is given a file with that part's account alone, see
`handing_out`.
"""

import ipaddress
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from ...errors import Usage, cause_of
from ...files import write_output
from ..joining import cluster_file
from ..settings import BROKER_PORT

CLIENT_PORT: Final = 4222
ROUTE_PORT: Final = 6222
PARTITIONS: Final = 8
MOST_PARTITIONS: Final = 256
MOST_SHARDS: Final = 64
SYNCS: Final = ("always", "2m")
ADMIN, VERIFY, READINGS, INTAKE = "admin", "verify", "readings", "intake"
_BYTES: Final = 24  # of a password
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")


def settler(shard: int) -> str:
    """The account of the settler of a shard."""
    return f"settle-{shard}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server. host: as devices and the other servers know it. mqtt, client, route: its ports, for devices, for the
    hub's parts, and between servers."""

    name: str
    host: str
    mqtt: int = BROKER_PORT
    client: int = CLIENT_PORT
    route: int = ROUTE_PORT

    @classmethod
    def parse(cls, text: str, number: int) -> Self:
        """HOST[:MQTT[:CLIENT[:ROUTE]]], an IPv6 address in brackets. Raises Usage."""
        found = re.fullmatch(rf"(?P<host>{_HOST.pattern})(?P<ports>(:\d{{1,5}}){{0,3}})", text)
        ports = [int(one) for one in found["ports"].split(":")[1:]] if found else []
        if not found or not all(0 < one < 65536 for one in ports):
            remedy = "Write HOST[:MQTT[:CLIENT[:ROUTE]]], such as nats1.example or 10.0.0.1:8883:4222:6222."
            raise Usage(f"{text!r} is no server", remedy=remedy)
        return cls(f"server-{number}", found["host"].strip("[]"), *ports)

    def at(self, port: int) -> str:
        """HOST:PORT, for URLs and configurations."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the file says. address: the one name of all servers that devices are given, or "" for one of the servers.
    sync: whether a server answers for a message once it is on its disk ("always"), or in its memory and on most servers
    ("2m"). megabytes: how much each stream keeps at most. accounts: passwords by name. folder: where the file is."""

    folder: Path
    servers: tuple[Server, ...]
    shards: int
    partitions: int = PARTITIONS
    address: str = ""
    sync: str = "always"
    megabytes: int = 1024
    accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def replicas(self) -> int:
        """On how many servers each stream is."""
        return 3 if len(self.servers) >= 3 else 1

    @property
    def authority(self) -> Path:
        """The certificate of the servers' CA."""
        return self.folder / "ca.pem"

    def server_folder(self, name: str) -> Path:
        """What this server reads. Raises Usage for a name that none has."""
        if name not in (one.name for one in self.servers):
            remedy = f"The servers: {', '.join(one.name for one in self.servers)}."
            raise Usage(f"the cluster has no server {name!r}", remedy=remedy)
        return self.folder / "servers" / name

    def password(self, account: str) -> str:
        """Raises Usage (code no_account) where this machine was given another account."""
        if account not in self.accounts:
            what = f"{self.folder / 'cluster.json'} has no account {account!r}"
            remedy = (
                "This machine has what `sealwright cluster hand-out` gave it. Run this command on the machine that has "
                "all the cluster's files."
            )
            if account == VERIFY:
                remedy = (
                    "On the machine that has the cluster's files: `sealwright cluster hand-out verify --out FOLDER`."
                )
            raise Usage(what, remedy=remedy, code="no_account")
        return self.accounts[account]

    def names(self) -> list[str]:
        """Every account of a part."""
        return [ADMIN, VERIFY, READINGS, INTAKE, *(settler(shard) for shard in range(self.shards))]

    def with_accounts(self) -> "Cluster":
        """With a password for each account that has none."""
        made = {name: self.accounts.get(name) or secrets.token_urlsafe(_BYTES) for name in [*self.names(), "route"]}
        return replace(self, accounts=made)

    def save(self, folder: Path | None = None) -> None:
        """Write the file, into another folder where one is given. Raises Usage."""
        path = (folder or self.folder) / "cluster.json"
        values = {name: value for name, value in asdict(self).items() if name != "folder"}
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f".{path.name}")
            write_output(draft, json.dumps(values, indent=1).encode() + b"\n", private=True)
            draft.replace(path)
        except OSError as error:
            raise Usage(f"cannot write {path}: {cause_of(error)}", remedy="Check its permissions.") from error

    @classmethod
    def read(cls, home: Path) -> "Cluster":
        """The cluster of the home in this folder. Raises Usage (code no_cluster) where there is none."""
        path = cluster_file(home)
        try:
            found = json.loads(path.read_bytes())
            return _made(path.parent, found)
        except FileNotFoundError as error:
            remedy = "`sealwright cluster init --server HOST ...` makes one."
            raise Usage(f"the hub of {home} is of no cluster", remedy=remedy, code="no_cluster") from error
        except OSError as error:
            raise Usage(f"cannot read {path}: {cause_of(error)}", remedy="Check its permissions.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            remedy = "Put it back from a copy, or remove it and make a new cluster with `sealwright cluster init`."
            raise Usage(f"{path} is damaged", remedy=remedy, code="home_damaged") from error


def _made(folder: Path, found: dict[str, Any]) -> Cluster:
    servers = tuple(Server(**one) for one in found.pop("servers"))
    return checked(Cluster(folder, servers, **found))


def checked(cluster: Cluster) -> Cluster:
    """The cluster, if it can be. Raises Usage."""
    _check(bool(cluster.servers), "a cluster has servers", "Name each with --server HOST.")
    _check(
        len(cluster.servers) != 2,
        "two servers lose their majority with either of them",
        "Name one server, or three or more.",
    )
    _check(1 <= cluster.shards <= MOST_SHARDS, f"shards are from 1 to {MOST_SHARDS}", "Name the ledger's own number.")
    most = f"partitions are from 1 to {MOST_PARTITIONS}"
    _check(1 <= cluster.partitions <= MOST_PARTITIONS, most, "Some for each verifier are enough.")
    _check(cluster.sync in SYNCS, f"sync is one of {', '.join(SYNCS)}", "Name one of them.")
    _check(cluster.megabytes >= 1, "a stream keeps 1 MB at least", "Name more.")
    _check(not cluster.address or bool(_HOST.fullmatch(cluster.address)), "the address is no host", "Give a name.")
    for one in cluster.servers:
        _check(_is_host(one.host), f"{one.host!r} is no host", "Give a name or an address, such as nats1.example.")
    places = [(host.lower(), port) for host, port in _places(cluster.servers)]
    _check(len(set(places)) == len(places), "two servers have one port", "Give each server on one host its own ports.")
    return cluster


def _is_host(text: str) -> bool:
    """Whether this is an IP address, or a name that is not written like one."""
    with suppress(ValueError):
        return bool(ipaddress.ip_address(text))
    return _NAME.fullmatch(text) is not None and not text.rstrip(".").rpartition(".")[2].isdigit()


def _places(servers: Sequence[Server]) -> list[tuple[str, int]]:
    return [(one.host, port) for one in servers for port in (one.mqtt, one.client, one.route)]


def _check(holds: bool, why: str, remedy: str) -> None:
    if not holds:
        raise Usage(why, remedy=remedy)
