"""What docs/LOSS.md says after a loss, line by line: each section in a world of its own, after its loss."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.home import Home
from sealwright.targets import assets

PAGE = "docs/LOSS.md"
WANTS_TEST = re.compile(r"^sealwright (settle|ledger audit|ledger withdraw)\b")
BEFORE = """
sealwright init --network grid
sealwright asset add nEUR --unit EUR --scale 9
sealwright emulate unix --name roof --sensor ina219 --detach
sealwright emulate unix --name car --detach
sealwright provision --device emulated:roof --name roof
echo '{"assets": {"nEUR": {"per_voucher": "0.00002 EUR", "per_day": "0.05 EUR"}}}' > policy.json
sealwright provision --device emulated:car --name car --policy policy.json
sealwright owner offer roof --price "0.36 EUR/kWh"
sealwright ledger deposit car --amount 1.50EUR
sealwright pay --payer car --payee roof --amount 0.00002EUR
sealwright collect --all --out day.bundle
sealwright settle day.bundle
umask 077; echo correct horse > secret.txt
"""
SINCE = """
sealwright pay --payer car --payee roof --amount 0.00002EUR
sealwright collect --all --out after.bundle
sealwright ledger deposit car --amount 0.25EUR
"""


def sections():
    """Heading -> its commands."""
    parts = (assets.root() / PAGE).read_text().split("\n## ")[1:]
    found = {part.split("\n")[0]: [line[4:] for line in part.splitlines() if line.startswith("    ")] for part in parts}
    return {heading: lines for heading, lines in found.items() if lines}


class World:
    """A folder that is its reader's home, with two boards, a trade and a backup; `run` is the reader's shell."""

    def __init__(self, folder):
        self.folder, self.home, self.gone = folder, folder / ".sealwright", folder / "gone"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALWRIGHT")}
        self._environment = {**kept, "HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}

    def run(self, line, code=0):
        """What a line prints. Emulated boards chain to a test root, and test.key is their issuer's; those of a home
        that is gone are still there."""
        command = f"{line} --allow-test" if WANTS_TEST.match(line) else line
        if "issuer.key" in line:
            command += " && " + line.replace("issuer.key", "test.key")
        where = {"cwd": self.folder, "env": self._environment}
        done = subprocess.run(
            ["bash", "-c", command], **where, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == code, (line, done.stdout, done.stderr)
        if line.startswith("sealwright home restore") and self.gone.exists():
            (self.home / "boards").rmdir()
            (self.home / "boards").symlink_to(self.gone / "boards")
        return done.stdout

    def json(self, line, code=0):
        return json.loads(self.run(f"{line} --json", code).splitlines()[-1])

    def held(self, device):
        """Its balance, in smallest units."""
        rows = [json.loads(line) for line in self.run("sealwright ledger balances --json").splitlines()]
        return next(int(row["amount"]) for row in rows if (row.get("name") or "").startswith(device))

    def lose_home(self):
        self.home.rename(self.gone)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    try:
        for line in BEFORE.strip().splitlines():
            made.run(line)
        for line in sections()["Before anything is lost"]:
            made.run(line)
        for line in SINCE.strip().splitlines():
            made.run(line)
        yield made
    finally:
        for home in (made.home, made.gone):
            for board in emulator.boards(Home(home, "")) if (home / "boards").exists() else ():
                board.kill()


def test_every_section_is_run():
    mine = Path(__file__).read_text()
    assert [heading for heading in sections() if f'follow(world, "{heading}")' not in mine] == [
        "Before anything is lost"
    ]


def follow(world, heading):
    return {line: world.run(line) for line in sections()[heading]}


def test_a_lost_device(world):
    world.run("sealwright emulate --stop car")
    follow(world, "A lost or stolen device")
    assert world.held("roof") >= 40_000, "both payments are in"
    rows = world.run("sealwright ledger balances")
    assert "retired" in rows
    # it comes back in a thief's hands: it is not taken back
    world.run("sealwright emulate car --detach")
    assert world.json("sealwright devices adopt emulated:car", 4)["ok"] is False


def test_a_key_that_somebody_may_have_read(world):
    printed = follow(world, "A device key that somebody may have read")
    assert "1 rotation" in printed["sealwright devices --verbose"]
    assert world.held("roof") >= 40_000
    assert world.json("sealwright info car")["rotations"] == 1


def test_a_lost_owner_key(world):
    (world.home / "owner.key").unlink()
    world.run("sealwright owner interval 50 car", 2)
    follow(world, "A lost owner key")
    assert world.json("sealwright info car")["interval"] == 60
    world.run("sealwright owner pause car", 4)  # it is the new home's
    world.run("sealwright ledger withdraw car --amount 1EUR", 1)
    world.run("sealwright settle after.bundle")


def test_a_lost_issuer_key(world):
    for name in ("issuer.key", "test.key"):
        (world.home / name).unlink()
    world.run("sealwright renew car", 2)
    follow(world, "A lost issuer key")
    world.run("sealwright doctor")


def test_a_stolen_laptop(world):
    world.lose_home()
    follow(world, "A stolen laptop")
    assert world.json("sealwright info emulated:car")["state"] == "wiped"
    assert world.held("roof") >= 40_000
    assert Home.open(world.folder / "grid2").network == "grid 2"


def test_a_restored_home(world):
    numbers = [world.json("sealwright info car")["command_seq"]]
    world.lose_home()
    follow(world, "A restored home")
    told = world.json("sealwright info car")
    assert told["interval"] == 60 and told["command_seq"] > numbers[0]
    assert world.held("roof") >= 40_000
    # the fool puts the old home back in use: the device takes no number twice
    world.run(f"sealwright owner interval 50 car --home {world.gone}")
    again = world.json("sealwright info car")
    assert again["interval"] == 50 and again["command_seq"] > told["command_seq"]
