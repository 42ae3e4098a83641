"""How a cluster is: which servers answer, and what waits in its streams."""

import socket
from typing import Any, Final

from .config import ADMIN, Cluster, Server
from .errors import ClusterAway
from .link import Link
from .streams import consumers

_SECONDS: Final = 2.0


def servers_now(cluster: Cluster) -> list[tuple[Server, bool]]:
    """Each server, and whether something answers at its port for devices."""
    return [(one, _answers(one)) for one in cluster.servers]


def consumers_now(cluster: Cluster) -> list[dict[str, Any]]:
    """What waits for each consumer. Raises ClusterAway without a majority."""
    link = Link(cluster, ADMIN)
    try:
        found = []
        for one in consumers(cluster):
            said = link.request(f"CONSUMER.INFO.{one.stream}.{one.name}")
            if "error" in said:
                raise ClusterAway(f"nothing is known of {one.name}: {said['error'].get('description', '')}")
            waits = {"waiting": said["num_pending"], "taken": said["num_ack_pending"]}
            found.append({"consumer": one.name, "stream": one.stream, **waits})
        return found
    finally:
        link.close()


def _answers(server: Server) -> bool:
    try:
        socket.create_connection((server.host, server.mqtt), _SECONDS).close()
    except OSError:
        return False
    return True
