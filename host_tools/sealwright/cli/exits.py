"""The exit codes of every command, in one place: README's table and `sealwright --help` say the same."""

from typing import Final

DONE: Final = 0
REJECTED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
REFUSED: Final = 4
MISTAKE: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

MEANINGS: Final = {
    DONE: "done",
    REJECTED: "something was rejected",
    USAGE: "usage",
    UNREACHABLE: "unreachable",
    REFUSED: "refused by a device's state or policy",
    MISTAKE: "an error of Sealwright itself",
    INTERRUPTED: "interrupted before it was done",
    PIPE_CLOSED: "the reader of standard output has gone",
}


def epilog() -> str:
    """The codes for the end of `--help`, one a line."""
    lines = "\n".join(f"  {code:<4} {meaning}" for code, meaning in MEANINGS.items())
    return f"\b\nExit codes:\n{lines}"
