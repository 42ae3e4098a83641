"""A batch: the boards of a tray side by side, each in a process of its own; the ledger is written here alone."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ...errors import SealwrightError
from ...home import Home
from ...targets import compile_for
from ...wire.messages import FactoryRecord, Message
from .job import Job, Result, work
from .records import add_record
from .tray import EMULATED, Place


@dataclass(frozen=True, slots=True)
class Finished:
    """A board's result, and its record in the ledger if it has one."""

    result: Result
    record: Message[FactoryRecord] | None


def jobs(places: Sequence[Place], images: dict[str, Path], maker: str, wait: float) -> list[Job]:
    """What is to be done; compiles the firmware once for each kind of board. images: kind -> image to flash."""
    kinds = {place.board.name: place.board for place in places if place.needs_firmware and place.board is not None}
    builds = {name: compile_for(kind) for name, kind in kinds.items()}
    made = []
    for place in places:
        kind = place.board.name if place.needs_firmware and place.board is not None else ""
        image = (
            None if place.device.startswith(EMULATED) else images.get(kind)
        )  # an emulated board is made with its own
        made.append(Job(place, maker, image, builds.get(kind), wait))
    return made


def run(home: Home, todo: Sequence[Job], workers: int) -> Iterator[Finished]:
    """Each board's result as it comes; its record is in the ledger by then."""
    context = multiprocessing.get_context("spawn")  # mpremote and esptool are not for threads
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        waiting = {pool.submit(work, home.folder, job): job for job in todo}
        try:
            for one in as_completed(waiting):
                yield _finished(home, waiting[one], one.exception(), None if one.exception() else one.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _finished(home: Home, job: Job, fault: BaseException | None, result: Result | None) -> Finished:
    if result is None:
        error = SealwrightError(f"its process died: {fault}", remedy="Run the batch again.", code="internal")
        return Finished(Result(job.place.name, "failed", (), error=error), None)
    record = None if result.record is None else add_record(home, result.record, test=result.test)
    return Finished(result, record)
