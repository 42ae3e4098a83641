"""`sealwright home backup` and `restore`, and `sealwright ledger backup`: copies, and what stays away."""

from pathlib import Path
from typing import Annotated, Final

import typer

from .. import safekeeping
from ..bookkeeping import check_head, has_ledger, known_ledger
from ..errors import Usage
from ..files import drafted
from ..home import locate
from ..ledger import Head, copy_ledger
from ..safekeeping import Backup
from .commands import Command, command
from .passphrase import read_passphrase
from .session import Session
from .words import clock

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, on another disk if you can.")]

PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="The first line of FILE encrypts the backup [default: $SEALWRIGHT_PASSPHRASE, else it is not encrypted].",
        show_default=False,
    ),
]


@command(
    "backup",
    "Copy the ledger's file while it is in use.",
    "sealwright ledger backup /mnt/usb/ledger.db",
)
def ledger_backup(session: Session, file: FileArgument) -> None:
    """Copy the ledger into one file as of this moment, also while other commands settle, and check the copy.

    A copy is as old as it is: put in the ledger's place, it is refused until ledger.head is removed too and every
    bundle since then is settled again.
    """
    home = session.home
    if not home.ledger_path.exists():
        raise Usage(f"there is no ledger at {home.ledger_path}", remedy="`sealwright init` makes one.")
    if file.exists() and home.ledger_path.samefile(file):
        raise Usage(f"{file} is the ledger itself", remedy="Name another file.", code="file_of_home")
    with known_ledger(home) as ledger:
        check_head(home, ledger)
    with session.progress("copying"), drafted(file) as draft:
        head = copy_ledger(home.ledger_path, draft)
        size = draft.stat().st_size
    session.emit(ok=True, file=str(file), bytes=size, head=str(head))
    session.say(f"{size:,} bytes in {file}, checked.")
    session.say(f"head {head}")


@command(
    "backup",
    "Copy the home into one file.",
    """
    sealwright home backup /mnt/usb/grid.backup
    sealwright home backup /mnt/usb/grid.backup --passphrase-file secret.txt
    """,
)
def backup(session: Session, file: FileArgument, passphrase_file: PassphraseOption = None) -> None:
    """Copy the home into one file that only you may read, ledger included, as of this moment; then check it.

    Emulated boards are left out. Of the update key it holds only numbers that are set aside for a restored home. All of
    it is encrypted where there is a passphrase: without that passphrase nobody opens it again.
    """
    passphrase = None if passphrase_file is None else read_passphrase(passphrase_file)
    home = session.home
    if has_ledger(home):
        with known_ledger(home) as ledger:
            check_head(home, ledger)
    with session.progress("copying"):
        made = safekeeping.back_up(home, file, passphrase)
    numbers = {"files": made.files, "bytes": made.size}
    session.emit(ok=True, file=str(file), **numbers, head=_text(made.head), encrypted=made.encrypted)
    worth = "It is encrypted." if made.encrypted else "It is not encrypted, and as secret as the home."
    session.say(f"{made.files} files, {made.size:,} bytes in {file}. {worth}")
    if made.head is not None:
        session.say(f"ledger's head {made.head}")
    if not isinstance(home.ledger_place, Path):
        session.note("Its ledger is on a server and not in this file: copy it there, with PostgreSQL's `pg_dump`.")


@command(
    "restore",
    "Make a home of a backup.",
    """
    sealwright home restore grid.backup --home ~/grid
    sealwright home restore grid.backup --home ~/grid --anchor 812:5f2c...
    sealwright home restore grid.backup --home ~/grid --passphrase-file secret.txt
    sealwright home restore grid.backup --home ~/grid --update-key      the old home is gone for good
    """,
)
def restore(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `home backup` wrote.")],
    with_key: Annotated[
        bool,
        typer.Option("--update-key", help="Take its update key too: of one backup, once, if the old home is gone."),
    ] = False,
    anchor: Annotated[
        str | None, typer.Option("--anchor", metavar="N:HASH", help="A head noted elsewhere: the ledger must have it.")
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            metavar="FILE",
            help="What the backup is encrypted with is FILE's first line [default: $SEALWRIGHT_PASSPHRASE].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a new home of a backup, whole or not at all. Nothing is put over a home that is there.

    What the old home did after the backup is unknown here. So commands get numbers above every one that it can have
    used, the update key stays away unless you ask for it, and the command lists what is left to do.
    """
    folder = locate(session.folder)
    passphrase = None if passphrase_file is None else read_passphrase(passphrase_file)
    row = None if anchor is None else Head.parse(anchor)
    with session.progress("restoring"):
        made = safekeeping.restore(file, folder, with_update_key=with_key, anchor=row, passphrase=passphrase)
    todo = list(_todo(made, with_key=with_key))
    session.emit(
        ok=True,
        home=str(folder),
        network=made.network,
        made_at=made.made_at,
        head=_text(made.head),
        encrypted=made.encrypted,
        todo=todo,
    )
    session.say(f"{folder} is the home of {made.network} as of {clock(made.made_at)}: {made.files} files.")
    for line in todo:
        session.note(f"- {line}")


def _todo(made: Backup, *, with_key: bool) -> list[str]:
    then = clock(made.made_at)
    found = ["Use one home only: if the old one still exists, remove one of the two."]
    if made.set_aside:
        this = "" if made.on_server else "; this one is ledger.db"
        found.append(
            f"config.toml is {safekeeping.SET_ASIDE} now, for it names the old home's ledger{this}. "
            "Put its other lines back."
        )
    if made.on_server:
        found.append(
            "Its ledger is on a server and not in the backup: see that `ledger` in config.toml, or SEALWRIGHT_LEDGER, "
            "names it. Begin no other one with `sealwright init`: deposits would count in both."
        )
    if made.head is not None:
        found.append(
            f"The ledger ends at {made.head}. Settle again every bundle since {then}, before anything else: nothing is "
            "paid twice, and what the old ledger has signed since then it would sign another time."
        )
        found.append(
            "Deposits and withdrawals since then are in no bundle: look them up in your accounts, and enter them again "
            "before anyone withdraws."
        )
    found.append("Every device's next command has a number above all that the old home can have used.")
    found.append(f"Revoke again what was revoked since {then}, and register again what was provisioned since then.")
    found.append("Factory records are numbered: before the next batch, put a newer copy of factory/ in place.")
    if made.update_key and not with_key:
        found.append(
            "The update key is not in it: its one-time numbers must never be used twice. Restore with --update-key if "
            "the old home is gone for good, and no backup of it was ever restored so."
        )
    if made.update_key and with_key:
        found.append("The update key has the numbers set aside for this. Never restore a backup of the old home again.")
    return found


def _text(head: Head | None) -> str | None:
    return None if head is None else str(head)


COMMANDS: Final[tuple[Command, ...]] = (backup, restore)
