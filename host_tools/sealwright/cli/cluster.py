"""`sealwright cluster ...`: a hub past one machine."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Usage
from ..hub.broker import program
from ..hub.cluster.config import ADMIN, PARTITIONS, SYNCS, Cluster, Server
from ..hub.cluster.files import SERVER
from ..hub.cluster.handing_out import hand_out
from ..hub.cluster.making import before, check_ledger, check_same, left_over, make
from ..hub.cluster.setting_up import set_up
from ..hub.cluster.standing import check_ports, consumers_now, servers_now
from ..hub.joining import cluster_file
from ..ledger import LedgerError, LedgerMissing
from .commands import Command, command
from .session import Session


@command(
    "init",
    "Make the hub one of a cluster.",
    """
    sealwright cluster init --server nats1.example --server nats2.example --server nats3.example --shards 2
    sealwright cluster init --server 127.0.0.1:8883:4222:6222
    """,
)
def init(
    session: Session,
    server: Annotated[
        list[str],
        typer.Option("--server", metavar="HOST[:MQTT[:CLIENT[:ROUTE]]]", help="A server, and its ports; each once."),
    ],
    *,
    shards: Annotated[int, typer.Option("--shards", metavar="N", help="How many logs the ledger has.")] = 1,
    partitions: Annotated[
        int, typer.Option("--partitions", metavar="N", help="Into how many parts devices are dealt, for verifiers.")
    ] = PARTITIONS,
    address: Annotated[
        str, typer.Option("--address", metavar="HOST", help="One name of all servers, which devices are given.")
    ] = "",
    sync: Annotated[
        str, typer.Option("--sync", metavar="WHEN", help="When a server's disk has it: always (before the ack), or 2m.")
    ] = SYNCS[0],
    megabytes: Annotated[
        int, typer.Option("--megabytes", metavar="N", help="What each stream keeps at most; then devices wait.")
    ] = 1024,
) -> None:
    """Make the home's hub one of a cluster of NATS servers, and write what each of them reads.

    Copy each folder to its machine and start the server there; `cluster serve` does it with the program that comes with
    Sealwright. Then `sealwright hub` runs the parts here, and `sealwright hub --only verify` a verifier on any machine.
    Devices get their accounts as before: `sealwright owner network --device NAME --broker hub`.
    """
    old = before(session.home)
    servers = tuple(Server.parse(one, number) for number, one in enumerate(server, 1))
    folder = cluster_file(session.home.folder).parent
    accounts = old.accounts if old is not None else {}
    cluster = Cluster(folder, servers, shards, partitions, address, sync, megabytes, accounts)
    check_same(old, cluster)
    folders = make(session.home, cluster)
    for one, place in zip(servers, folders, strict=True):
        session.emit(ok=True, server=one.name, host=one.host, folder=str(place))
        session.say(f"{one.name} at {one.host}: {place}")
    for place in left_over(cluster):
        gone = f"{place} is of a server that the cluster has no more. Passwords are in it"
        session.note(f"{gone}: remove it, and its copy on the server's machine.")
    _note_shards(session, shards)
    session.say("Copy each folder to its server's machine, and start it there: nats-server -c server.conf")
    session.say(f"Or where this home is: sealwright cluster serve {servers[0].name}, and so on. Then: sealwright hub")


def _note_shards(session: Session, shards: int) -> None:
    """Say now what would end a settler later. A ledger that cannot be read now does not end the command."""
    try:
        with suppress(LedgerMissing):
            check_ledger(session.home, shards, hurried=True)
    except (Usage, LedgerError) as error:
        session.note(f"{error}. {error.remedy}")


@command("serve", "Run one of the servers here.", "sealwright cluster serve server-1")
def serve(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="SERVER", help="As `cluster init` named it.")],
) -> None:
    """Run one of the cluster's servers on this machine, in the folder that `cluster init` wrote. Ctrl-C ends it."""
    cluster = Cluster.read(session.home.folder)
    folder = cluster.server_folder(name)
    check_ports(next(one for one in cluster.servers if one.name == name))
    path = program()
    os.chdir(folder)
    os.execv(path, [str(path), "-c", SERVER])


@command("set-up", "Make the streams that are missing.", "sealwright cluster set-up")
def setting_up(session: Session) -> None:
    """Make the streams and consumers that the servers lack, once most of them run. The hub does it too."""
    made: list[str] = []
    with session.progress("waiting for the servers"):
        set_up(Cluster.read(session.home.folder), made.append)
    session.emit(ok=True, made=made)
    session.say(f"Made: {', '.join(made)}." if made else "Nothing was missing.", "green")


@command("status", "Show the servers, and what waits in the streams.", "sealwright cluster status")
def status(session: Session) -> int:
    """Show which servers answer, and what waits for verifiers, settlers and the store. Exits 3 without a majority."""
    cluster = Cluster.read(session.home.folder)
    servers = servers_now(cluster)
    for one, up in servers:
        session.emit(ok=up, server=one.name, host=one.host)
    session.table(("server", "host", "answers"), [(one.name, one.host, "yes" if up else "no") for one, up in servers])
    rows = consumers_now(cluster)
    for row in rows:
        session.emit(ok=True, **row)
    shown = [(str(row["consumer"]), str(row["waiting"]), str(row["taken"])) for row in rows]
    session.table(("consumer", "waiting>", "taken and not done>"), shown)
    return 0


@command(
    "hand-out", "Make the home of a machine that only verifies.", "sealwright cluster hand-out verify --out verifier"
)
def handing_out(
    session: Session,
    account: Annotated[str, typer.Argument(metavar="PART", help="The part that runs there: verify.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder, to copy to that machine.")],
) -> None:
    """Make a home for a machine that runs one part alone: it has the roots and that part's account, and no key.

    There: sealwright hub --home FOLDER --only verify
    """
    if account == ADMIN:
        raise Usage("the account that sets the servers up is not handed out", remedy="Hand out verify.")
    hand_out(session.home, account, out)
    session.emit(ok=True, part=account, folder=str(out))
    session.say(f"Copy {out} to the machine, and run there: sealwright hub --home {out.name} --only {account}")


COMMANDS: Final[tuple[Command, ...]] = (init, serve, setting_up, status, handing_out)
