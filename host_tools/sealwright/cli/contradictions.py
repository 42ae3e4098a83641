"""`sealwright ledger equivocations`: what signers said that cannot all be true."""

from pathlib import Path
from typing import Annotated

import typer

from ..bookkeeping import open_ledger
from ..files import output
from ..ledger import Ledger
from ..wire.messages import parse_message
from .commands import ledger_command
from .describe import describe
from .session import Session


@ledger_command(
    "equivocations",
    "Signers that contradict themselves.",
    """
    sealwright ledger equivocations
    sealwright ledger equivocations --out proof.bundle
    """,
)
def equivocations(
    session: Session,
    out: Annotated[Path | None, typer.Option("--out", metavar="BUNDLE", help="Write each pair of messages.")] = None,
) -> int:
    """Show each pair of messages of one signer that cannot both be true: together they are a proof. Exits 1 for any."""
    with open_ledger(session.home) as ledger:
        count = _show_pairs(session, ledger)
        if out is not None and count:
            with output(out) as file:
                file.writelines(raw for pair in ledger.each_equivocation() for raw in pair)
            session.say(f"{2 * count} messages in {out}")
    if not count:
        session.say("None.")
    return 1 if count else 0


def _show_pairs(session: Session, ledger: Ledger) -> int:
    """Each pair of messages that contradict each other; how many they are."""
    names, count = session.names(), 0
    for first, second in ledger.each_equivocation():
        count += 1
        one, two = parse_message(first), parse_message(second)
        session.emit(type=one.type, kid=one.kid.hex(), first=one.digest.hex(), second=two.digest.hex())
        said = describe(one, names, session.assets), describe(two, names, session.assets)
        session.say(f"{one.type} by {one.kid.hex()}: {said[0]}  /  {said[1]}", "red")
    return count
