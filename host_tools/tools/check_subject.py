"""Check a commit's subject: `area: What changed.`, at most 72 characters. A commit-msg hook.

python host_tools/tools/check_subject.py FILE      the file with the message; exit code 1 where it is refused
"""

import re
import sys
from pathlib import Path
from typing import Final

LONGEST: Final = 72
_FORM: Final = re.compile(r"[a-z0-9_./, -]+: \S.*[^. ]\.")
_BY_GIT: Final = ("Merge ", "Revert ", "fixup! ", "squash! ")


def fault(message: str) -> str | None:
    """What is wrong with the subject of a commit's message; None where nothing is."""
    lines = [line for line in message.splitlines() if not line.startswith("#")]
    subject = lines[0] if lines else ""
    if subject.startswith(_BY_GIT):
        return None
    if len(subject) > LONGEST:
        return f"the subject has {len(subject)} characters; {LONGEST} is the most: {subject}"
    if not _FORM.fullmatch(subject):
        return f"write the subject as `area: What changed.`: {subject}"
    if len(lines) > 1 and lines[1]:
        return "leave a line empty after the subject"
    return None


def main() -> int:
    """Check the message in the file that the command line names; the exit code."""
    found = fault(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if found:
        print(found, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
