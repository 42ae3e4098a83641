"""The head of the home's ledger, kept beside it in `ledger.head`: a log that was cut off or replaced is refused.

A hash chain cannot show that its last rows are gone. Each command that adds rows notes the new head, and each command
that opens the ledger looks for the noted row first. It finds an older copy of ledger.db, not one of the whole home.
"""

from pathlib import Path

from ..errors import Usage
from ..files import write_whole
from ..home import Home
from ..home.config import ledger_place
from ..ledger import Head, Ledger, LedgerError

_REMEDY = (
    "Put the newest ledger.db back. Where it is lost, keep copies of both files, remove {path}, and settle again every "
    "bundle since then: nothing is paid twice."
)


class LogCutOff(LedgerError):
    """The log no longer has the row that this home noted as its last one."""

    code = "log_cut_off"


def noted_head(home: Home) -> Head | None:
    """The head noted last, or None. Raises Usage where it cannot be read."""
    path = home.ledger_head_path
    try:
        return Head.parse(path.read_text("ascii"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check its permissions.") from error
    except (Usage, ValueError) as error:
        remedy = "Put it back from a copy, or compare `sealwright ledger audit` with a head noted elsewhere."
        raise Usage(f"{path} is damaged", remedy=remedy, code="home_damaged") from error


def check_head(home: Home, ledger: Ledger) -> None:
    """Raises LogCutOff unless the log still has the noted row, and Usage, LedgerError."""
    head = noted_head(home)
    for shard, one in enumerate(() if head is None else head.all):
        found = ledger.row_hash(one.n, shard) if one.n else one.hash
        if found != one.hash:
            what = "ends before" if found is None else "has another"
            which = f"shard {shard} of " if shard else ""
            why = f"the log of {which}{ledger.name} {what} row {one.n}, its last row when this home wrote it"
            raise LogCutOff(why, remedy=_REMEDY.format(path=home.ledger_head_path))


def note_head(home: Home, ledger: Ledger) -> None:
    """Note the log's last row, whole or not at all; not of another file than the home's. Raises Usage, LedgerError."""
    path, head = home.ledger_head_path, ledger.head()
    if _is_aside(home) or head == noted_head(home):
        return
    try:
        write_whole(path, f"{head}\n".encode())
    except OSError as error:
        why = f"cannot write {path}: {error.strerror}; what was settled stays settled"
        raise Usage(why, remedy="Free some space, and run it again.") from error


def _is_aside(home: Home) -> bool:
    """Whether an option names a file, such as a copy, beside a ledger that the home has: the home's own log has not the
    rows that are added there."""
    place, own = home.ledger_place, ledger_place(home.folder, None, home.config)
    if home.ledger_named is None or not isinstance(place, Path):
        return False
    return not isinstance(own, Path) or (own.exists() and own.resolve() != place.resolve())


def forget_head(home: Home) -> None:
    """Forget the noted head: the owner begins a new ledger. Raises Usage."""
    try:
        home.ledger_head_path.unlink(missing_ok=True)
    except OSError as error:
        raise Usage(f"cannot remove {home.ledger_head_path}: {error.strerror}", remedy="Check its rights.") from error
