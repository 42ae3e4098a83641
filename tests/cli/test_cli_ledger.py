"""The ledger from the command line: locked, damaged, missing and full files, deposits, exports, audits."""

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sealwright.bookkeeping import open_ledger
from sealwright.home import Home
from sealwright.operate import owner

from tests.cli.runner import FULL, Cli, gone_wrong

NEUR = ("--asset", "nEUR", "--amount", "1")
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def books(fleet, traded, tmp_path):
    """The fleet's home without its boards, the charger funded, and nothing settled yet; `.bundle` is to be settled."""
    home = tmp_path / "books"
    shutil.copytree(fleet.home, home, ignore=shutil.ignore_patterns("boards", "ledger.db*"))
    cli = Cli(home)
    cli.ok("init")  # finishes what is missing: the ledger
    cli.bundle = traded
    cli.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "100000")
    return cli


def settle(cli):
    return cli("settle", cli.bundle, "--allow-test", "--json")


def balances(cli):
    return {one["name"]: int(one["amount"]) for one in cli.ok("ledger", "balances", "--json").json if one["name"]}


def test_settling_twice_pays_once(books):
    first = settle(books)
    assert first.code == 0 and {one["code"] for one in first.json[:-1]} <= {"ok", "already_settled"}
    assert balances(books) == {"charger": 99400, "solar": 600}
    again = settle(books)
    assert again.code == 0 and {one["code"] for one in again.json[:-1]} >= {"already_settled"}
    assert balances(books) == {"charger": 99400, "solar": 600}
    assert books.ok("ledger", "audit", "--allow-test", "--json").last["ok"]


def test_settling_shows_the_sum_and_every_message_only_when_asked(books):
    few = books.ok("settle", books.bundle, "--allow-test")
    assert not [line for line in few.out.splitlines() if " voucher " in line] and "messages hold" in few.out
    many = books.ok("settle", books.bundle, "--allow-test", "-v")
    assert [line for line in many.out.splitlines() if " already_settled " in line and " voucher " in line]


def test_without_leave_nothing_of_emulated_boards_settles(books):
    ran = books("settle", books.bundle)
    assert ran.code == 1 and "--allow-test" in ran.out and "test_root" in ran.out
    assert balances(books) == {"charger": 100000}


def test_deposits(books):
    device = books("devices", "--json").json[-1]
    result = books.ok("ledger", "deposit", device["device"], "--asset", "nEUR", "--amount", "7", "--json").last
    assert result["ok"] and result["balance"] == "7" and result["device"] == device["device"]
    deposit = ("ledger", "deposit")
    gone_wrong(books(*deposit, "nobody", "--asset", "x", "--amount", "1"), 2, "unknown_device", "nobody")
    gone_wrong(books(*deposit, "z" * 64, "--asset", "x", "--amount", "1"), 2, "unknown_device", "zzzz")
    gone_wrong(books(*deposit, "did:key:zzz", "--asset", "x", "--amount", "1"), 2, "unknown_device", "did:key")
    gone_wrong(books(*deposit, "solar", "--asset", "nEUR", "--amount", "-1"), 2, "bad_amount", "below zero")
    most = books(*deposit, "solar", "--asset", "nEUR", "--amount", 2**63 - 1, "--json")
    assert (most.code, most.last["code"]) == (1, "over_supply")


def test_exports(books, tmp_path):
    settle(books)
    lines = books.ok("ledger", "export").json
    assert books.ok("ledger", "export", "--json").json == lines and sum(int(one["amount"]) for one in lines) == 0
    rows = list(csv.DictReader(io.StringIO(books.ok("ledger", "export", "--format", "csv").out)))
    assert [row["amount"] for row in rows] == [one["amount"] for one in lines]
    file = tmp_path / "entries.csv"
    result = books.ok("ledger", "export", "--format", "csv", "--out", file, "--json").last
    assert result["entries"] == len(lines) and len(file.read_text().splitlines()) == len(lines) + 1
    result = books("ledger", "export", "--json", "--format", "csv")
    assert result.code == 2 and result.last["code"] == "usage"


def test_an_export_to_a_full_disk_keeps_what_was_there(books, tmp_path):
    home = Home.open(books.home)
    (device, *_) = home.names()
    deposits = [owner.deposit(home, device, "nEUR", 1).raw for _ in range(120)]
    with open_ledger(home) as ledger:
        assert all(verdict.ok for verdict in ledger.settle(deposits))
    file = tmp_path / "entries.json"
    file.write_text("as it was")
    # more than SQLite needs to read, less than 240 entries take
    gone_wrong(books.process("ledger", "export", "--out", file, limit=33_000), 2, "usage", "cannot write", "entries")
    assert file.read_text() == "as it was" and list(tmp_path.glob(".entries*")) == []
    assert len(books.ok("ledger", "export", "--out", file, "--json").json) == 1
    assert len(file.read_text().splitlines()) == 242


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_an_export_into_a_full_pipe_is_told(books):
    with FULL.open("wb") as full:
        ran = books.process("ledger", "export", stdout=full)
    assert ran.code == 2 and "No space left" in ran.err


def test_an_anchor_finds_a_log_that_was_replaced(books):
    old = books.home / "old.db"
    shutil.copy(books.home / "ledger.db", old)
    settle(books)
    head = books.ok("ledger", "audit", "--allow-test", "--json").last["head"]
    assert books("ledger", "audit", "--allow-test", "--anchor", head).code == 0
    for file in books.home.glob("ledger.db-*"):
        file.unlink()
    shutil.copy(old, books.home / "ledger.db")
    ran = books("ledger", "audit", "--allow-test", "--json")  # against the head that the home noted
    assert ran.code == 1 and "finding" in ran.json[0]
    (books.home / "ledger.head").unlink()
    assert books("ledger", "audit", "--allow-test").code == 0  # a sound log, as far as it goes
    ran = books("ledger", "audit", "--allow-test", "--anchor", head, "--json")
    assert ran.code == 1 and not ran.last["ok"] and "finding" in ran.json[0]
    for wrong in ("x", "1", "1:zz", f"-1:{'a' * 64}"):
        gone_wrong(books("ledger", "audit", "--anchor", wrong), 2, "usage", "NUMBER:HASH")


def deposited(cli, amount):
    return cli("ledger", "deposit", "a" * 64, "--asset", "nEUR", "--amount", amount)


def changed(path, sql):
    """Run `sql` on a ledger whose log is no longer append-only."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)


def replaced(home, path):
    for file in home.glob("ledger.db-*"):
        file.unlink()
    shutil.copy(path, home / "ledger.db")


def test_a_log_without_the_row_noted_last_is_refused(homed, tmp_path):
    path, head = homed.home / "ledger.db", homed.home / "ledger.head"
    assert not head.exists() and deposited(homed, 1).code == 0
    assert head.read_text() == homed.ok("ledger", "audit", "--json").last["head"] + "\n"
    assert deposited(homed, 2).code == 0
    newer = tmp_path / "newer.db"
    shutil.copy(path, newer)
    noted = head.read_text()
    last = int(noted.partition(":")[0])
    changed(path, f"DELETE FROM log WHERE n = {last}")
    for line in (("ledger", "balances"), ("ledger", "channels"), ("ledger", "deposit", "a" * 64, *NEUR)):
        gone_wrong(homed(*line), 4, "log_cut_off", f"ends before row {last}")
    assert head.read_text() == noted and "ledger.head" in homed("ledger", "balances").err
    replaced(homed.home, newer)
    assert homed("ledger", "balances").code == 0
    changed(path, f"UPDATE log SET hash = zeroblob(32) WHERE n = {last}")
    gone_wrong(homed("ledger", "balances"), 4, "log_cut_off", f"has another row {last}")


def test_a_ledger_begun_anew_has_no_old_head(homed):
    assert deposited(homed, 1).code == 0
    for file in homed.home.glob("ledger.db*"):
        file.unlink()
    gone_wrong(homed("ledger", "balances"), 2, "ledger_missing")
    homed.ok("init")
    assert deposited(homed, 2).code == 0 and homed("ledger", "balances").code == 0


def test_a_damaged_head_is_refused(homed):
    deposited(homed, 1)
    for content in (b"", b"x", b"\xff", b"1:zz"):
        (homed.home / "ledger.head").write_bytes(content)
        gone_wrong(homed("ledger", "balances"), 2, "home_damaged", "ledger.head")


def test_audit_without_leave_says_why(books):
    settle(books)
    ran = books("ledger", "audit")
    assert ran.code == 1 and "test_root" in ran.out and "Then audit it so too." in ran.out


def test_locked_by_another_process(books):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(books.home / "ledger.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        ran = books.process("settle", books.bundle, "--allow-test")
        gone_wrong(ran, 4, "ledger_busy", "locked by another process")
        assert balances(books) == {"charger": 100000}  # readers do not wait
    finally:
        holder.communicate()
    assert settle(books).code == 0 and balances(books)["solar"] == 600


def test_missing_and_foreign_files(books):
    path = books.home / "ledger.db"
    good = path.read_bytes()
    path.unlink()
    for line in (("settle", books.bundle), ("ledger", "balances"), ("ledger", "audit")):
        gone_wrong(books(*line), 2, "ledger_missing", "ledger.db is missing")
    assert not path.exists()  # no new one in its place
    for content in (b"", b"not a database at all, just text" * 100):
        path.write_bytes(content)
        gone_wrong(books("ledger", "balances"), 2, "not_a_ledger", "ledger.db")
        gone_wrong(books("settle", books.bundle), 2, "not_a_ledger", "ledger.db")
        assert path.read_bytes() == content
    path.unlink()
    path.mkdir()
    gone_wrong(books("ledger", "balances"), 2, "not_a_ledger", "directory")
    path.rmdir()
    path.write_bytes(good)
    assert balances(books) == {"charger": 100000}


def test_a_damaged_file_is_told_and_left_as_it_is(books):
    settle(books)
    path = books.home / "ledger.db"
    sound = path.read_bytes()
    for offset in range(4096, len(sound), 4096):
        broken = sound[:offset] + b"\xa5" * 4096 + sound[offset + 4096 :]
        path.write_bytes(broken)
        ran = books("ledger", "audit", "--allow-test", "--json")
        assert ran.code == 1, (offset, ran)
        result = ran.last
        assert result["ok"] is False and (result.get("code") == "ledger_damaged" or result["findings"] > 0), (
            offset,
            ran,
        )
        assert path.read_bytes() == broken
    path.write_bytes(sound)
    assert books.ok("ledger", "audit", "--allow-test")


def test_a_full_disk_settles_nothing_by_half(books):
    ran = books.process("settle", books.bundle, "--allow-test", limit=33_000)
    assert ran.code == 4 and "error: " in ran.err and "cannot be written further" in ran.err, ran
    assert balances(books) == {"charger": 100000}
    assert settle(books).code == 0 and balances(books) == {"charger": 99400, "solar": 600}
    assert books.ok("ledger", "audit", "--allow-test", "--json").last["ok"]


def test_a_full_disk_at_init_is_finished_later(cli):
    for limit in (10, 300, 2000):
        ran = cli.process("init", limit=limit)
        assert ran.code in (2, 4) and "error: " in ran.err and "remedy: " in ran.err, ran
    made = cli.ok("init", "--json").last
    assert json.loads((cli.home / "home.json").read_text())["network"] == made["network"] == "home"
    gone_wrong(cli("init"), 2, "home_exists", "a home already")
    assert cli("ledger", "audit", "--json").last["ok"]
