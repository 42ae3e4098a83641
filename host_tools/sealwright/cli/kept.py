"""What `verify --state` remembers of devices' logs, and `verify --forks` writes."""

from collections.abc import Callable
from pathlib import Path

from ..files import write_output
from ..verify import Verdict
from ..verify.heads import Fork, Forks, Heads
from .session import Session


class Kept:
    """What `--state` remembers and `--forks` writes. keep: replaces the file of heads.

    Raises Usage for a damaged file of heads."""

    def __init__(self, state: Path | None, into: Path | None, keep: Callable[[bytes], None] | None) -> None:
        self._keep, self._into = keep, into
        self.heads = Heads.read(state.read_bytes()) if state is not None and state.exists() else Heads()
        self._forks = Forks(self.heads.messages())
        self._found: list[Fork] = []

    def note(self, verdict: Verdict) -> None:
        """Remember what a verdict shows."""
        if self._into is not None:
            fork = self._forks.note(verdict)
            self._found += [] if fork is None else [fork]
        self.heads.note(verdict)

    def write(self, session: Session, *, quiet: bool) -> None:
        """Replace the files, each whole or not at all."""
        if self._into is not None and self._found:
            write_output(self._into, b"".join(fork.bundle() for fork in self._found))
            if not quiet:
                session.say(f"{self._into} shows messages that contradict each other: {len(self._found)} times two.")
        if self._keep is not None:
            self._keep(self.heads.dump())
