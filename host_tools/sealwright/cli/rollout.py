"""How `sealwright update --rings` brings a bundle to many devices, ring by ring."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..bench.updates import FirmwareBundle
from ..bench.updates.rings import DEFAULT, Share, choose, parse_rings, read_plan
from ..bench.updates.rollout import Rollout, Terms
from ..bench.updates.rollout_file import Noted, RolloutFile, State
from ..errors import Rejected, Unreachable, Usage
from ..files import exclusive
from ..home import Registered
from ..home.urls import split_place
from ..link import Client
from ..wire.keys import PublicKey
from .ending import Ending
from .exits import INTERRUPTED, REJECTED, UNREACHABLE
from .options import span
from .renewals import days
from .session import Advance, Session

_STATES: Final = {
    State.UPDATED: "confirmed it",
    State.DONE: "done",
    State.SILENT: "silent",
    State.FAILED: "failed",
    None: "to be updated",
}
_SILENT: Final = "Run it again once those that are silent answer: it goes on where it was."
_WHAT_NOW: Final = (
    "Mend the firmware and pack a later version; or run it again with more --most-failures, or with --restart to try "
    "all anew."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a rollout, as they were given."""

    rings: str | None
    plan: Path | None
    most: str
    soak: str | None
    wait: float
    jobs: int
    restart: bool
    dry_run: bool


def roll_out(
    session: Session,
    devices: list[str],
    bundle: FirmwareBundle,
    asked: Asked,
    keys: tuple[PublicKey | None, bytes | None],
) -> int:
    """Bring the bundle to these devices; an exit code. Raises Usage, and Rejected for a bundle that does not hold."""
    terms = Terms(
        0.0 if asked.soak is None else float(span(asked.soak)),
        asked.wait,
        Share.parse(asked.most, "--most-failures"),
        asked.jobs,
        *keys,
    )
    owner, lock_key = keys
    fault = next(bundle.faults(owner, lock_key if bundle.lock is not None else None), None)
    if fault is not None:
        raise Rejected(f"the bundle does not hold: {fault.why}", remedy="Pack it anew.", code=fault.code)
    places = _places(session, devices, bundle)
    file = RolloutFile(session.home.folder, bundle.message.digest, bundle.message.body.version)
    if asked.dry_run:  # also while another command goes through the rings
        _begin(session, file, asked, places, bundle.message.digest)
        _show(session, file)
        return 0
    file.path.parent.mkdir(mode=0o700, exist_ok=True)
    with exclusive(file.path):
        _begin(session, file, asked, places, bundle.message.digest)
        file.write()
        return _run(session, file, bundle, terms, places)


def _places(session: Session, devices: Iterable[str], bundle: FirmwareBundle) -> dict[str, tuple[str, Registered]]:
    """Device id -> the text that names it, and its entry; only those that the bundle is for."""
    model = bundle.message.body.model
    found = [(text, session.home.resolve(split_place(text)[0])) for text in devices]
    others = [entry.name for _, entry in found if entry.model != model]
    if others:
        session.note(f"{len(others)} devices are no {model}, and are left out: {', '.join(sorted(others)[:5])}")
    places = {entry.device: (text, entry) for text, entry in found if entry.model == model}
    if not places:
        raise Usage(f"none of these devices is {model}", remedy="Take the bundle for their model.", code="other_board")
    return places


def _begin(
    session: Session, file: RolloutFile, asked: Asked, places: dict[str, tuple[str, Registered]], digest: bytes
) -> None:
    """Choose the rings, or take them from the run before."""
    named = DEFAULT if asked.rings is None else asked.rings
    rings = parse_rings(named) if asked.plan is None else read_plan(asked.plan)
    spec = repr(rings)
    if not asked.restart:
        file.read()
    if not file.exists:
        file.begin(spec, choose(session.home, rings, [entry for _, entry in places.values()], digest))
    elif file.spec != spec:
        remedy = "Give the rings of the run before, or begin anew with --restart."
        raise Usage("this bundle's rollout has begun with other rings", remedy=remedy, code="other_rings")
    else:
        file.add(places)


def _run(
    session: Session,
    file: RolloutFile,
    bundle: FirmwareBundle,
    terms: Terms,
    places: dict[str, tuple[str, Registered]],
) -> int:
    home = session.home
    names = {one.device: one.name for one in home.registered()}
    total = sum(map(len, file.rings))

    def connect(device: str) -> Client:
        return session.connect(places[device][0] if device in places else device)

    with Ending() as ending, session.progress(f"version {bundle.message.body.version}", total, streams=True) as advance:

        def tell(ring: int, device: str, noted: Noted) -> None:
            _tell(session, ring, names.get(device, device), device, noted)
            _count(file, advance)

        def waits(device: str, error: Unreachable) -> None:
            session.note(f"{names.get(device, device)}: {error}. It is tried again for {days(round(terms.wait))}.")

        def begin(ring: int, soak: float) -> None:
            _tell_ring(session, file, ring, soak)

        over = lambda: ending.over  # noqa: E731
        rollout = Rollout(home, file, bundle, terms, connect=connect, tell=tell, waits=waits, over=over)
        stopped = rollout.run(begin)
        return _sum(session, file, stopped, bundle.message.body.version, over=ending.over)


def _count(file: RolloutFile, advance: Advance) -> None:
    advance(sum(file.count(ring, State.DONE, State.UPDATED) for ring in file.rings), "devices")


def _tell(session: Session, ring: int, name: str, device: str, noted: Noted) -> None:
    good = noted.state in (State.UPDATED, State.DONE)
    session.emit(ok=good, event="device", ring=ring, name=name, device=device, state=noted.state.value,
                 code=noted.code or None, text=noted.text or None)  # fmt: skip
    what = "has it already" if noted.code == "already" and noted.state is State.UPDATED else _STATES[noted.state]
    session.say(f"ring {ring}  {name:<20} {what}{f': {noted.text}' if noted.text else ''}", "" if good else "red")


def _tell_ring(session: Session, file: RolloutFile, ring: int, soak: float) -> None:
    size = len(file.rings[ring - 1])
    if soak:
        session.emit(ok=True, event="soak", ring=ring, seconds=round(soak, 1))
        session.say(f"Ring {ring} is watched for {days(round(soak))}.")
        return
    session.emit(ok=True, event="ring", ring=ring, devices=file.rings[ring - 1])
    session.say(f"Ring {ring} of {len(file.rings)}: {size} {'device' if size == 1 else 'devices'}.")


def _show(session: Session, file: RolloutFile) -> None:
    """The rings, and how each device is; nothing is changed."""
    entries = {one.device: one for one in session.home.registered()}
    members = [(number, device) for number, ring in enumerate(file.rings, 1) for device in ring]

    def name(device: str) -> str:
        return entries[device].label if device in entries else device[:16]

    session.listing(
        ("ring>", "device", "id", "state"),
        members,
        lambda one: (str(one[0]), name(one[1]), one[1][:16], _STATES[file.state(one[1])]),
        lambda one: {"ring": one[0], "name": name(one[1]), "device": one[1], "state": file.state(one[1])},
    )


def _sum(session: Session, file: RolloutFile, stopped: int | None, version: int, *, over: bool) -> int:
    counts = {state: sum(file.count(ring, state) for ring in file.rings) for state in State}
    total, failed, silent = sum(map(len, file.rings)), counts[State.FAILED], counts[State.SILENT]
    good = counts[State.DONE] + counts[State.UPDATED]
    code = INTERRUPTED if over else REJECTED if failed else UNREACHABLE if silent else 0
    session.emit(ok=not code, event="ended", version=version, devices=total, done=counts[State.DONE], updated=good,
                 failed=failed, silent=silent, stopped=stopped)  # fmt: skip
    more = "".join(f", {count} {what}" for count, what in ((failed, "failed"), (silent, "silent")) if count)
    session.say(f"{good} of {total} devices run version {version}{more}.", "red" if code else "green")
    if over:
        session.note("Interrupted. Run it again: it goes on where it ended.")
    elif stopped is not None:
        session.note(f"Stopped in ring {stopped}: no further device was begun. {_WHAT_NOW if failed else _SILENT}")
    return code
