"""What the servers read, written from the home.

    HOME/hub/cluster/servers/NAME/server.conf      one server's ports, certificates and store; written once
    HOME/hub/cluster/servers/NAME/accounts.conf    who may come in; the same for all, written anew as it changes
    HOME/hub/cluster/servers/NAME/*.pem, *.key     its certificate, its key, the CA's certificate

Copy a folder to its server's machine; `nats-server -c server.conf` in it starts the server there, and after a change of
accounts.conf `nats-server --signal reload` has it take that in. Paths in the configuration are relative to the folder
that the server is started in.
Limits: a device's account is some 850 bytes of accounts.conf, which a server reads whole: 3 s for 20,000.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ...errors import Usage, cause_of
from ...files import write_output
from .. import certifying
from ..accounts import HUB, Accounts
from ..settings import LOCAL
from .config import Cluster, Server
from .rights import Rights, device_rights, hub_rights, rights_of
from .streams import TOPICS

SERVER: Final = "server.conf"
ACCOUNTS: Final = "accounts.conf"
PID: Final = "nats.pid"
NAME: Final = "sealwright"  # of the cluster, and of the account that all its users are of


def write_server(cluster: Cluster, server: Server, authority: Path, store: str = "store") -> Path:
    """Write what this server reads but for its accounts; its folder. authority: the folder of the CA. Raises Usage."""
    folder = cluster.server_folder(server.name)
    hosts = list(dict.fromkeys([server.host, *([cluster.address] if cluster.address else []), LOCAL, "localhost"]))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        of_all, _, _ = certifying.ensure(folder, hosts, authority)
        for place in (folder / "ca.pem", cluster.authority):
            write_output(place, of_all.read_bytes())
        write_output(folder / SERVER, _server(cluster, server, store).encode(), private=True)
    except OSError as error:
        raise Usage(f"cannot write {folder}: {cause_of(error)}", remedy="Check its permissions.") from error
    return folder


def write_accounts(cluster: Cluster, accounts: Accounts) -> tuple[int, list[str]]:
    """Write for each server who may come in now; how many devices, and the servers whose file has changed. Raises
    Usage."""
    devices = [(name, password, topic) for name, password, topic in accounts.users() if topic is not None]
    text = _accounts(cluster, accounts.broker.password or "", devices).encode()
    changed = []
    for server in cluster.servers:
        path = cluster.server_folder(server.name) / ACCOUNTS
        try:
            if not path.exists() or path.read_bytes() != text:
                draft = path.with_name(f".{path.name}")
                write_output(draft, text, private=True)
                draft.replace(path)
                changed.append(server.name)
        except OSError as error:
            raise Usage(f"cannot write {path}: {cause_of(error)}", remedy="Check its permissions.") from error
    return len(devices), changed


def _server(cluster: Cluster, server: Server, store: str) -> str:
    word = cluster.password("route")
    routes = ", ".join(
        json.dumps(f"nats://route:{word}@{one.at(one.route)}") for one in cluster.servers if one != server
    )
    tls = 'cert_file: "server.pem", key_file: "server.key", ca_file: "ca.pem"'
    most = 8 * cluster.megabytes
    # a cluster of one is no cluster: JetStream would wait for a majority of what it does not know
    between = f"""
cluster {{
  name: "{NAME}"
  listen: {json.dumps(server.at(server.route))}
  authorization {{ user: "route", password: {json.dumps(word)}, timeout: 5 }}
  routes: [{routes}]
  tls {{ {tls}, verify: true, timeout: 5 }}
}}
"""
    return f"""# Made by `sealwright cluster`; change it there.
server_name: "{server.name}"
listen: {json.dumps(server.at(server.client))}
tls {{ {tls}, timeout: 5 }}
max_payload: 1MB
pid_file: "{PID}"
log_file: "nats.log"
logfile_size_limit: 8MB
logfile_max_num: 2
jetstream {{
  store_dir: {json.dumps(store)}
  max_memory_store: 64MB
  max_file_store: {most}MB
  sync_interval: {cluster.sync}
}}
mqtt {{
  listen: {json.dumps(server.at(server.mqtt))}
  tls {{ {tls}, timeout: 5 }}
  stream_replicas: {cluster.replicas}
}}
{between if len(cluster.servers) > 1 else ""}
include "{ACCOUNTS}"
"""


def _accounts(cluster: Cluster, hub: str, devices: Iterable[tuple[str, str, str]]) -> str:
    """Who may come in. A device's messages are dealt to a partition by its id, before they are stored."""
    mapped = ", ".join(
        f'"sealwright.*.*.{topic}": '
        f'"sealwright.{{{{wildcard(1)}}}}.{{{{partition({cluster.partitions},2)}}}}.{{{{wildcard(2)}}}}.{topic}"'
        for topic in TOPICS
    )
    users = [_user(name, cluster.password(name), rights_of(cluster, name), "STANDARD") for name in cluster.names()]
    users.append(_user(HUB, hub, hub_rights(), "MQTT"))
    users += [_user(name, password, device_rights(topic), "MQTT") for name, password, topic in devices]
    listed = ",\n    ".join(users)
    return f"""# Made by `sealwright cluster`; change it there.
accounts {{
  {NAME} {{
    jetstream: enabled
    mappings: {{ {mapped} }}
    users: [
    {listed}
    ]
  }}
}}
"""


def _user(name: str, password: str, rights: Rights, kind: str) -> str:
    said = f"{{ user: {json.dumps(name)}, password: {json.dumps(password)}, allowed_connection_types: [{kind}]"
    if rights.publish is None or rights.subscribe is None:
        return f"{said} }}"
    given = f"publish: {json.dumps(rights.publish)}, subscribe: {json.dumps(rights.subscribe)}"
    return f"{said}, permissions: {{ {given} }} }}"
