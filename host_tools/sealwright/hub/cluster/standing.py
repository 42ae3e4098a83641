"""How a cluster is: which servers answer, and what waits in its streams."""

import socket
from typing import Any, Final

from ...errors import Usage, cause_of
from .config import ADMIN, Cluster, Server
from .errors import StreamMissing
from .link import Link
from .streams import consumers

_SECONDS: Final = 2.0


def servers_now(cluster: Cluster) -> list[tuple[Server, bool]]:
    """Each server, and whether something answers at its port for devices."""
    return [(one, _answers(one)) for one in cluster.servers]


def consumers_now(cluster: Cluster) -> list[dict[str, Any]]:
    """What waits for each consumer. Raises ClusterAway without a majority, StreamMissing before the set-up."""
    link = Link(cluster, ADMIN)
    try:
        found = []
        for one in consumers(cluster):
            said = link.request(f"CONSUMER.INFO.{one.stream}.{one.name}")
            if "error" in said:
                why = f"the servers have no consumer {one.name}: {said['error'].get('description', '')}"
                raise StreamMissing(why, remedy="Make it with `sealwright cluster set-up`, or start `sealwright hub`.")
            waits = {"waiting": said["num_pending"], "taken": said["num_ack_pending"]}
            found.append({"consumer": one.name, "stream": one.stream, **waits})
        return found
    finally:
        link.close()


def check_ports(server: Server) -> None:
    """Raise Usage (code port_in_use) where a port of a server that is to run here is taken: it would end without a word
    on its terminal."""
    for port in (server.mqtt, server.client, server.route):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", port))
            except OSError as error:
                remedy = "Stop what has it: perhaps this server runs already."
                why = f"port {port} of {server.name}: {cause_of(error)}"
                raise Usage(why, remedy=remedy, code="port_in_use") from error


def _answers(server: Server) -> bool:
    try:
        socket.create_connection((server.host, server.mqtt), _SECONDS).close()
    except OSError:
        return False
    return True
