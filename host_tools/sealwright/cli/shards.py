"""`sealwright ledger shard`: a ledger on a server that several processes settle into, side by side."""

from typing import Annotated, Final

import typer

from ..bookkeeping import note_head, open_ledger
from .commands import Command, ledger_command
from .options import TestOption
from .session import Session


@ledger_command(
    "shard",
    "Divide the ledger, to settle side by side.",
    """
    sealwright ledger shard --into 2
    sealwright ledger shard --into 4 --ledger postgresql://anna@books.example/ledger
    """,
)
def shard(
    session: Session,
    into: Annotated[int, typer.Option("--into", metavar="N", help="How many shards, 2 to 64: once and for all.")],
    allow_test: TestOption = False,
) -> None:
    """Divide a ledger on a PostgreSQL server into shards: as many processes settle side by side, each with a log.

    A channel is in the shard that its digest says, and a device's money in all of them: what it has is the sum. What
    certifies and revokes is in every log, so each is audited by itself. It is done at once or not at all, and cannot be
    undone. Channels that there are stay in shard 0, and what was noted or signed of the log stays true of it. Then run
    one `settle --shards` for each, or for some of them. A ledger in a file is moved first: `ledger migrate`.
    """
    with open_ledger(session.home, allow_test=allow_test) as ledger, session.progress("dividing"):
        done = ledger.divide(into)
        note_head(session.home, ledger)
        head = ledger.head()
    session.emit(ok=True, shards=into, divided=done, head=str(head))
    session.say(f"The ledger has {into} shards." if done else f"The ledger has {into} shards already.", "green")
    session.say(f"head {head}")
    session.say("Settle side by side: sealwright settle BUNDLE --shards 0, and so on; without --shards into all.")


COMMANDS: Final[tuple[Command, ...]] = (shard,)
