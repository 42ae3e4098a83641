"""The options of a hub's start; what it keeps between two runs is in its folder."""

from dataclasses import dataclass
from typing import Final

from .spool import MOST_BYTES

LOCAL: Final = "127.0.0.1"
BROKER_PORT: Final = 8883
PORT: Final = 8765
EVERY: Final = 15.0


@dataclass(frozen=True, slots=True)
class Settings:
    """For all parts alike. broker: the URL of a broker to listen to, mqtts://[USER@]HOST[:PORT], beside the hub's own.
    broker_host, broker_port: where the hub's own is, as devices know it; None: where it was before, see `accounts`.
    allow_test: take what emulated boards sign. every: seconds between two looks at a device. host, port: where the page
    is. warn_hours: how long before a claim ends it is warned of. spool_bytes: what waits at most for the ledger and the
    store. newest_first: see `Ledger.settle`. renew_before: see `renewals`. shards: of a cluster's settler, those into
    which it settles; None: all. named: under which name this process says how it is; empty: its part's."""

    broker: str | None = None
    broker_host: str | None = None
    broker_port: int | None = None
    allow_test: bool = False
    every: float = EVERY
    host: str = LOCAL
    port: int = PORT
    warn_hours: float = 24.0
    spool_bytes: int = MOST_BYTES
    newest_first: bool = True
    renew_before: int | None = None
    shards: tuple[int, ...] | None = None
    named: str = ""
