"""Connecting to any server of a cluster."""

import asyncio
import importlib
import os
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from ...link.broker.address import Broker
from ...link.broker.trust import context
from .config import Cluster
from .errors import ClusterAway, WrongAccount
from .rights import inbox

CONNECT_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 5.0
KEEP_SECONDS: Final = 20.0  # for a stream that keeps a message: servers may be busy, or choose who leads
_TRY_SECONDS: Final = 5.0
_RECONNECT_SECONDS: Final = 0.25
_PING_SECONDS: Final = 5


async def connected(nats: Any, cluster: Cluster, account: str, note: Callable[[Exception], None]) -> Any:
    """A client of nats-py, which goes on with another server where one ends. note: gets what goes wrong with it.

    Raises WrongAccount, ClusterAway, and Usage where this machine has not that account.
    """
    for name in ("nats.js.errors", "nats.errors"):
        importlib.import_module(name)  # nats-py imports its JetStream side only when it is asked for
    given, why, refused = _given(cluster, account), "no answer in time", False

    async def hear(error: Exception) -> None:
        nonlocal why, refused
        why = _cause_of(error)
        refused = refused or "authorization" in str(error).lower()
        note(error)

    end = time.monotonic() + CONNECT_SECONDS
    while True:  # a client that meets a server while it ends may wait for it for good
        client = nats.NATS()
        try:
            await asyncio.wait_for(client.connect(error_cb=hear, **given), _TRY_SECONDS)
            return client
        except TimeoutError as error:
            with suppress(Exception):
                await asyncio.wait_for(client.close(), _TRY_SECONDS)
            where = ", ".join(one.at(one.client) for one in cluster.servers)
            if refused:
                raise WrongAccount(f"the servers at {where} refuse the account {account}") from error
            if time.monotonic() >= end:
                raise ClusterAway(f"no server of the cluster answers at {where}: {why}") from error


def _cause_of(error: Exception) -> str:
    """In words of the operating system or in ours: asyncio's own name its calls."""
    if isinstance(error, ssl.SSLError):
        return "its certificate is not of this cluster's CA"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return "a connection that ended"


def _given(cluster: Cluster, account: str) -> dict[str, Any]:
    first = cluster.servers[0]
    return {
        "servers": [f"tls://{one.at(one.client)}" for one in cluster.servers],
        "user": account,
        "password": cluster.password(account),
        "tls": context(Broker(first.host, first.client, authority=cluster.authority)),
        "inbox_prefix": inbox(account).encode(),
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": _RECONNECT_SECONDS,
        "connect_timeout": ANSWER_SECONDS,
        "ping_interval": _PING_SECONDS,
        "name": f"sealwright {account}",
    }
