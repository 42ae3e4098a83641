"""A site whose hub is one of a cluster: NATS servers on loopback, and parts as processes that may be killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from sealwright.emulator.board import free_port
from sealwright.hub.accounts import Accounts
from sealwright.hub.broker import program
from sealwright.hub.cluster.config import Cluster, Server
from sealwright.hub.cluster.files import ACCOUNTS, SERVER, write_accounts
from sealwright.hub.cluster.making import make
from sealwright.hub.cluster.setting_up import set_up
from sealwright.hub.joining import cluster_file

LOAD = "load"  # an account of the tests that may publish for every device


def needs_servers():
    """Skip where the servers' program or the client is not installed."""
    pytest.importorskip("nats", reason="nats-py is not installed")
    try:
        program()
    except Exception as error:
        pytest.skip(str(error))


class Process:
    """A process of the cluster, and the processor's seconds that all of its lives took."""

    def __init__(self, command, folder, log):
        self.command, self._folder, self._log = command, folder, log
        self.seconds, self._running, self._guard = 0.0, None, threading.Lock()

    def start(self):
        with self._log.open("ab") as log:
            more = {"PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
            self._running = subprocess.Popen(
                self.command,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **more},
            )
        return self

    def has_ended(self):
        """Whether it ended by itself since it was begun."""
        with self._guard:
            return self._running is not None and self._reaped()

    def _reaped(self):
        pid, _, used = os.wait4(self._running.pid, os.WNOHANG)
        if not pid:
            return False
        self._running.returncode = 0
        self.seconds += used.ru_utime + used.ru_stime
        self._running = None
        return True

    def end(self, how=signal.SIGTERM):
        """End it, and note what it took."""
        with self._guard:
            if self._running is None:
                return
            with suppress(ProcessLookupError):
                os.kill(self._running.pid, how)
            end = time.monotonic() + 30
            while not self._reaped():
                if time.monotonic() > end:
                    os.kill(self._running.pid, signal.SIGKILL)
                time.sleep(0.01)

    def kill(self):
        self.end(signal.SIGKILL)


class ClusterSite:
    """The servers and parts of a home's hub. servers: how many; shards: of its ledger."""

    def __init__(self, home, servers=3, shards=1, **changes):
        self.home = home
        made = tuple(
            Server(f"server-{n}", "127.0.0.1", free_port(), free_port(), free_port()) for n in range(1, servers + 1)
        )
        folder = cluster_file(home.folder).parent
        make(home, Cluster(folder, made, shards, **changes))
        self.cluster = Cluster.read(home.folder)
        self.accounts = Accounts(home)
        self.password = "for the tests"
        self.write_accounts()
        self.servers = {}
        for one in made:
            place = self.cluster.server_folder(one.name)
            line = [str(program()), "-c", SERVER]
            self.servers[one.name] = Process(line, place, place / "out.log").start()
        self.parts = {}

    def write_accounts(self):
        """As the part `broker` does, and the tests' account beside the others."""
        write_accounts(self.cluster, self.accounts)
        rights = '{ publish: ["sealwright.>"], subscribe: [] }'
        user = (
            f'{{ user: {LOAD}, password: "{self.password}", allowed_connection_types: [MQTT], permissions: {rights} }},'
        )
        for one in self.cluster.servers:
            path = self.cluster.server_folder(one.name) / ACCOUNTS
            path.write_text(path.read_text().replace("users: [", f"users: [ {user}", 1))

    def ready(self):
        set_up(self.cluster)
        return self

    def part(self, name, *options):
        """Start a part, and give its process. name: as the first of its options, or with a number behind it."""
        part = name.partition("-")[0]
        line = [
            sys.executable,
            "-P",
            "-m",
            "sealwright",
            "hub",
            "--home",
            str(self.home.folder),
            "--only",
            part,
            *options,
        ]
        self.parts[name] = Process(line, self.home.folder, self.home.folder / "hub" / f"{name}.log").start()
        return self.parts[name]

    def begin_ended(self):
        """As a supervisor does: begin again what ended by itself, such as a settler whose ledger was away."""
        for one in list(self.parts.values()):
            if one.has_ended():
                one.start()

    def logs(self):
        found = [*self.home.folder.glob("hub/*.log"), *self.home.folder.glob("hub/cluster/servers/*/*.log")]
        return {str(path.relative_to(self.home.folder)): path.read_text()[-1500:] for path in found}

    def close(self):
        for one in [*self.parts.values(), *self.servers.values()]:
            one.kill()
