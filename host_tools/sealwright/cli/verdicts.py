"""Verdicts on a bundle: a line or a JSON object for each, and the count at the end."""

from collections.abc import Mapping
from typing import Any, Final

from ..verify import Verdict
from ..wire.messages import Reading, Status
from .decoded import body_json, identifiers, time_of
from .describe import describe
from .session import Session
from .words import named

TEST_HINT: Final = "Emulated boards sign under a test root: give --allow-test if that is what you want to check."


def show(session: Session, verdict: Verdict, names: Mapping[bytes, str], bundle: str) -> None:
    """One verdict: a JSON object, or a line for people and its reason."""
    if session.as_json:
        session.emit(**verdict_json(verdict, names, bundle))
        return
    kind = verdict.type or "unreadable"
    said = describe(verdict.message, names, session.assets) if verdict.message else ""
    style = "" if verdict.ok else "red"
    session.say(
        f"{verdict.n:>5}  {verdict.code:<15} {kind:<13} {named(verdict.device, names):<16} {said}".rstrip(), style
    )
    if verdict.why:
        session.say(f"       {verdict.why}", style)


def verdict_json(verdict: Verdict, names: Mapping[bytes, str], bundle: str) -> dict[str, Any]:
    """What `--json` has of a verdict, with the decoded body of the message.

    bundle: its file, or -. name: the device's in the register. names: of every device that the message mentions, by
    id. at: unix seconds, by its signer. clock: 0 unset, 1 since boot, 2 set by a host, 3 by a network; of readings and
    statuses. mark: "unset", "ahead" or "back" where a reading's time is odd.
    """
    body = None if verdict.message is None else verdict.message.body
    known: set[bytes | None] = set() if body is None else {one for one in identifiers(body) if one in names}
    known |= {one for one in (verdict.device,) if one in names}
    return {
        **verdict.as_dict(),
        "bundle": bundle,
        "name": names.get(verdict.device) if verdict.device else None,
        "names": {one.hex(): names[one] for one in sorted(filter(None, known))},
        "at": None if body is None else time_of(body),
        "clock": body.clock_quality if isinstance(body, Reading | Status) else None,
        "mark": verdict.mark or None,
        "body": None if body is None else body_json(body),
    }


def summary(session: Session, counts: Mapping[str, int], refused: int) -> int:
    """The count of each code, a hint where one helps, and the exit code. refused: messages that do not hold."""
    total = sum(counts.values())
    fine = total - refused
    others = ", ".join(f"{count} {code}" for code, count in counts.items() if code != "ok")
    session.say(f"{fine} of {total} messages hold" + (f": {others}" if others else "."))
    if counts.get("test_root"):
        session.say(TEST_HINT)
    return 1 if refused else 0
