"""`sealwright ledger factory`: what left the bench, signed."""

from contextlib import suppress

from ..bench.factory import ledger_path, records, verify_ledger
from ..errors import Usage
from ..wire.messages import FactoryRecord, Message
from .chip import signed_facts
from .commands import command
from .options import TestOption
from .session import Session
from .words import clock, custody, json_value, short


@command(
    "factory",
    "What left the bench, signed.",
    """
    sealwright ledger factory
    sealwright ledger factory --allow-test --json      emulated boards have a ledger of their own
    """,
)
def factory(session: Session, allow_test: TestOption = False) -> int:
    """Show the factory ledger, and check every record's signature, number and place in the chain.

    Exits 1 if one does not hold. Records cut off its end do not show: note the head, and compare.
    """
    home, test = session.home, allow_test
    verdicts = verify_ledger(home, test=test)
    found = [one.message.body for one in verdicts if one.message and isinstance(one.message.body, FactoryRecord)]
    for body in found:
        session.emit(**_as_json(body))
    rows = [
        (str(one.seq), one.name, short(one.key.device_id), one.model, _kept(one), one.firmware,
         _tested(one), clock(one.made_at), one.maker)
        for one in found
    ]  # fmt: skip
    columns = ("n>", "name", "device", "model", "custody", "firmware", "self-test", "made", "by")
    if rows:
        session.table(columns, rows)
    for verdict in verdicts:
        if not verdict.ok:
            session.emit(ok=False, n=verdict.n, code=verdict.code, why=verdict.why)
            session.say(f"record {verdict.n}: {verdict.code}: {verdict.why}", "red")
    good = all(one.ok for one in verdicts)
    head = _head(records(home, test=test)) if good else None
    session.emit(ok=good, records=len(verdicts), head=head, ledger=str(ledger_path(home, test=test)))
    if not test and not verdicts:
        _tell_of_others(session)
    if good:
        session.say(f"{len(verdicts)} records, all of them hold. Head {head or 'none'}", "green")
    return 0 if good else 1


def _tell_of_others(session: Session) -> None:
    """Where nothing is found, the records may be in the other ledger."""
    with suppress(Usage):  # a damaged one is reported when it is asked for
        if others := len(records(session.home, test=True)):
            session.say(f"{others} records of emulated boards: --allow-test shows them")


def _head(found: list[Message[FactoryRecord]]) -> str | None:
    return f"{found[-1].body.seq}:{found[-1].digest.hex()}" if found else None


def _kept(body: FactoryRecord) -> str:
    return custody(body.custody) + (f", {body.chip.serial.hex()}" if body.chip is not None else "")


def _tested(body: FactoryRecord) -> str:
    failed = [part for part, outcome in body.selftest.items() if outcome is not True]
    return "passed" if not failed else f"failed: {', '.join(failed)}"


def _as_json(body: FactoryRecord) -> dict[str, object]:
    shown = {name: json_value(getattr(body, name)) for name in FactoryRecord.__slots__ if name not in ("key", "chip")}
    if body.chip is not None:
        shown["chip"] = signed_facts(body.chip)
    return {**shown, "device": body.key.device_id.hex(), "did": body.key.did}
