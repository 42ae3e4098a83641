"""Gap-proof logs, of each device's readings and of each issuer's factory: numbers rise by one, and each message names
the digest of the one before it."""

from typing import Final, NamedTuple

from ..wire.certificates import Fault
from ..wire.messages import FactoryRecord, Reading
from ..wire.times import utc
from .codes import EQUIVOCATION

CLOCK_SET: Final = 2  # from this clock quality on, a host or a network has set the time

# marks of a time: the clock was never set; it is ahead of now; it runs back
UNSET: Final = "unset"
AHEAD: Final = "ahead"
BACK: Final = "back"


class Head(NamedTuple):
    """The newest message of a log: its number, its digest, and its time (unix seconds) where its clock was set."""

    seq: int
    digest: bytes
    at: int | None = None


def judge_entry(body: Reading | FactoryRecord, digest: bytes, head: Head | None) -> Fault | None:
    """Faults: equivocation (another message with the newest number), gap. head: None starts a log anywhere."""
    noun = noun_of(body)
    if isinstance(body, Reading) and (body.seq == 0 or (body.prev is None) != (body.seq == 1)):
        return Fault("gap", f"{noun} {body.seq} does not name the one before it as number 2 and up do")
    if head is None:
        return None
    if body.seq == head.seq and digest != head.digest:
        return Fault(EQUIVOCATION, f"its signer signed another {noun} with number {body.seq}")
    if body.seq != head.seq + 1:
        return Fault("gap", f"{noun} {body.seq} follows {noun} {head.seq}")
    if body.prev != head.digest:
        return Fault("gap", f"{noun} {body.seq} continues another {noun} {head.seq} than the one before it")
    return None


def noun_of(body: Reading | FactoryRecord) -> str:
    """What people call an entry of the log."""
    return "reading" if isinstance(body, Reading) else "record"


def time_of(body: Reading | FactoryRecord) -> int | None:
    """The time of a reading whose clock was set, unix seconds."""
    if isinstance(body, Reading) and body.clock_quality >= CLOCK_SET:
        return body.sampled_at
    return None


def time_note(body: Reading, head: Head | None, now: int) -> tuple[str, str]:
    """What is odd about a reading's time: UNSET, AHEAD or BACK, and why; empty where nothing is."""
    at = time_of(body)
    if at is None:
        return UNSET, ""
    if at > now:
        return AHEAD, f"Its time {utc(at)} is after now, though its device says that its clock was set"
    if head is not None and head.at is not None and at < head.at:
        return (
            BACK,
            f"Its time {utc(at)} is before {utc(head.at)}, that of the reading before it: its device's clock went back",
        )
    return "", ""
