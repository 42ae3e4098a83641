"""A home, devices that it certified, bundles that they sign, and a hub of it or parts of one."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sealwright.bookkeeping import known_ledger
from sealwright.emulator.board import free_port
from sealwright.errors import Usage
from sealwright.home import Home
from sealwright.home.config import note_ledger
from sealwright.hub.fleet import Fleet
from sealwright.hub.folder import HubFolder
from sealwright.hub.parts import part_of
from sealwright.hub.positions import read_position
from sealwright.hub.settings import Settings
from sealwright.hub.state import read_states
from sealwright.ledger import Ledger, LedgerIdentity
from sealwright.operate import owner
from sealwright.wire.bundle import read_bundle
from sealwright.wire.certificates import issue

from tests.host_tools.factory import DAY, Device, hash32, key

PARTS = ("intake", "settle", "readings", "watch")
WAIT = 120.0  # seconds until a test gives up


class Site:
    """A home in `path`, which knows no device at a URL: bundles come by the inbox. ledger: the URL of its ledger."""

    def __init__(self, path, ledger=None):
        self.home = Home.init(path / "home", "site")
        if ledger is not None:
            note_ledger(self.home.folder, ledger)
        with known_ledger(self.home) as ledger:
            list(ledger.settle([]))
        self.folder = HubFolder(self.home.folder)
        self.folder.make()
        Fleet(self.folder.fleet, write=True).close()  # threads of one process cannot each make it
        self.port = free_port()  # of its broker
        self.bundles, self._numbers = [], count(1)

    def device(self, label, **changes):
        own, now = key(label), int(time.time())
        root = self.home.key("issuer")
        network = self.home.network_id()
        fields = {"network": network, "custody": 2, "issued_at": now - DAY, "model": "board", **changes}
        return Device(own, network, (issue(root, own.public, **fields),))

    def deposit(self, device, amount):
        return owner.deposit(self.home, device.id, "credit", amount)

    def open(self, payer, payee, capacity, label):
        expires = int(time.time()) + 30 * DAY
        more = {"nonce": hash32(label)[:16], "ledger": self.home.ledger_id, "expires": expires}
        return payer.open(payee, capacity, **more)

    def reading(self, device, **changes):
        return device.reading(sampled_at=int(time.time()) - DAY + device.seq, **changes)

    def drop(self, *messages, name=None):
        """Put a bundle into the inbox, as the page does."""
        raw = b"".join(getattr(one, "raw", one) for one in messages)
        self.bundles.append(raw)
        return self.put(raw, name)

    def put(self, raw, name=None):
        path = self.folder.inbox / (name or f"{next(self._numbers):06d}.bundle")
        draft = path.with_name(f".{path.name}")
        draft.write_bytes(raw)
        draft.rename(path)
        return path

    # what came of it

    def plain(self, path):
        """The balances and channels of another ledger that settled the same bundles one by one."""
        identity = LedgerIdentity(self.home.ledger_certificates(), self.home.key("ledger"))
        owners = [self.home.key("owner").public]
        with Ledger(path, self.home.roots(), owners, identity=identity) as ledger:
            for raw in self.bundles:
                list(ledger.settle(read_bundle(raw)))
            return sums(ledger)

    def sums(self):
        with known_ledger(self.home) as ledger:
            assert ledger.audit().ok
            return sums(ledger)

    def readings(self):
        """The digests in the store, sorted."""
        if not self.home.readings_path.exists():
            return []
        connection = sqlite3.connect(self.home.readings_path)
        found = sorted(row[0] for row in connection.execute("SELECT digest FROM messages"))
        connection.close()
        return found

    def numbers(self):
        """The numbers of the readings in the store, sorted."""
        connection = sqlite3.connect(self.home.readings_path)
        found = sorted(row[0] for row in connection.execute("SELECT seq FROM messages"))
        connection.close()
        return found

    def is_running(self, part):
        try:
            with self.folder.held(part):
                return False
        except Usage:
            return True

    def states(self):
        return read_states(self.folder.states)

    def count(self, part, what):
        return self.states().get(part, {}).get("counts", {}).get(what)

    def is_done(self):
        """Whether nothing is in the inbox and everybody has passed the spool."""
        files = [one for one in self.folder.inbox.iterdir() if one.is_file() and not one.name.startswith(".")]
        segments = sorted(self.folder.spool.glob("*.bundle"))
        if files:
            return False
        for part in ("settle", "readings"):
            position = read_position(self.folder.spool, part)
            for segment in segments:
                number = int(segment.stem)
                if number > position.segment and segment.stat().st_size:
                    return False
                if number == position.segment and position.offset < segment.stat().st_size:
                    return False
        return True

    def wait(self, condition=None):
        end = time.monotonic() + WAIT
        while not (condition or self.is_done)():
            assert time.monotonic() < end, (self.states(), self.logs())
            time.sleep(0.05)

    def logs(self):
        return {path.name: path.read_text()[-2000:] for path in self.folder.path.glob("*.log")}

    @contextmanager
    def parts(self, *names, **settings):
        """Parts of the hub in threads of this process."""
        stop, failed = threading.Event(), []

        def run(name):
            try:
                part_of(name).load()(self.home, Settings(**settings), stop)
            except BaseException as error:
                failed.append((name, error))
                raise

        threads = [threading.Thread(target=run, args=(name,)) for name in names or PARTS]
        for thread in threads:
            thread.start()
        try:
            yield stop
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not failed, failed

    def start(self, *options):
        """The hub as a process of its own, or with "--only" a part of it."""
        command = [sys.executable, "-P", "-m", "sealwright", "hub", "--home", str(self.home.folder), *options]
        command += [] if "--broker-port" in options else ["--broker-port", str(self.port)]
        command += [] if "--port" in options else ["--port", str(free_port())]
        narrow = {**os.environ, "COLUMNS": "80"}  # as in a terminal: what `ps` says is not to be cut off
        with (self.folder.path / "test.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=narrow)

    def kill_part(self, name):
        """kill -9 of a part, if it runs: who holds its lock says so."""
        try:
            number = int((self.folder.path / f"{name}.lock").read_text())
            command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
            if name.encode() not in command or os.fsencode(self.home.folder) not in command:
                return False  # another process has the number by now
            os.kill(number, signal.SIGKILL)
        except (OSError, ValueError):
            return False
        return True


def sums(ledger):
    channels = sorted((one.digest, one.worth, one.paid, one.refunded, one.remaining) for one in ledger.channels())
    return sorted(map(repr, ledger.balances())), channels
