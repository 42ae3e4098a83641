"""What is done with one board of a tray: flash, deploy, self-test, provision. Runs in a process of its own.

Each step that is done is noted in `factory/boards/` of the home, so that a batch that died goes on behind it. A board
that has an identity is asked for its name and no more.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ... import emulator
from ...emulator.serial_url import wire
from ...errors import Malformed, RefusedByDevice, Rejected, SealwrightError, Unreachable, Usage
from ...extras import unix
from ...files import exclusive, write_whole
from ...home import DONE, PENDING, Home
from ...link import Client, Info
from ...link.info import parse_info
from ...link.labels import INFO
from ...operate import provisioning
from ...operate.chips import as_message, trust_of
from ...targets import UF2, BoardKind, Build
from ...wire.labels import ELEMENT
from ...wire.messages import Certificate, FactoryRecord, Message
from ..deploying import HELLO_SECONDS, hello, install
from ..flashing import flash
from .tray import Place

fcntl = unix("fcntl")

MADE: Final = "made"
THERE: Final = "already made"
_LOOK_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Job:
    """A place of a tray, with what goes on its board. image: MicroPython to flash first. build: firmware to deploy."""

    place: Place
    maker: str
    image: Path | None = None
    build: Build | None = None
    wait: float = HELLO_SECONDS


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a board. record: not numbered yet; None where it was not made by a batch. test: an emulated board.
    error: what stopped it, and after which steps."""

    name: str
    state: str
    steps: tuple[str, ...]
    record: FactoryRecord | None = None
    test: bool = False
    error: SealwrightError | None = None


def work(folder: Path, job: Job) -> Result:
    """Make one board ready. Never raises SealwrightError: it is in the result."""
    home = Home.open(folder)
    try:
        with _alone(notes_path(home, job.place.name), job.place.name):
            return _work_alone(home, job)
    except SealwrightError as error:
        return Result(job.place.name, "failed", (), error=error)


def _work_alone(home: Home, job: Job) -> Result:
    notes = Notes(home, job.place.name)
    try:
        return _work(home, job, notes)
    except SealwrightError as error:
        failed = Result(job.place.name, "failed", tuple(notes.steps), error=error)
        notes.forget("flashed")  # it may be another board that comes in its place
        return failed


def notes_path(home: Home, name: str) -> Path:
    """Where the steps that are done with a board of a tray are noted; its folder is there then."""
    path = home.folder / "factory" / "boards" / f"{sha256(name.encode()).hexdigest()[:32]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _alone(notes: Path, name: str) -> Iterator[None]:
    """Hold a place of a tray: two batches of one tray would make its board twice. Raises Usage."""
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(notes))
        except Usage as error:
            why = f"another batch is making {name}" if error.code == "file_in_use" else str(error)
            raise Usage(why, remedy=error.remedy, code=error.code) from error
        yield


class Notes:
    """The steps that are done with a board, and what its self-test said."""

    def __init__(self, home: Home, name: str) -> None:
        self._path = notes_path(home, name)
        self.values: dict[str, Any] = {"name": name}
        if self._path.exists():
            self.values = json.loads(self._path.read_text())

    @property
    def steps(self) -> list[str]:
        return [step for step in ("flashed", "deployed", "tested", "provisioned") if step in self.values]

    def note(self, step: str, value: Any) -> None:
        """Write down that a step is done; on disk when this returns."""
        self.values[step] = value
        self._write()

    def forget(self, step: str) -> None:
        """Have a step done again."""
        if self.values.pop(step, None) is not None:
            self._write()

    def _write(self) -> None:
        write_whole(self._path, json.dumps(self.values).encode())


def _work(home: Home, job: Job, notes: Notes) -> Result:
    place = job.place
    _check_kind(home, place)
    found = _look(home, place.device)
    if found is not None and found.provisioned:
        return _check_provisioned(home, job, notes, found)
    home.check_name(place.name, None if found is None else found.device)
    if job.image is not None and place.board is not None and "flashed" not in notes.values:
        with _one_boot_drive(home, place.board):
            flash(place.board, job.image, place.device, _quiet)
        notes.note("flashed", job.image.name)
    if job.build is not None:
        port, patience = wire(home, place.device)
        install(port, job.build, _quiet, patience=patience)
        hello(port, job.wait * patience)
        notes.note("deployed", job.build.version)
    with emulator.resolve(home, place.device) as client:
        _test(client, notes)
        trust = trust_of(home, place.chip, None)
        done = provisioning.provision(home, client, place.name, place.policy, trust=trust)
        notes.note("provisioned", done.entry.device)
        return _record_of(home, job, notes, client.info(), done.certificate, test=done.test, state=MADE)


def _check_kind(home: Home, place: Place) -> None:
    """An emulated board says by itself which it is. A real one is asked at its prompt, when firmware goes onto it."""
    scheme, _, name = place.device.partition(":")
    if scheme == "emulated" and place.board is not None:
        found = emulator.find(home, name).hardware["board"]
        if found != place.board.name:
            remedy = "Correct the tray; nothing was done to this board."
            raise Usage(f"{place.device} is {found!r}, and the tray says {place.board.name!r}", remedy=remedy)


@contextmanager
def _one_boot_drive(home: Home, board: BoardKind) -> Iterator[None]:
    """Boot drives do not tell whose they are: one Pico at a time is one."""
    with (home.folder / "factory" / "drive.lock").open("w") as lock:
        if board.flash == UF2:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _look(home: Home, url: str) -> Info | None:
    """What Sealwright on the board says, if it runs there already."""
    try:
        with emulator.resolve(home, url) as client:
            return parse_info(client.call(INFO, None, _LOOK_SECONDS))
    except (Unreachable, Malformed):
        return None


def _check_provisioned(home: Home, job: Job, notes: Notes, found: Info) -> Result:
    """A board that has an identity: this tray's own, whose batch died before its end, or another's."""
    entry = None if found.device is None else home.find(found.device)
    if entry is None or entry.name != job.place.name or entry.state not in (PENDING, DONE):
        known = "in another home" if entry is None else f"as {entry.name}"
        remedy = "Take it out of the tray. Nothing was changed on it."
        raise RefusedByDevice(f"this board is provisioned already, {known}", remedy=remedy, code="already_provisioned")
    with emulator.resolve(home, job.place.device) as client:
        if entry.state == PENDING:
            provisioning.provision(home, client, job.place.name)
        certificate = client.chain()[0]
    test = certificate.body.network == home.network_id(test=True)
    if "tested" not in notes.values:
        return Result(job.place.name, THERE, tuple(notes.steps), test=test)  # provisioned by hand: no test to record
    notes.note("provisioned", entry.device)
    return _record_of(home, job, notes, found, certificate, test=test, state=THERE)


def _test(client: Client, notes: Notes) -> None:
    found = {part: True if outcome is True else int(outcome or 0) for part, outcome in client.selftest().items()}
    failed = ", ".join(part for part, outcome in sorted(found.items()) if outcome is not True)
    if failed:
        remedy = "`sealwright selftest` says why. The board got no identity: mend it and run the batch again."
        raise Rejected(f"its self-test failed: {failed}", remedy=remedy, code="selftest_failed")
    notes.note("tested", found)


def _record_of(
    home: Home, job: Job, notes: Notes, info: Info, certificate: Message[Certificate], *, test: bool, state: str
) -> Result:
    body = certificate.body
    record = FactoryRecord(
        maker=job.maker,
        name=job.place.name,
        made_at=int(time.time()),
        key=body.key,
        ueid=body.ueid,
        custody=body.custody,
        model=info.model,
        seq=0,
        prev=None,
        firmware=info.firmware,
        selftest=notes.values["tested"],
        certificate=certificate.digest,
        chip=as_message(home.chips.of(body.key.device_id)) if body.custody == ELEMENT else None,
    )
    return Result(job.place.name, state, tuple(notes.steps), record, test)


def _quiet(done: float, detail: str) -> None:
    pass
