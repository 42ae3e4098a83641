"""`sealwright doctor`: what is wrong with this installation and this home, and what to do."""

from typing import Annotated

import typer

from .. import checkup
from ..checkup import NOTE, WRONG, Finding
from ..errors import Usage
from .commands import command
from .exits import DONE, REJECTED
from .session import Session

_STYLES = {WRONG: "red", NOTE: "yellow"}


@command(
    "doctor",
    "Say what is wrong here, and what to do.",
    """
    sealwright doctor
    sealwright doctor --brokers --json
    """,
)
def doctor(
    session: Session,
    brokers: Annotated[bool, typer.Option("--brokers", help="Connect to the brokers of this home, too.")] = False,
) -> int:
    """Look at Python and packages, MicroPython, serial ports, the home, its keys, register and ledger, and the clock.

    Changes nothing. Exits 1 if something is wrong; what an extra would add is only noted.
    """
    found = list(checkup.of_installation())
    try:
        with session.progress("checking"):
            found += checkup.of_home(session.home, brokers=brokers)
    except Usage as error:
        state = NOTE if error.code == "no_home" else WRONG
        found.append(Finding("home", state, str(error), error.remedy))
    for one in found:
        session.emit(check=one.what, state=one.state, said=one.said, remedy=one.remedy)
        mark = {WRONG: "WRONG", NOTE: "note"}.get(one.state, "ok")
        session.say(f"{mark:<6} {one.what:<16} {one.said}", _STYLES.get(one.state, ""))
        if one.remedy:
            session.say(f"{'':<23} {one.remedy}")
    wrong = sum(one.state == WRONG for one in found)
    session.emit(ok=not wrong, checks=len(found), wrong=wrong)
    session.say(f"{wrong} of {len(found)} checks found something wrong." if wrong else "Nothing is wrong.")
    return REJECTED if wrong else DONE
