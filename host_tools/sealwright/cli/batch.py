"""`sealwright batch`: a tray of boards made ready side by side."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import targets as boards
from ..bench import factory
from ..bench.deploying import HELLO_SECONDS
from ..bench.factory import Finished
from ..errors import Usage
from .commands import command
from .session import Session
from .words import short

MOST: int = 64


@command(
    "batch",
    "Make a tray of boards ready.",
    """
    sealwright batch --boards tray.csv
    sealwright batch --boards tray.csv --image esp32_s3=ESP32_GENERIC_S3-v1.26.1.bin --by "bench 2"
    """,
)
def batch(
    session: Session,
    *,
    tray: Annotated[
        Path, typer.Option("--boards", metavar="FILE.csv", help="name,device,board[,policy][,chip]: a board a line.")
    ],
    image: Annotated[
        list[str] | None,
        typer.Option("--image", metavar="BOARD=FILE", help="MicroPython to flash boards of a kind with; repeatable."),
    ] = None,
    maker: Annotated[
        str | None, typer.Option("--by", metavar="WHO", help="Who makes them, for the ledger [default: your login].")
    ] = None,
    workers: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=MOST, help="How many at a time.")] = 8,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=1, help="How long to wait for each device's hello.")
    ] = HELLO_SECONDS,
) -> int:
    """Flash where an image is given, deploy, self-test and provision every board of a tray, side by side.

    A batch that was cut goes on where it was. Boards that are provisioned are left alone. Each board that is ready gets
    a signed record in the factory ledger. Exits 1 if a board failed.
    """
    home = session.home
    images = _images(image or [])
    places = factory.read_tray(tray, home=home)
    with session.progress("compiling"):
        todo = factory.jobs(places, images, maker or getpass.getuser(), wait)
    done: list[Finished] = []
    with session.progress("making", len(todo), streams=True) as advance:
        for one in factory.run(home, todo, min(workers, len(todo))):
            done.append(one)
            _tell(session, one)
            advance(len(done), one.result.name)
    failed = [one.result.name for one in done if one.result.error is not None]
    session.emit(ok=not failed, boards=len(done), ready=len(done) - len(failed), failed=sorted(failed))
    session.say(f"{len(done) - len(failed)} of {len(done)} boards are ready.", "red" if failed else "green")
    return 1 if failed else 0


def _images(given: list[str]) -> dict[str, Path]:
    found = {}
    for text in given:
        board, equals, file = text.partition("=")
        if not equals or not file:
            raise Usage(f"the image {text!r} is not BOARD=FILE", remedy="For example --image pico=RPI_PICO.uf2.")
        found[boards.find(board).name] = Path(file)
    return found


def _tell(session: Session, one: Finished) -> None:
    result, record = one.result, one.record
    values: dict[str, Any] = {"name": result.name, "state": result.state, "steps": list(result.steps)}
    if result.error is not None:
        session.fail(result.error, **values)
        session.say(f"{result.name:<20} failed after: {', '.join(result.steps) or 'nothing'}", "red")
        return
    if record is not None:
        body = record.body
        values |= {
            "device": body.key.device_id.hex(),
            "seq": body.seq,
            "record": record.digest.hex(),
            "test": result.test,
        }
    session.emit(ok=True, **values)
    said = f"record {record.body.seq}, device {short(record.body.key.device_id)}" if record else "not made by a batch"
    session.say(f"{result.name:<20} {result.state}: {said}")
