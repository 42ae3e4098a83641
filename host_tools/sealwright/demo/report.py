"""What the scenario came to, as tables for people and as one object for programs."""

import os
import shutil
import sys
from collections import Counter
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from .scenario import MONEY, UNIT, Outcome


def render(outcome: Outcome, console: Console) -> None:
    """Print the tables, the paths, and what to try next."""
    console.print()
    console.print(_machines(outcome))
    for one in outcome.machines:
        if one.last:
            console.print(f" {one.name} measured last: {one.last}", highlight=False)
    console.print()
    console.print(_payments(outcome))
    console.print(_proofs(outcome))
    console.print(f"\nbundle   {outcome.bundle}", highlight=False, soft_wrap=True)
    console.print(f"ledger   {outcome.home.ledger_path}", highlight=False, soft_wrap=True)
    console.print("\nTry next:", highlight=False)
    for line in _next(outcome):
        console.print(f"  {line}", highlight=False, soft_wrap=True)


def _machines(outcome: Outcome) -> Table:
    numbers = ("readings", "bytes each", "ms a sign", "ms a verify")
    table = _table("Who measured what", ("machine", "device id"), numbers)
    for one in outcome.machines:
        size = f"{one.reading_bytes / one.readings:.0f}" if one.readings else "-"
        row = (one.name, one.device.hex()[:16], str(one.readings), size)
        table.add_row(*row, f"{one.sign_ms:.1f}", f"{one.verify_ms:.1f}")
    return table


def _table(title: str, words: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False
    )
    for name in words:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _payments(outcome: Outcome) -> Table:
    names = {one.device: one.name for one in outcome.machines}
    numbers = ("vouchers", "locked", "paid", "refunded")
    table = _table(f"Who paid whom, in {UNIT}", ("payer", "payee", "per"), numbers)
    for channel in outcome.channels:
        unit, vouchers = _sold(outcome, channel.digest)
        amounts = (channel.capacity, channel.paid, channel.refunded)
        table.add_row(
            names.get(channel.payer, "?"),
            names.get(channel.payee, "?"),
            unit,
            str(vouchers),
            *(MONEY.show(amount, channel.asset).removesuffix(f" {UNIT}") for amount in amounts),
        )
    return table


def _sold(outcome: Outcome, digest: bytes) -> tuple[str, int]:
    """The unit sold in a channel, and how many vouchers its payer signed."""
    unit, vouchers = "", 0
    for verdict in outcome.verdicts:
        body = verdict.message.body if verdict.message else None
        if verdict.digest == digest:
            unit = str(getattr(body, "unit", ""))
        elif verdict.type == "voucher" and getattr(body, "channel", None) == digest:
            vouchers = max(vouchers, getattr(body, "seq", 0))
    return {"J": "joule"}.get(unit, unit), vouchers


def _proofs(outcome: Outcome) -> Table:
    kinds = Counter(verdict.type or "unreadable" for verdict in outcome.verdicts)
    good = sum(verdict.ok for verdict in outcome.verdicts)
    table = Table(title="Proofs", title_justify="left", title_style="bold", show_header=False, box=None, padding=(0, 1))
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    total = len(outcome.verdicts)
    table.add_row("checked offline", f"{good} of {total} ok in {outcome.verify_ms:.0f} ms\n{counts}")
    if outcome.forged is not None:
        table.add_row("one bit changed", f"a voucher with it is refused: {outcome.forged.code}")
    audit = outcome.audit
    if audit is not None:
        held = "sums are 0, rebuilt from the log bit for bit" if audit.ok else "FINDINGS: see `sealwright ledger audit`"
        table.add_row("ledger audit", f"{audit.messages} messages, {audit.entries} entries\n{held}")
    table.add_row("time", f"{outcome.seconds:.0f} s in all")
    return table


def _next(outcome: Outcome) -> list[str]:
    home, tool = outcome.home.folder, _tool()
    return [
        f"{tool} verify {outcome.bundle} --root {home / 'test-root.pem'} --allow-test",
        f"{tool} ledger balances --home {home}",
        f"{tool} ledger audit --allow-test --home {home}",
        f"{tool} emulate station --home {home}          # start one of the machines again",
        f"{tool} --help",
    ]


def _tool() -> str:
    """The command as this user can type it: its path where the environment is not activated."""
    if shutil.which("sealwright"):
        return "sealwright"
    return os.path.relpath(sys.argv[0])


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """The outcome as one JSON object: ids and digests as lower-case hexadecimal, amounts as text, in smallest
    units."""
    audit = outcome.audit
    return {
        "ok": outcome.ok,
        "bundle": str(outcome.bundle),
        "ledger": str(outcome.home.ledger_path),
        "machines": [
            {
                "name": one.name,
                "device": one.device.hex(),
                "readings": one.readings,
                "sign_ms": one.sign_ms,
                "verify_ms": one.verify_ms,
            }
            for one in outcome.machines
        ],
        "channels": [
            {"payer": one.payer.hex(), "payee": one.payee.hex(), "paid": str(one.paid), "refunded": str(one.refunded)}
            for one in outcome.channels
        ],
        "verified": len(outcome.verdicts),
        "rejected": sum(not one.ok for one in outcome.verdicts),
        "forged": None if outcome.forged is None else outcome.forged.code,
        "audit_ok": bool(audit and audit.ok),
        "seconds": outcome.seconds,
    }
