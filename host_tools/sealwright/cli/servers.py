"""`sealwright ledger migrate` and `postgres-roles`: a ledger on a PostgreSQL server."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ..bookkeeping import check_head, known_ledger, note_head
from ..errors import Usage
from ..home.config import place_named
from ..ledger import AuditReport, Head, Ledger
from ..ledger.moving import move_ledger
from ..ledger.store.database import Database
from ..ledger.store.places import name_of, need_driver
from .commands import Command, command
from .options import TestOption
from .session import Session


@command(
    "migrate",
    "Move the ledger to a server.",
    """
    sealwright ledger migrate --to postgresql://anna@books.example/ledger
    sealwright ledger migrate --to postgresql:///ledger --allow-test
    """,
)
def migrate(
    session: Session,
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty database on a PostgreSQL server.")],
    allow_test: TestOption = False,
) -> int:
    """Copy the ledger to a PostgreSQL server, compare every value, audit it there, and only then give up the file.

    Nobody settles meanwhile. The file then takes no more rows and says where its ledger is. Exits 1 if the audit finds
    anything; then the file stays in use. The password: PGPASSWORD, or PostgreSQL's own password file.
    """
    home = session.home
    source = home.ledger_path
    server = place_named(to)
    if isinstance(server, Path):
        raise Usage(f"{to} is no URL of a server", remedy="Write it as postgresql://USER@HOST:PORT/DATABASE.")
    with known_ledger(home, allow_test=allow_test) as ledger:
        check_head(home, ledger)
    reports: list[AuditReport] = []
    home.ledger_named = server
    with known_ledger(home, allow_test=allow_test) as there, session.progress("moving"):
        head = move_ledger(source, server, lambda copy, head: _audited(there, copy, head, reports))
        if head is not None:
            note_head(home, there)
    for finding in (one for report in reports for one in report.findings):
        session.emit(finding=finding.code, row=finding.row, what=finding.what)
        session.say(f"{finding.code}: {finding.what}", "red")
    name = name_of(server)
    if head is None:
        session.emit(ok=False, ledger=name, moved=False)
        session.say(f"An audit of the copy in {name} finds the above, so the copy was taken back.", "red")
        session.say(f"{source} stays in use. Was it settled with --allow-test? Then move it so too.")
        return 1
    session.emit(ok=True, ledger=name, moved=True, rows=head.n, head=str(head))
    session.say(f"{head.n:,} rows are in {name}, the same to the last value, and the audit holds.", "green")
    session.say(f"head {head}")
    session.say(f'Write into {home.folder / "config.toml"}: ledger = "{name}"')
    return 0


def _audited(ledger: Ledger, copy: Database, head: Head, reports: list[AuditReport]) -> bool:
    report = ledger.audit(head, within=copy)
    reports.append(report)
    return report.ok and report.head == head


@command(
    "postgres-roles",
    "SQL for roles with least rights.",
    """
    sealwright ledger postgres-roles | psql postgresql://owner@books.example/ledger
    sealwright ledger postgres-roles --settler settling --reader auditing --shards 4
    """,
)
def postgres_roles(
    session: Session,
    settler: Annotated[str, typer.Option("--settler", metavar="ROLE", help="Who settles.")] = "sealwright_settler",
    reader: Annotated[str, typer.Option("--reader", metavar="ROLE", help="Who reads, and audits.")] = (
        "sealwright_reader"
    ),
    shards: Annotated[
        int, typer.Option("--shards", metavar="N", min=1, max=64, help="How many the ledger was divided into.")
    ] = 1,
) -> None:
    """Print the SQL that gives two roles the rights they need and no more, for the ledger's owner to run.

    Who settles may add to the log and never change it, whatever becomes of its triggers. Roles that are missing are
    made, for which the owner needs CREATEROLE. Then: GRANT ROLE TO LOGIN.
    """
    need_driver()
    from ..ledger.store.postgres.roles import grants

    for statement in grants(settler, reader, shards):
        session.emit(sql=statement)
        session.say(f"{statement};")


COMMANDS: Final[tuple[Command, ...]] = (migrate, postgres_roles)
