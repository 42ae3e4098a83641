"""The home's ledger, opened with its identity, and its head, which is kept beside it in `ledger.head`: a log that was
cut off or replaced is refused.

A hash chain cannot show that its last rows are gone. Each command that adds rows notes the new head, and each command
that opens the ledger looks for the noted row first. It finds an older copy of ledger.db, not one of the whole home.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .clock import longest_pause
from .errors import SealwrightError, Usage
from .files import write_whole
from .home import Home
from .home.config import ledger_place
from .ledger import Head, Ledger, LedgerError, LedgerFile, LedgerIdentity, NotALedger

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
    if is_aside(home) or head == noted_head(home):
        return
    try:
        write_whole(path, f"{head}\n".encode())
    except OSError as error:
        why = f"cannot write {path}: {error.strerror}; what was settled stays settled"
        raise Usage(why, remedy="Free some space, and run it again.") from error


def is_aside(home: Home) -> bool:
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


@contextmanager
def open_ledger(home: Home, *, allow_test: bool = False, check: bool = True) -> Iterator[Ledger]:
    """The home's ledger, checked against the head that the home noted; at the end a new head is noted.

    check: False to examine a log whatever the home noted. Raises LogCutOff, and Usage where the ledger is missing: a
    new one in its place would forget what was paid.
    """
    place = home.ledger_place
    if isinstance(place, Path) and not place.exists():  # on a server, `head` says so
        raise Usage(
            f"the ledger {place} is missing",
            remedy=f"Put it back from a copy; to begin anew, run `sealwright init --home {home.folder}`.",
            code="ledger_missing",
        )
    with known_ledger(home, allow_test=allow_test) as ledger:
        if not check:
            yield ledger
            return
        try:
            ledger.head()
        except NotALedger:
            ledger.bring_up()  # one of an older version; raises again for what is none
        check_head(home, ledger)
        before = ledger.head()
        try:
            yield ledger
        except BaseException:
            with suppress(SealwrightError):  # the first error tells more
                _note_news(home, ledger, before)
            raise
        _note_news(home, ledger, before)


def _note_news(home: Home, ledger: Ledger, before: Head) -> None:
    if ledger.head() != before:  # readers write nothing
        note_head(home, ledger)


def has_ledger(home: Home) -> bool:
    """Whether there is something where the home's ledger should be. Raises LedgerError for a server that is away."""
    with LedgerFile(home.ledger_place) as ledger:
        return ledger.exists()


def known_ledger(home: Home, *, allow_test: bool = False) -> Ledger:
    """The home's ledger with its identity, unchecked."""
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    owners = [home.key("owner").public]
    pause = longest_pause()
    return Ledger(
        home.ledger_place, home.roots(), owners, identity=identity, allow_test=allow_test, longest_pause=pause
    )
