"""An auditor's walk: a bundle and a root, and nothing else. It needs no home, no network and no device.

python walk_auditor.py BUNDLE ROOT.pem [ENTRIES]       a bundle of emulated boards

ENTRIES: what `sealwright ledger export` wrote. The bundle is looked at in a new folder, which is also HOME, so that
nothing but these files has a say.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from steps import Walk, expect

TRUST = ("--root", "root.pem", "--allow-test")


def main(bundle: Path, root: Path, entries: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        walk = Walk(Path(folder))
        shutil.copy(bundle, walk.folder / "day.bundle")
        shutil.copy(root, walk.folder / "root.pem")
        verdicts = look(walk)
        distrust(walk)
        damage(walk)
        if entries is not None:
            compare(walk, verdicts, entries)
        left = sorted(path.name for path in walk.folder.iterdir() if path.suffix not in (".bundle", ".pem"))
        expect(left == [], f"{left}, which `verify` left behind")
        walk.finish()


def look(walk: Walk) -> list[dict[str, Any]]:
    """The verdicts, one a message."""
    with walk.step("verify"):
        walk.run("verify", "day.bundle", *TRUST)
    with walk.step("see the verdict and the reason of every message"):
        lines = walk.run("verify", "day.bundle", *TRUST, "-v", show=False).splitlines()
        print(*lines[:8], "...", sep="\n")
    with walk.step("ask for the exit code alone"):
        expect(walk.run("verify", "day.bundle", *TRUST, "-q") == "", "text in spite of -q")
    with walk.step("hand the verdicts to a program"):
        said = [
            json.loads(line) for line in walk.run("verify", "day.bundle", *TRUST, "--json", show=False).splitlines()
        ]
        expect(all(one["ok"] and one["body"] for one in said) and len(lines) > len(said), said)
        print(f"{len(said)} verdicts, each with the body of its message")
    return said


def distrust(walk: Walk) -> None:
    """What does not suffice, and the exit code that says so."""
    with walk.step("without a root: exit code 2"):
        walk.run("verify", "day.bundle", code=2)
    with walk.step("without leave for test roots: exit code 1"):
        walk.run("verify", "day.bundle", "--root", "root.pem", code=1)
    with walk.step("demand keys that are better kept: exit code 1"):
        walk.run("verify", "day.bundle", *TRUST, "--custody", 1, code=1)


def damage(walk: Walk) -> None:
    """What somebody did to a bundle shows."""
    data = (walk.folder / "day.bundle").read_bytes()
    with walk.step("a bundle with one bit changed: exit code 1"):
        (walk.folder / "changed.bundle").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        walk.run("verify", "changed.bundle", *TRUST, code=1)
    with walk.step("a bundle that was cut: exit code 1"):
        (walk.folder / "cut.bundle").write_bytes(data[:-20])
        walk.run("verify", "cut.bundle", *TRUST, code=1)
    with walk.step("what is no bundle: exit code 1"):
        walk.run("verify", "root.pem", *TRUST, code=1)


def compare(walk: Walk, verdicts: list[dict[str, Any]], entries: Path) -> None:
    """Every payment in the ledger's export has its voucher in the bundle, and that voucher holds."""
    with walk.step("hold the ledger's entries against the bundle"):
        held = {one["digest"]: one["type"] for one in verdicts}
        moved = [json.loads(line) for line in entries.read_text().splitlines()]
        paid = {one["digest"] for one in moved if one["type"] == "voucher"}
        for digest in paid:
            expect(held.get(digest) == "voucher", digest)
        sums: dict[str, int] = {}
        for one in moved:
            sums[one["asset"]] = sums.get(one["asset"], 0) + int(one["amount"])
        expect(not any(sums.values()), sums)
        print(f"{len(moved)} entries, which add up to 0; of the {len(paid)} vouchers that paid, the bundle has each")


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit("usage: walk_auditor.py BUNDLE ROOT.pem [ENTRIES]")
    given = [Path(one).resolve() for one in sys.argv[1:]]
    missing = [str(path) for path in given if not path.is_file()]
    if missing:
        sys.exit(f"there is no file {missing[0]}")
    main(given[0], given[1], given[2] if len(given) == 3 else None)
