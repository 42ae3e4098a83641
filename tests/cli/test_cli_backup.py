"""Copies of a ledger and of a home, and a home made of one: nothing that was signed since comes twice."""

import io
import json
import os
import sqlite3
import stat
import tarfile
import threading
import time
from dataclasses import replace

import pytest
from sealwright.bench.updates import HssKey
from sealwright.bench.updates.hss import ASIDE, LEAVES, verify
from sealwright.home import Home

from tests.cli.runner import LONG, Cli, gone_wrong


def entries(home):
    return {entry.name: entry for entry in Home.open(home).registered()}


@pytest.fixture
def kept(homed, tmp_path):
    """A home with a device and money, and its backup: (the command, the backup, the ledger's head then)."""
    homed.provisioned("car")
    homed.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "100000")
    file = tmp_path / "home.backup"
    return homed, file, homed.ok("home", "backup", file, "--json").last["head"]


def restored(file, folder, *options):
    ran = Cli.here("home", "restore", file, "--home", folder, "--json", *options)
    assert ran.code == 0, ran
    return Cli(folder), ran


def test_a_ledger_is_copied_while_it_is_written(homed, tmp_path):
    homed.provisioned("car")
    stop, heads = threading.Event(), []

    def settle():
        while not stop.is_set():
            homed.process("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "7")

    writer = threading.Thread(target=settle)
    writer.start()
    try:
        end = time.monotonic() + LONG
        while len(set(heads)) < 3 and time.monotonic() < end:
            ran = homed.process("ledger", "backup", tmp_path / f"{len(heads)}.db", "--json")
            assert ran.code == 0, ran
            heads.append(ran.last["head"])
    finally:
        stop.set()
        writer.join(120)
    assert len(set(heads)) > 2, "nothing was written meanwhile"
    assert stat.S_IMODE((tmp_path / "0.db").stat().st_mode) == 0o600
    # what was copied is a state that the ledger had, and can be audited as a ledger
    for n, head in enumerate(heads):
        ran = homed.ok("ledger", "audit", "--allow-test", "--anchor", head)
        other = tmp_path / f"home{n}"
        homed.ok("home", "backup", tmp_path / f"{n}.backup")
        copy, _ = restored(tmp_path / f"{n}.backup", other)
        (other / "ledger.db").write_bytes((tmp_path / f"{n}.db").read_bytes())
        (other / "ledger.head").write_text(head)
        ran = copy.ok("ledger", "audit", "--allow-test", "--json")
        assert ran.last["ok"] and ran.last["head"] == head
    assert [one for one in os.listdir(tmp_path) if one.startswith(".")] == []


def test_a_copy_of_a_damaged_ledger_is_no_backup(kept, tmp_path):
    cli = kept[0]
    good = tmp_path / "l.db"
    cli.ok("ledger", "backup", good)
    before = good.read_bytes()
    database = sqlite3.connect(cli.home / "ledger.db")
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET rootpage = 2 WHERE type = 'index'")
    database.commit()
    database.close()
    ran = cli("ledger", "backup", good)
    assert ran.code == 1 and "damaged" in ran.err, ran
    assert good.read_bytes() == before  # the older one is still there


@pytest.mark.parametrize("name", ["ledger.db", "owner.key", "home.json", "root.pem", "ledger.head"])
def test_nothing_is_written_over_a_file_of_a_home(kept, name):
    cli = kept[0]
    target = cli.home / name
    before = target.read_bytes()
    lines = (("ledger", "backup"), ("home", "backup"), ("ledger", "export", "--out"))
    for line in (*lines, ("collect", "--device", "emulated:car", "--out")):
        ran = cli(*line, target)
        assert ran.code == 2 and ("of a home" in ran.err or "itself" in ran.err), ran
    assert target.read_bytes() == before


def test_a_restored_home_goes_on(kept, tmp_path):
    cli, file, head = kept
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    used = entries(cli.home)["car"].commands
    # what the old home does after the backup
    for _ in range(3):
        cli.ok("owner", "pause", "--device", "emulated:car")
    late = cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1")
    assert late and entries(cli.home)["car"].commands == used + 3
    new, ran = restored(file, tmp_path / "new")
    assert ran.last["head"] == head and any("Settle again" in line for line in ran.last["todo"])
    assert stat.S_IMODE(new.home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in new.home.rglob("*") if one.is_file()} == {0o600}
    assert new.ok("ledger", "audit", "--allow-test", "--json").last["head"] == head
    number = entries(new.home)["car"].commands
    assert number >= int(time.time()) - 60 > used + 3
    # the device takes the restored home's commands, and no number comes twice
    url = next(one["tcp"] for one in cli("devices", "--json").json if one.get("name") == "car" and "tcp" in one)
    new.ok("owner", "resume", "--device", f"car@{url}")
    assert new.ok("info", "--device", url, "--json").last["command_seq"] == number + 1
    # a later head of the old ledger is missed
    newer = cli.ok("ledger", "audit", "--allow-test", "--json").last["head"]
    ran = Cli.here("home", "restore", file, "--home", tmp_path / "third", "--anchor", newer)
    assert ran.code == 1 and f"has no row {newer}" in ran.err and not (tmp_path / "third").exists()


def test_nothing_is_restored_over_anything(kept, tmp_path):
    cli, file, _ = kept
    before = sorted(
        (one, one.read_bytes()) for one in cli.home.rglob("*") if one.is_file() and "boards" not in one.parts
    )
    gone_wrong(Cli.here("home", "restore", file, "--home", cli.home), 2, "home_exists", "there already")
    after = sorted(
        (one, one.read_bytes()) for one in cli.home.rglob("*") if one.is_file() and "boards" not in one.parts
    )
    assert before == after
    (tmp_path / "empty").mkdir()
    restored(file, tmp_path / "empty")


def test_one_time_keys_never_come_twice(kept, tmp_path):
    cli = kept[0]
    cli.ok("firmware", "key")
    key = HssKey.find(cli.home)
    first, second = tmp_path / "1.backup", tmp_path / "2.backup"
    cli.ok("home", "backup", first)
    assert key.left == LEAVES - ASIDE
    digest = bytes(32)
    signatures = [key.sign(digest)]
    cli.ok("home", "backup", second)
    assert key.left == LEAVES - ASIDE - 1  # the same numbers are set aside again
    without, ran = restored(first, tmp_path / "without")
    assert HssKey.find(without.home) is None and any("--update-key" in line for line in ran.last["todo"])
    taken, ran = restored(second, tmp_path / "taken", "--update-key")
    again = HssKey.find(taken.home)
    assert again.left == ASIDE and again.public == key.public
    signatures.append(again.sign(digest))
    assert all(verify(key.public, digest, one) for one in signatures)
    numbers = {one[4:8] for one in signatures}  # the leaf's number comes after the level
    assert numbers == {(0).to_bytes(4, "big"), (LEAVES - ASIDE).to_bytes(4, "big")}
    # a backup of the restored home sets numbers aside of those it has
    taken.ok("home", "backup", tmp_path / "3.backup")
    assert again.left == ASIDE - 1 - (ASIDE - 1) // 2


def test_an_older_program_does_not_pass_over_what_was_set_aside(kept, tmp_path):
    cli = kept[0]
    cli.ok("firmware", "key")
    cli.ok("home", "backup", tmp_path / "b")
    assert json.loads((cli.home / "update.hss").read_text())["format"] == 2


def test_a_home_is_copied_while_its_register_is_written(kept, tmp_path):
    """Each file in a backup is of one moment, whoever writes it meanwhile."""
    cli = kept[0]
    home, stop = Home.open(cli.home), threading.Event()
    entry = entries(cli.home)["car"]

    def write():
        number = 10**6
        while not stop.is_set():
            number += 10 ** (number % 7)
            home.register(replace(entry, commands=number))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(10):
            cli.ok("home", "backup", tmp_path / f"{n}.backup")
    finally:
        stop.set()
        writer.join(120)


def test_a_backup_over_a_file_that_others_may_read_is_private(kept, tmp_path):
    for line in (("home", "backup"), ("ledger", "backup")):
        file = tmp_path / "open"
        file.write_bytes(b"old")
        file.chmod(0o666)
        kept[0].ok(*line, file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_emulated_boards_are_left_out(kept, tmp_path):
    with tarfile.open(kept[1]) as tar:
        names = tar.getnames()
    assert not any(name.startswith(("boards/", ".")) for name in names)
    assert {"home.json", "issuer.key", "owner.key", "ledger.db", "ledger.head", "root.pem"} <= set(names)


@pytest.mark.parametrize("where", ["elsewhere", "in the home", "default"])
def test_a_restored_home_has_a_ledger_of_its_own(kept, tmp_path, where):
    cli, _, head = kept
    place = {"elsewhere": tmp_path / "old.db", "in the home": cli.home / "data" / "l.db"}.get(where)
    config = 'device = "car"\n'
    if place is not None:
        place.parent.mkdir(exist_ok=True)
        (cli.home / "ledger.db").rename(place)
        config += f"ledger = {json.dumps(str(place))}\n"
    (cli.home / "config.toml").write_text(config)
    cli.ok("home", "backup", tmp_path / "b")
    new, ran = restored(tmp_path / "b", tmp_path / "new")
    assert any("config.toml.old" in line for line in ran.last["todo"]) == (place is not None)
    assert (new.home / ("config.toml" if place is None else "config.toml.old")).read_text() == config
    assert not (new.home / "data" / "l.db").exists()
    cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1")
    assert new.ok("ledger", "audit", "--allow-test", "--json").last["head"] == head


def test_a_backup_into_a_pipe(kept, tmp_path):
    cli, pipe, read = kept[0], tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    cli.ok("home", "backup", pipe)
    reader.join(120)
    (tmp_path / "b").write_bytes(read[0])
    restored(tmp_path / "b", tmp_path / "new")


def rewritten(file, change):
    """A backup whose members `change` has been through: (name, TarInfo, content) -> the same or None."""
    out = io.BytesIO()
    with tarfile.open(file) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old.getmembers():
            changed = change(member, old.extractfile(member).read())
            if changed is not None:
                member, content = changed
                if member.isreg():
                    member.size = len(content)
                new.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return out.getvalue()


def _renamed(member, content):
    if member.name == "home.json":
        member.name = "../home.json"
    return member, content


def _linked(member, content):
    if member.name == "root.pem":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member, content


def _escaping(member, content):
    if member.name == "index.json":
        return member, content.replace(b'"home.json"', b'"../home.json"')
    return _renamed(member, content)


CHANGES = {
    "changed": lambda member, content: (member, content.replace(b'"test net"', b'"best net"')),
    "cut": lambda member, content: None if member.name == "owner.key" else (member, content),
    "no index": lambda member, content: None if member.name == "index.json" else (member, content),
    "a name outside": _renamed,
    "a name outside, in the index too": _escaping,
    "a link": _linked,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_backup_that_was_changed_makes_no_home(kept, tmp_path, change):
    bad = tmp_path / "bad.backup"
    bad.write_bytes(rewritten(kept[1], change))
    gone_wrong(Cli.here("home", "restore", bad, "--home", tmp_path / "x" / "new"), 1, "bad_backup")
    assert list((tmp_path / "x").iterdir()) == [] and not (tmp_path / "home.json").exists()


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\0" * 4096, b"\x1f\x8b" + bytes(600)])
def test_what_is_no_backup(tmp_path, content):
    bad = tmp_path / "bad"
    bad.write_bytes(content)
    gone_wrong(Cli.here("home", "restore", bad, "--home", tmp_path / "new"), 1, "bad_backup")
    gone_wrong(Cli.here("home", "restore", tmp_path, "--home", tmp_path / "new"), 2, "usage")
    assert not (tmp_path / "new").exists()


def test_every_cut_of_a_backup_is_noticed(kept, tmp_path):
    data = kept[1].read_bytes()
    bad = tmp_path / "bad"
    for cut in range(0, len(data.rstrip(b"\0")), 4099):
        bad.write_bytes(data[:cut])
        assert Cli.here("home", "restore", bad, "--home", tmp_path / "new").code == 1
        assert not (tmp_path / "new").exists()


def test_where_a_backup_cannot_go(kept, tmp_path):
    cli = kept[0]
    gone_wrong(cli("home", "backup", cli.home / "b"), 2, "usage", "in the home itself")
    (cli.home / "more.pem").symlink_to(cli.home / "root.pem")
    gone_wrong(cli("home", "backup", tmp_path / "b"), 2, "usage", "is a link")
    assert [one for one in os.listdir(cli.home) if one.startswith(".backup")] == []
