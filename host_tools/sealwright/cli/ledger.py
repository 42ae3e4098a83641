"""`sealwright ledger ...`: who has what, and the proof of it."""

import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ..bookkeeping import noted_head, open_ledger
from ..errors import Usage
from ..files import output
from ..ledger import AuditReport, Balance, Channel, Head, Ledger
from . import contradictions, factory, home, receipts, servers, shards, transfers
from .commands import Command, ledger_command
from .options import AnyDevices, TestOption
from .session import Session
from .words import clock, named, number, short


class Form(StrEnum):
    """How entries are exported."""

    JSON = "json"
    CSV = "csv"


@ledger_command(
    "balances",
    "Who has what.",
    """
    sealwright ledger balances
    sealwright ledger balances roof car --json
    """,
)
def balances(session: Session, device: AnyDevices) -> None:
    """Show what every account holds. The amounts of an asset sum to 0.

    Accounts are devices, open channels, and the world, which owes what owners deposited.
    """
    names, chosen = session.names(), _chosen(session, device)

    def row(one: Balance) -> tuple[str, ...]:
        name = names.get(one.name) if one.kind == "device" else None
        return one.kind, name or short(one.name), session.assets.show(one.amount, one.asset)

    def values(one: Balance) -> dict[str, Any]:
        name = names.get(one.name) if one.kind == "device" else None
        return {
            "kind": one.kind,
            "id": one.name.hex(),
            "name": name,
            "asset": one.asset,
            "amount": str(one.amount),
            **({} if one.parts is None else {"shards": {str(shard): str(part) for shard, part in one.parts}}),
        }

    with open_ledger(session.home) as ledger:
        found = (one for one in ledger.each_balance() if not chosen or (one.kind == "device" and one.name in chosen))
        shown = session.listing(("account", "of", "amount>"), found, row, values)
    if not shown:
        session.say("Nothing yet: `sealwright ledger deposit` brings money in.")


@ledger_command(
    "channels",
    "Where each channel's deposit is.",
    """
    sealwright ledger channels
    sealwright ledger channels roof
    """,
)
def channels(session: Session, device: AnyDevices) -> None:
    """Show every channel and where its deposit is: paid + refunded + remaining = deposited."""
    names, chosen = session.names(), _chosen(session, device)

    def row(found: tuple[int | None, Channel]) -> tuple[str, ...]:
        _, one = found
        sums = (one.capacity, one.paid, one.refunded, one.remaining)
        money = tuple(session.assets.show(value, one.asset) for value in sums)
        state = "settled" if not one.remaining else f"claimable until {clock(one.terms.claim_end)}"
        return short(one.digest), named(one.payer, names), named(one.payee, names), *money, state

    columns = ("channel", "payer", "payee", "deposited>", "paid>", "refunded>", "remaining>", "state")
    with open_ledger(session.home) as ledger:
        every = ledger.each_channel_in_shards()
        found = (one for one in every if not chosen or chosen & {one[1].payer, one[1].payee})
        session.listing(columns, found, row, _channel_values)


def _channel_values(found: tuple[int | None, Channel]) -> dict[str, Any]:
    shard, one = found
    return {
        **({} if shard is None else {"shard": shard}),
        "channel": one.digest.hex(),
        "payer": one.payer.hex(),
        "payee": one.payee.hex(),
        "asset": one.asset,
        "deposited": str(one.capacity),
        "paid": str(one.paid),
        "refunded": str(one.refunded),
        "remaining": str(one.remaining),
        "expires": one.terms.expires,
        "claimable_until": one.terms.claim_end,
        "closed": one.closed,
    }


def _chosen(session: Session, texts: list[str]) -> set[bytes]:
    """The devices that are named; none where all are meant."""
    return {session.home.identify(text, retired=True) for text in texts}


@ledger_command(
    "audit",
    "Rebuild all from the log and compare.",
    """
    sealwright ledger audit
    sealwright ledger audit --anchor 812:5f2c...   the head that an earlier audit printed
    """,
)
def audit(
    session: Session,
    anchor: Annotated[
        str | None,
        typer.Option(
            "--anchor", metavar="N:HASH", help="A head noted earlier: the log must still have it [default: the home's]."
        ),
    ] = None,
    allow_test: TestOption = False,
) -> int:
    """Believe only the log: check every hash, signature and rule, rebuild all from it and compare bit for bit.

    Exits 1 if anything is found.
    """
    head = noted_head(session.home) if anchor is None else Head.parse(anchor)
    with open_ledger(session.home, allow_test=allow_test, check=False) as ledger, session.progress("auditing"):
        report = ledger.audit(head)
    _report(session, report)
    return 0 if report.ok else 1


def _report(session: Session, report: AuditReport) -> None:
    for finding in report.findings:
        placed = {} if finding.shard is None else {"shard": finding.shard}
        session.emit(finding=finding.code, row=finding.row, what=finding.what, **placed)
        log = "the log" if finding.shard is None else f"shard {finding.shard}"
        where = "" if finding.row is None else f" in row {finding.row} of {log}"
        session.say(f"{finding.code}{where}: {finding.what}", "red")
    head = str(report.head)
    counts = {
        "messages": report.messages,
        "entries": report.entries,
        "accounts": report.accounts,
        "channels": report.channels,
    }
    session.emit(ok=report.ok, findings=len(report.findings), more=report.cut, head=head, **counts)
    nouns = ("message", "entry", "account", "channel")
    shown = ", ".join(number(count, noun) for count, noun in zip(counts.values(), nouns, strict=True))
    session.say(f"rebuilt from the log: {shown}")
    session.say(f"head {head}   note it elsewhere: --anchor finds a log that was cut or replaced")
    if report.ok:
        session.say("Everything holds.", "green")
    else:
        found = number(len(report.findings), "finding")
        session.say(f"{found}{', and more' if report.cut else ''}.", "red")
        if any("test" in finding.what for finding in report.findings):
            session.say("Was it settled with --allow-test? Then audit it so too.")


@ledger_command(
    "export",
    "Every entry, as JSON or CSV.",
    """
    sealwright ledger export --format csv --out entries.csv
    sealwright ledger export | head
    """,
)
def export(
    session: Session,
    form: Annotated[Form, typer.Option("--format", help="json: one object a line; csv: with a header.")] = Form.JSON,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to [default: stdout].", show_default=False)
    ] = None,
) -> None:
    """Write every entry with the message that caused it."""
    if session.as_json and out is None and form is not Form.JSON:
        raise Usage("--json and --format csv want different things on stdout", remedy="Leave out one, or give --out.")
    with open_ledger(session.home) as ledger:
        if out is None:
            ledger.export(sys.stdout, form)
            return
        count = _export_file(ledger, out, form)
    session.emit(ok=True, entries=count, out=str(out))
    session.say(f"{count} entries in {out}")


def _export_file(ledger: Ledger, out: Path, form: Form) -> int:
    """Whole or not at all: what was there before stays until all is written."""
    with output(out) as file:
        text = TextIOWrapper(file, "utf-8", newline="")
        count = ledger.export(text, form)
        text.detach()
    return count


COMMANDS: Final[tuple[Command, ...]] = (
    *(balances, channels, audit, export, contradictions.equivocations),
    *receipts.COMMANDS,
    *transfers.COMMANDS,
    factory.factory,
    home.ledger_backup,
    *servers.COMMANDS,
    *shards.COMMANDS,
)
