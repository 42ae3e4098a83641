"""`sealwright emulate`: make and run emulated boards, in the foreground or left running."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NamedTuple

import typer

from .. import emulator
from ..emulator import EmulatedBoard
from ..errors import Unreachable, Usage
from ..home import Home
from .commands import command
from .session import Session
from .stopping import ALL, end
from .streams import reader_is_gone

_LOOK_SECONDS: Final = 0.5


@command(
    "emulate",
    "Make and run emulated boards.",
    """
    sealwright emulate unix --name station --sensor bme280
    sealwright emulate unix --name solar --sensor ina219=csv:roof.csv,scale=1/100 --detach
    sealwright emulate esp32 --sensor bme280 --sensor ina219 --detach
    sealwright emulate pico --image RPI_PICO.uf2 --sensor bme280 --detach
    sealwright emulate pico --name car --uart roof --detach      joins its UART to that of the pico roof
    sealwright emulate unix --name vault --element atecc608 --detach
    sealwright emulate unix -n 3 --detach      makes unix-1, unix-2, unix-3
    sealwright emulate unix -n 200 --name roof --detach      a fleet: some 3 MB and 0.2 s a board
    sealwright emulate station solar           starts boards made earlier
    sealwright emulate --stop all
    sealwright emulate --remove station        flash and all
    """,
)
def emulate(
    session: Session,
    *,
    boards: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BOARD]...", help="A kind of board (unix, esp32, pico), or boards made earlier."),
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", min=1, max=1000, help="How many to make.")] = 1,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The new board's name; with -n, NAME-1, NAME-2, ...")
    ] = None,
    sensors: Annotated[
        list[str] | None,
        typer.Option(
            "--sensor",
            metavar="SPEC",
            help="bme280, ina219 or mcu; =csv:FILE replays your own series. May be repeated.",
        ),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(
            "--image", metavar="FILE", help="What a new pico runs: the official .uf2 [default: $SEALWRIGHT_PICO_UF2]."
        ),
    ] = None,
    uart: Annotated[
        str | None,
        typer.Option("--uart", metavar="NAME|TTY", help="Join a new pico's UART to another pico's, or to a tty."),
    ] = None,
    element: Annotated[
        str | None,
        typer.Option(
            "--element", metavar="CHIP", help="The chip on the new board's bus that keeps its keys: atecc608."
        ),
    ] = None,
    market: Annotated[
        bool, typer.Option("--market", help="A new unix board announces and hears offers on the loopback net.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave them running and return.")] = False,
    stop: Annotated[str | None, typer.Option("--stop", metavar="NAME|all", help="Stop a running board.")] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="NAME|all", help="Stop a board and throw it away.")
    ] = None,
) -> None:
    """Run emulated boards: real MicroPython processes with their own flash, wires and sensors.

    They run until Ctrl-C, or with --detach until they are stopped; without it they end with this command, however that
    ends. A board keeps its identity while it is stopped.
    """
    if stop is not None or remove is not None:
        if (
            boards
            or name
            or sensors
            or image
            or uart
            or element
            or market
            or detach
            or (stop is not None and remove is not None)
        ):
            raise Usage("--stop and --remove stand alone", remedy="Give one of them, and nothing else.")
        end(session, stop or remove or "", EmulatedBoard.stop if stop is not None else EmulatedBoard.remove)
        return
    if not boards:
        remedy = f"Name a kind of board ({', '.join(emulator.kinds())}) or a board made earlier."
        raise Usage("which board?", remedy=remedy)
    made = _Made(count, name, tuple(sensors or ()), image, uart, element, market)
    with _signals(), nullcontext() if detach else emulator.with_this_process() as lifeline:
        _run(session, _chosen(session.home, boards, made), lifeline)


class _Made(NamedTuple):
    """What a board is given when it is made."""

    number: int = 1
    name: str | None = None
    sensors: Sequence[str] = ()
    image: Path | None = None
    uart: str | None = None
    element: str | None = None
    market: bool = False


def _chosen(home: Home, given: Sequence[str], made: _Made) -> list[EmulatedBoard]:
    """The boards to run, made first where a kind is given."""
    kinds = emulator.kinds()
    known = {board.name for board in emulator.boards(home)}
    if len(given) == 1 and given[0] in kinds:
        return _make(home, given[0], _new_names(known, given[0], made.number, made.name), made)
    for one in given:
        if one in kinds:
            raise Usage("one kind of board at a time", remedy="Make each kind with a call of its own, and --detach.")
        if one not in known:
            remedy = f"Kinds of board: {', '.join(kinds)}. `sealwright devices` lists the boards there are."
            raise Usage(f"there is no kind of board and no board {one!r}", remedy=remedy, code="unknown_board")
    if made != _Made():
        raise Usage(
            "name, number, sensors, image, UART, element and market were settled when it was made",
            remedy="Leave out these options.",
        )
    return [emulator.find(home, one) for one in dict.fromkeys(given)]


def _new_names(known: set[str], kind: str, count: int, name: str | None) -> list[str]:
    if name is not None:
        return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]
    free = (f"{kind}-{number}" for number in range(1, 10_000))
    return [one for one in free if one not in known][:count]


def _make(home: Home, kind: str, names: Sequence[str], given: _Made) -> list[EmulatedBoard]:
    made: list[EmulatedBoard] = []
    try:
        for name in names:
            made.append(
                emulator.create(
                    home,
                    kind,
                    name,
                    given.sensors,
                    given.image,
                    uart=given.uart,
                    element=given.element,
                    market=given.market,
                )
            )
    except BaseException:  # also an interrupt: all or none
        for board in made:
            board.remove()
        raise
    return made


def _run(session: Session, boards: Sequence[EmulatedBoard], lifeline: int | None) -> None:
    """Run boards; those without a lifeline are left running."""
    started: list[EmulatedBoard] = []
    try:
        with session.progress("starting", len(boards)) as advance:
            started = [board for board in boards if board.pid is None]
            emulator.start_all(started, lambda board, done: advance(done, board.name), lifeline)
        left = "Left running" if started else "Running already"
        if lifeline is None:
            started = []  # before the first line: who reads it may go away at once
        for board in boards:
            _tell(session, board)
        if not started:
            which = boards[0].name if len(boards) == 1 else ALL
            session.say(f"{left}: `sealwright emulate --stop {which}` ends it.")
            return
        session.say("Running until Ctrl-C.")
        _watch(session, started)
    finally:
        stopped = [board for board in started if board.pid is not None]
        for board in stopped:
            board.stop()
        for board in stopped:  # last: where nobody reads any more, saying it fails
            session.say(f"{board.name} stopped")


def _tell(session: Session, board: EmulatedBoard) -> None:
    hardware = board.hardware
    session.emit(
        name=board.name,
        board=hardware["board"],
        state="running",
        url=f"emulated:{board.name}",
        tcp=board.url,
        serial=board.serial_url,
        pid=board.pid,
    )
    session.facts([(board.name, f"emulated:{board.name}"), ("", board.url), ("", board.serial_url)])


def _watch(session: Session, boards: Sequence[EmulatedBoard]) -> None:
    """Until Ctrl-C, which is how this ends well, or until none runs any more."""
    running = list(boards)
    try:
        while running:
            time.sleep(_LOOK_SECONDS)
            if reader_is_gone():  # all was written before it went
                raise BrokenPipeError
            for board in [board for board in running if board.pid is None]:
                running.remove(board)
                session.note(f"{board.name} has stopped: {board.last_words()}")
    except KeyboardInterrupt:
        return
    raise Unreachable("no board runs any more", remedy="Their consoles are in the home, boards/NAME/console.log.")


@contextmanager
def _signals() -> Iterator[None]:
    """A closed terminal and a plain kill end this as Ctrl-C does: no board is left behind."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
