"""The part `broker` of a hub of a cluster: keeps what the servers read as the home knows it.

It writes the accounts anew where devices were given theirs or lost them, and has the servers that run in these folders
here take that in. It makes the streams where they are missing. On another machine the operator copies accounts.conf and
reloads the server: until then a device that was revoked still speaks. What it says does not count: revocations that the
home signed go to the verifiers, who look anew every five minutes.
"""

import os
import signal
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from ...errors import SealwrightError
from ...home import Home
from ..accounts import Accounts
from ..folder import HubFolder
from ..settings import Settings
from ..state import State
from .config import ADMIN, Cluster
from .errors import ClusterAway
from .files import PID, write_accounts
from .link import Link
from .setting_up import set_up
from .sinks import KnownStream

PART: Final = "broker"
_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 10.0


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Keep the files until `stop` is set. Raises Usage where they cannot be written."""
    cluster, accounts = Cluster.read(home.folder), Accounts(home)
    state = State(HubFolder(home.folder).state(PART), PART)
    ready, again, revoked = False, 0.0, Revoked(home, cluster)
    while not stop.is_set():
        with suppress(SealwrightError):  # a register that is being written: at the next look
            state.counts["accounts"], changed = write_accounts(cluster, accounts)
            for name in changed:
                reload(cluster.server_folder(name))
        if not ready and time.monotonic() >= again:
            again = time.monotonic() + _AGAIN_SECONDS
            try:
                set_up(cluster, wait=0.0)
                ready = True
                state.hold("")
            except ClusterAway as error:
                state.hold(f"{error}. {error.remedy}")
        if ready:
            with suppress(ClusterAway):  # at the next look
                revoked.tell()
            state.text = f"a cluster of {len(cluster.servers)} servers"
        state.tell()
        stop.wait(_LOOK_SECONDS)


class Revoked:
    """The revocations that the home signed, handed to verifiers."""

    def __init__(self, home: Home, cluster: Cluster) -> None:
        self._home, self._cluster = home, cluster
        self._told: set[bytes] = set()

    def tell(self) -> None:
        """Hand on those that are new. Raises ClusterAway."""
        new = [raw for raw in self._home.revocations() if raw not in self._told]
        if new:
            with closing(Link(self._cluster, ADMIN)) as link:
                KnownStream(link).add(new)
            self._told.update(new)


def reload(folder: Path) -> bool:
    """Have the server that runs in this folder, on this machine, take in its accounts; whether there is one."""
    try:
        number = int((folder / PID).read_text())
        if Path(f"/proc/{number}/cwd").resolve() != folder.resolve():
            return False  # another process has the number by now
        os.kill(number, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True
