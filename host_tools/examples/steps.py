"""What the walks share, no program of its own: commands under the heading of a step, with the seconds that it took.

A command of a walk is a process of its own, as in a shell; a walk ends at the first that does not exit as it should.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Walk:
    """Runs commands in `folder`, which is HOME for them. home: the home they use; None leaves them without one.

    seconds: step -> what it took. What the caller's SEALWRIGHT_HOME and SEALWRIGHT_DEVICE say does not count.
    """

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.folder = folder
        self.seconds: dict[str, float] = {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALWRIGHT_")}
        self._environment = {**kept, "HOME": str(folder)}
        if home is not None:
            self._environment["SEALWRIGHT_HOME"] = str(home)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A heading before, the seconds behind."""
        print(f"\n# {name}", flush=True)
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        print(f"[{self.seconds[name]:5.1f} s] {name}", flush=True)

    def run(self, *arguments: object, code: int = 0, show: bool = True) -> str:
        """What `sealwright ARGUMENTS` printed to standard output. Ends the walk unless its exit code is `code`."""
        words = [str(one) for one in arguments]
        print("$ sealwright", *(f'"{word}"' if " " in word else word for word in words), flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "sealwright", *words],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        wrong = done.returncode != code
        if show or wrong:
            print(done.stdout + done.stderr, end="", flush=True)
        if wrong:
            sys.exit(f"This walk ends here: exit code {done.returncode}, not {code}.")
        return done.stdout

    def finish(self) -> None:
        """The seconds of the whole walk, which went well."""
        print(f"\n[{sum(self.seconds.values()):5.1f} s] the whole walk, {len(self.seconds)} steps")


def expect(holds: bool, found: object) -> None:
    """Ends the program, with what was found, unless it is as it should be."""
    if not holds:
        sys.exit(f"This walk ends here, with {found}")


def new_folder(usage: str) -> Path:
    """The folder that the command line names, which is made. Ends the program where it is not one new folder."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(usage)
    folder = Path(sys.argv[1]).resolve()
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        sys.exit(f"cannot make {folder}: {error.strerror}\nName a folder that is not there yet.")
    return folder
