"""What a database's file is: its kind, the errors of that kind, and the numbered steps that make its tables.

A new file takes all steps, an older one those it lacks: it goes on after an update. A step that was published never
changes, which its checksum holds it to; what changes is a step more. Each is written for any file of the number before,
in one transaction with it.
"""

from hashlib import sha256
from typing import NamedTuple

from .asked import Database
from .faults import Family


class Migration(NamedTuple):
    """A step to version `number`. checksum: SHA-256 over its statements, each followed by a zero byte, in hex."""

    number: int
    statements: tuple[str, ...]
    checksum: str

    def holds(self) -> bool:
        """Whether the statements are those that were published."""
        return sha256(b"".join(one.encode() + b"\0" for one in self.statements)).hexdigest() == self.checksum


class Kind(NamedTuple):
    """A kind of file. noun: "ledger". application: the number in its header. steps: oldest first. faults: its errors.
    whole: a query of one value, 1 where what another program may have cut off is all there. again: a remedy, what to
    do once more after older changes are gone. writes: what opens it to write, as a remedy. page: bytes of a new file's
    pages."""

    noun: str
    application: int
    steps: tuple[Migration, ...]
    faults: Family
    whole: str
    again: str
    writes: str
    page: int = 4096

    @property
    def version(self) -> int:
        """That of the last step."""
        return self.steps[-1].number

    def statements(self) -> tuple[str, ...]:
        """All that makes a new file. Raises an error of the kind."""
        return (f"PRAGMA application_id = {self.application}", *self._run(self.steps))

    def bring_up(self, database: Database, version: object) -> None:
        """Give a file of this version what it lacks.

        Raises `faults.foreign` where it is newer, or of a version before the first one published, or is open for
        reading only, and `faults.error`; then nothing was changed.
        """
        named = f"{database.name} is a {self.noun} of version {version!r}"
        if not isinstance(version, int) or not self.steps[0].number <= version < self.version:
            raise self.faults.foreign(f"{named}, not {self.version}")
        try:
            with database.writing():
                found = database.row("PRAGMA user_version") or (None,)
                done = found[0] if isinstance(found[0], int) else version  # another process may have been faster
                database.create(self._run(tuple(step for step in self.steps if step.number > done)))
        except self.faults.read_only as error:
            remedy = f"{self.writes}: a {self.noun} is brought up to date when it is opened to write."
            raise self.faults.foreign(f"{named}, not {self.version}", remedy=remedy) from error

    def _run(self, steps: tuple[Migration, ...]) -> tuple[str, ...]:
        for step in steps:
            if not step.holds():
                what = f"step {step.number} of the {self.noun}'s tables is not the one that was published"
                raise self.faults.error(what)
        numbers = (f"PRAGMA user_version = {step.number}" for step in steps[-1:])
        return (*(statement for step in steps for statement in step.statements), *numbers)
