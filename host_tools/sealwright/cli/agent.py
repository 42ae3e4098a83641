"""`sealwright agent`: the process that holds a home's keys and asks the person before it signs."""

import getpass
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from ..agent import memory
from ..agent.acts import ACTS, ALLOWABLE
from ..agent.calling import Agent
from ..agent.desk import Desk, Rows
from ..agent.door import opened
from ..agent.waiting import Asked, State, Waiting
from ..errors import BadKeyFile, Usage
from .asking import Terminal
from .commands import ledger_command
from .ending import Ending
from .options import TestOption, span
from .passphrase import read_passphrase
from .session import Session
from .words import clock

_KEYS: Final = ("issuer", "owner", "ledger")
_STEP_SECONDS: Final = 0.5


@ledger_command(
    "agent",
    "Hold the keys, and ask before each signature.",
    """
    sealwright agent
    sealwright agent --allow renew --for 2h
    sealwright agent --list        what waits, and what was decided
    sealwright agent --lock        from another terminal: forget the keys, and end
    """,
)
def agent(
    session: Session,
    *,
    allow: Annotated[
        str | None,
        typer.Option("--allow", metavar="KIND,...", help=f"Done unasked, once an hour: {', '.join(ALLOWABLE)}."),
    ] = None,
    lasts: Annotated[str, typer.Option("--for", metavar="TIME", help="Then it locks.")] = "8h",
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", metavar="FILE", help="Of the home's keys [default: it asks]."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the acts that the running agent knows.")] = False,
    lock: Annotated[bool, typer.Option("--lock", help="Have the running agent forget the keys, and end.")] = False,
    allow_test: TestOption = False,
) -> None:
    """Open the home's keys once, and sign what other processes of yours ask for, such as the page, after a yes.

    It takes acts, never bytes to sign: renew, revoke, withdraw, pause. Each is shown in full at this terminal and
    carried out as it was shown, if you type yes. They ask at HOME/agent.sock, which is yours alone. What nobody decides
    on in ten minutes is dropped, and sixteen wait at most. Ctrl-C, --lock and the end of --for forget the keys.
    """
    if listing and lock:
        raise Usage("--list and --lock are two things", remedy="Leave one of them out.")
    if listing:
        _list(session)
        return
    if lock:
        Agent(session.home.folder).lock()
        session.emit(ok=True, locked=True)
        session.say("The agent has locked.")
        return
    allowed = _allowed(allow)
    if not sys.stdin.isatty() and not allowed:
        remedy = "Start it in a terminal; without one, --allow says what it may do unasked."
        raise Usage("an agent asks at its terminal, and there is none", remedy=remedy, code="no_terminal")
    memory.protect()
    _open_keys(session, passphrase_file)
    _run(session, allowed, span(lasts), allow_test=allow_test)


def _run(session: Session, allowed: frozenset[str], seconds: int, *, allow_test: bool) -> None:
    waiting, end = Waiting(), time.monotonic() + seconds
    with ExitStack() as stack:
        ending = stack.enter_context(Ending())

        def over() -> bool:
            return ending.over or waiting.closed or time.monotonic() >= end

        terminal = Terminal(over)

        def ask(asked: Asked, rows: Rows) -> bool:
            if not terminal.is_there:
                return False
            session.say()
            session.say(f"{asked.act.kind} is asked for:", "bold")
            session.facts(rows)
            return terminal.says_yes(session, asked.end)

        desk = Desk(
            session.home, waiting, ask, session.connect, lambda asked: _tell(session, asked), allowed, allow_test
        )
        path = stack.enter_context(opened(session.home.folder, desk.answer))
        session.emit(ok=True, event="ready", socket=str(path), until=int(time.time()) + seconds)
        session.say(f"The agent of {session.home.folder} waits at {path}, until {clock(int(time.time()) + seconds)}.")
        if allowed:
            session.say(f"Done unasked, for each device once an hour: {', '.join(sorted(allowed))}.")
        while not over():
            desk.step(_STEP_SECONDS)
        waiting.close()
    session.emit(ok=True, event="locked")
    session.say("The agent has locked.")


def _allowed(text: str | None) -> frozenset[str]:
    kinds = frozenset(part.strip() for part in text.split(",")) if text else frozenset()
    wrong = sorted(kinds - set(ALLOWABLE))
    if wrong:
        always = ", ".join(sorted(set(ACTS) - set(ALLOWABLE)))
        what = f"{', '.join(wrong)} cannot be done unasked"
        raise Usage(what, remedy=f"Name some of {', '.join(ALLOWABLE)}; {always} are asked for each time.")
    return kinds


def _open_keys(session: Session, file: Path | None) -> None:
    """Open every key once; a passphrase that is missing is asked for. Raises BadKeyFile, Usage."""
    if file is not None:
        session.unlock(read_passphrase(file))
    try:
        session.home.key("owner")
    except BadKeyFile as error:
        if error.code != "passphrase_missing" or not sys.stdin.isatty():
            raise
        session.unlock(getpass.getpass("Passphrase of the home: ").encode())
    for name in _KEYS:
        session.home.key(name)


def _tell(session: Session, asked: Asked) -> None:
    good = asked.state is State.DONE
    session.emit(ok=good, event="act", id=asked.id, kind=asked.act.kind, device=asked.act.device,
                 state=asked.state.value, code=asked.code or None, text=asked.text)  # fmt: skip
    session.say(f"{asked.act.kind}: {asked.state.value}. {asked.text}", "green" if good else "yellow")


def _list(session: Session) -> None:
    acts = Agent(session.home.folder).list()
    names = session.names()
    for one in acts:
        session.emit(**one)
    rows = [
        (clock(one["at"]), one["act"]["kind"], names.get(bytes.fromhex(one["act"]["device"]), ""), one["state"],
         one["text"]) for one in acts
    ]  # fmt: skip
    if rows:
        session.table(("asked at", "act", "device", "state", "what came of it"), rows)
    else:
        session.say("Nothing was asked of the agent yet.")
