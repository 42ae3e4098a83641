"""Put firmware on a board: survey, plan, copy, check every hash, switch over, reset, wait for the device's hello."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from ...errors import Malformed, RefusedByDevice, Rejected, Unreachable
from ...link import Info, connect
from ...targets import MANIFEST, Build
from .console import KNOCK_SECONDS, Console, NoPrompt
from .plan import NEW, Plan, digest, make_plan, room_needed, roots
from .survey import Survey, hashes, is_provisioned, survey

HELLO_SECONDS: Final = 120.0
_HELLOS: Final = 12  # how often it is asked meanwhile
_BOOT_SECONDS: Final = 1.0
_KNOWN_SECONDS: Final = 5.0
Advance = Callable[[float, str], None]

_FILES: Final = """
import os
def folder(path):
    try:
        os.mkdir(path)
    except OSError as error:
        if error.args[0] != 17:
            raise
def remove(path):
    try:
        os.remove(path)
    except OSError as error:
        if error.args[0] != 2:
            raise
def copy(source, path):
    piece = memoryview(bytearray(1024))
    with open(source, "rb") as old:
        with open(path, "wb") as new:
            while True:
                n = old.readinto(piece)
                if not n:
                    break
                new.write(piece[:n])
"""
_RESET: Final = "import machine, time\ntime.sleep_ms(200)\nmachine.reset()"  # a pause, for the answer to get out


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done, or with a dry run would be."""

    plan: Plan
    found: Survey


def install(url: str, build: Build, advance: Advance, *, dry_run: bool = False, patience: float = 1.0) -> Installed:
    """Bring the board behind `url` to this firmware, and reset it. advance(bytes sent, path). patience: how many times
    longer than usual the board may take.

    Raises RefusedByDevice for another chip, a full flash or a provisioned board; Rejected where the flash does not give
    back what was written; Unreachable. The board runs what it ran before, unless all was copied.
    """
    with _prompt(url, patience) as console:
        found = survey(console, build.board, roots())
        plan = make_plan(build, found)
        if not dry_run and not plan.nothing:
            _carry_out(console, plan, found, advance)
        console.start(_RESET)  # also where nothing changed: to ask, what ran was ended
    return Installed(plan, found)


def _prompt(url: str, patience: float) -> Console:
    """The board's prompt. Where it does not come at once, the command link is asked: a provisioned board's is shut; any
    other may have been slow, and is tried once more."""
    try:
        return Console(url)
    except NoPrompt as error:
        try:
            with connect(url, _KNOWN_SECONDS * patience) as client:
                shut = client.info().provisioned
        except (Unreachable, Malformed):
            shut = False
        if shut:
            raise is_provisioned() from error
        return Console(url, KNOCK_SECONDS * patience)


def _carry_out(console: Console, plan: Plan, found: Survey, advance: Advance) -> None:
    console.run(_FILES + _lines("remove", [["/trial"], *([path] for path in plan.remove)]))
    needed = room_needed(plan, found)
    freed = sum(found.files[path].size for path in plan.remove)
    if needed > found.free + freed:
        why = f"the board's flash has {found.free + freed:,} bytes free, and the firmware needs {needed:,}"
        remedy = "Remove files of your own from it, or erase it with `sealwright flash --erase`."
        raise RefusedByDevice(why, remedy=remedy, code="storage_full")
    advance(0, "")
    _copy(console, plan, advance)
    _check(console, plan, found)
    renames = _lines("os.rename", [[f"/{name}{NEW}", f"/{name}"] for name in plan.loader])
    if plan.commit:
        renames += f"with open('/slot{NEW}', 'w') as file:\n    file.write({plan.slot!r})\n"
        renames += f"os.rename('/slot{NEW}', '/slot')\n"
    console.run(renames)


def _copy(console: Console, plan: Plan, advance: Advance) -> None:
    folders = {str(folder) for path in (*plan.copy, *plan.put) for folder in PurePosixPath(path).parents}
    console.run(_lines("folder", [[folder] for folder in sorted(folders - {"/"})]))
    for path, source in sorted(plan.copy.items()):
        console.run(_lines("copy", [[source, path]]))
    sent = 0
    for path, data in sorted(plan.put.items(), key=_manifest_last):
        console.write(path, data, lambda n, path=path, before=sent: advance(before + n, path))  # type: ignore[misc]
        sent += len(data)


def _manifest_last(item: tuple[str, bytes]) -> tuple[bool, str]:
    return item[0].endswith(f"/{MANIFEST}"), item[0]


def _check(console: Console, plan: Plan, found: Survey) -> None:
    """Every file that was written, read back by the board itself."""
    wanted = {path: found.files[source].digest for path, source in plan.copy.items()}
    wanted |= {path: digest(data) for path, data in plan.put.items()}
    seen = hashes(console, sorted(wanted))
    for path, hexed in wanted.items():
        if path not in seen or seen[path].digest != hexed:
            remedy = "Deploy again. If it stays so, the board's flash is worn out."
            raise Rejected(f"the board does not hold what was written to {path}", remedy=remedy, code="not_written")


def _lines(call: str, arguments: Iterable[list[str]]) -> str:
    return "".join(f"{call}({', '.join(map(repr, one))})\n" for one in arguments)


def hello(url: str, wait: float = HELLO_SECONDS) -> Info:
    """What the device says of itself once it is up, within `wait` seconds. Its port may go and come back meanwhile.
    Raises Unreachable."""
    end = time.monotonic() + wait
    time.sleep(_BOOT_SECONDS)  # a request must not meet the interpreter before boot.py has shut Ctrl-C out
    while time.monotonic() < end:
        try:
            with connect(url, wait / _HELLOS) as client:
                return client.info()
        except Unreachable:
            time.sleep(_BOOT_SECONDS)
    remedy = "Look at its console (mpremote, then Ctrl-D), or wait longer with --wait."
    raise Unreachable(f"the firmware is on the board, but {url} says no hello within {wait:.0f} s",
                      remedy=remedy, code="no_hello")  # fmt: skip
