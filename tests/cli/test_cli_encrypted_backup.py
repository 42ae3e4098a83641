"""Encrypted backups: the passphrase opens them, nothing else does, and no piece of one can be changed, cut or moved.

And the fool's way to use a one-time key twice: to restore the update key of one backup two times.
"""

import io
import os
import shutil
import threading

import pytest
from sealwright import ciphered
from sealwright.bench.updates import HssKey
from sealwright.errors import BadKeyFile
from sealwright.home import PASSPHRASE, Home
from sealwright.safekeeping import back_up

from tests.cli.runner import Cli, gone_wrong
from tests.cli.test_cli_backup import entries, restored

SECRET = "correct horse"


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret.txt"
    file.touch(0o600)
    file.write_text(f"{SECRET}\nnot this line\n")
    return file


@pytest.fixture
def locked(homed, secret, tmp_path):
    """A home without a passphrase, and its encrypted backup."""
    homed.ok("ledger", "deposit", "a" * 64, "--asset", "nEUR", "--amount", "100000")
    (homed.home / "more.pem").write_bytes(os.urandom(100_000))
    file = tmp_path / "home.backup"
    assert homed.ok("home", "backup", file, "--passphrase-file", secret, "--json").last["encrypted"] is True
    return homed, file


def refuse(file, folder, code, number=2, *options):
    gone_wrong(Cli.here("home", "restore", file, "--home", folder, *options), number, code)
    assert not folder.exists() and not [one for one in os.listdir(folder.parent) if one.startswith(f".{folder.name}")]


def test_only_the_passphrase_opens_it(locked, secret, tmp_path, monkeypatch):
    cli, file = locked
    data = file.read_bytes()
    for text in (b"PRIVATE KEY", b"test net", b"SQLite", b"index.json"):
        assert text not in data
    refuse(file, tmp_path / "new", "passphrase_missing")
    wrong = tmp_path / "wrong.txt"
    wrong.touch(0o600)
    for text in ("Correct horse", "correct horse ", "not this line"):
        wrong.write_text(text)
        refuse(file, tmp_path / "new", "passphrase_wrong", 2, "--passphrase-file", wrong)
        monkeypatch.setenv(PASSPHRASE, text)
        refuse(file, tmp_path / "new", "passphrase_wrong")
        assert Cli.here("home", "restore", file, "--home", tmp_path / text, "--passphrase-file", secret).code == 0
    monkeypatch.setenv(PASSPHRASE, SECRET)
    new, ran = restored(file, tmp_path / "new")
    assert ran.last["encrypted"] is True
    monkeypatch.delenv(PASSPHRASE)  # its keys are as the home had them
    assert Home.open(new.home).key("owner").public == Home.open(cli.home).key("owner").public
    assert new.ok("ledger", "audit", "--allow-test", "--json").last["ok"]


def test_a_home_with_a_passphrase_has_encrypted_backups(tmp_path, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, SECRET)
    cli = Cli(tmp_path / "home")
    cli.ok("init")
    assert cli.ok("home", "backup", tmp_path / "b", "--json").last["encrypted"] is True
    # a slip in it makes no backup that nobody can open, and without it there is none that is not encrypted
    monkeypatch.delenv(PASSPHRASE)
    gone_wrong(cli("home", "backup", tmp_path / "c"), 2, "passphrase_missing")
    monkeypatch.setenv(PASSPHRASE, "correct hose")
    gone_wrong(cli("home", "backup", tmp_path / "c"), 2, "passphrase_wrong")
    assert not (tmp_path / "c").exists()
    monkeypatch.setenv(PASSPHRASE, SECRET)
    restored(tmp_path / "b", tmp_path / "new")


def test_a_backup_that_is_not_encrypted_is_not_taken_for_one_that_is(homed, secret, tmp_path):
    assert homed.ok("home", "backup", tmp_path / "b", "--json").last["encrypted"] is False
    assert b"BEGIN PRIVATE KEY" in (tmp_path / "b").read_bytes()
    refuse(tmp_path / "b", tmp_path / "new", "not_encrypted", 2, "--passphrase-file", secret)
    secret.chmod(0o644)
    gone_wrong(homed("home", "backup", tmp_path / "c", "--passphrase-file", secret), 2, "lax_mode")


def test_every_change_of_it_is_noticed(locked, secret, tmp_path):
    _, file = locked
    data, bad, folder = file.read_bytes(), tmp_path / "bad", tmp_path / "new"
    piece = 65536 + 16
    begin = len(ciphered.MAGIC) + 32
    assert len(data) > begin + 2 * piece, "three pieces at least"
    changed = {
        f"bit at {at}": data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (begin, 70000, len(data) - 1)
    }
    changed |= {f"cut at {at}": data[:at] for at in (begin + 5, begin + piece, begin + 2 * piece, len(data) - 1)}
    changed["moved"] = (
        data[:begin] + data[begin + piece : begin + 2 * piece] + data[begin : begin + piece] + data[begin + 2 * piece :]
    )
    changed["longer"] = data + b"\0"
    changed["without its last piece"] = data[: len(data) - (len(data) - begin) % piece]
    for name, content in changed.items():
        bad.write_bytes(content)
        ran = Cli.here("home", "restore", bad, "--home", folder, "--passphrase-file", secret)
        assert ran.code == 1 and "no whole backup" in ran.err and not folder.exists(), (name, ran)
    # salt and check: then no passphrase opens it
    bad.write_bytes(data[:30] + bytes([data[30] ^ 1]) + data[31:])
    refuse(bad, folder, "passphrase_wrong", 2, "--passphrase-file", secret)
    bad.write_bytes(data[: begin - 1])
    refuse(bad, folder, "bad_backup", 1, "--passphrase-file", secret)


def test_pieces_of_two_backups_do_not_mix(locked, secret, tmp_path):
    cli, file = locked
    again = tmp_path / "again"
    cli.ok("home", "backup", again, "--passphrase-file", secret)
    one, two = file.read_bytes(), again.read_bytes()
    at = len(ciphered.MAGIC) + 32 + 65536 + 16
    assert one[: at - 65552] != two[: at - 65552], "each has its own salt"
    file.write_bytes(one[:at] + two[at:])
    refuse(file, tmp_path / "new", "bad_backup", 1, "--passphrase-file", secret)


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 2 * 65536])
def test_what_was_written_is_read(size):
    content, out = os.urandom(size), io.BytesIO()
    writer = ciphered.Writer(out, b"secret")
    for at in range(0, size, 1000):
        writer.write(content[at : at + 1000])
    writer.finish()
    reader = ciphered.Reader(io.BytesIO(out.getvalue()), b"secret")
    found = b""
    while part := reader.read(777):
        found += part
    assert found == content
    # without its last piece, whatever its size, it is damaged
    cut = ciphered.Reader(io.BytesIO(out.getvalue()[: len(out.getvalue()) - size % 65536 - 16]), b"secret")
    with pytest.raises(ciphered.Damaged):
        while cut.read(65536):
            pass


def test_pieces_cannot_change_places():
    out, piece = io.BytesIO(), 65536 + 16
    writer = ciphered.Writer(out, b"secret")
    writer.write(bytes(3 * 65536))
    writer.finish()
    data = out.getvalue()
    at = [len(ciphered.MAGIC) + 32 + n * piece for n in range(4)]
    one, two, three = (data[begin : begin + piece] for begin in at[:3])
    assert len({one, two, three}) == 3, "the same bytes never look the same"
    for pieces in (two + one + three, one + three, one + two + two):
        reader = ciphered.Reader(io.BytesIO(data[: at[0]] + pieces + data[at[3] :]), b"secret")
        with pytest.raises(ciphered.Damaged):
            while reader.read(65536):
                pass


def test_a_library_makes_no_backup_by_a_passphrase_that_opens_no_key(tmp_path, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, SECRET)
    home = Home.init(tmp_path / "home", "net")
    monkeypatch.setenv(PASSPHRASE, "correct hose")
    with pytest.raises(BadKeyFile, match="does not open"):
        back_up(Home.open(home.folder), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_an_encrypted_backup_goes_through_pipes(locked, secret, tmp_path):
    cli, _ = locked
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    cli.ok("home", "backup", pipe, "--passphrase-file", secret)
    reader.join(120)
    writer = threading.Thread(target=lambda: pipe.write_bytes(read[0]), daemon=True)
    writer.start()
    restored(pipe, tmp_path / "new", "--passphrase-file", secret)
    writer.join(120)


def test_a_backup_gives_its_update_key_once(homed, tmp_path):
    homed.ok("firmware", "key")
    file = tmp_path / "b"
    homed.ok("home", "backup", file)
    gone_wrong(Cli.here("home", "restore", file, "--home", homed.home, "--update-key"), 2, "home_exists")
    first, _ = restored(file, tmp_path / "first", "--update-key")
    assert HssKey.find(first.home) is not None
    refuse(file, tmp_path / "second", "update_key_taken", 2, "--update-key")
    # without the key it still is a backup, also once the first home is gone
    shutil.rmtree(first.home)
    refuse(file, tmp_path / "second", "update_key_taken", 2, "--update-key")
    second, _ = restored(file, tmp_path / "second")
    assert HssKey.find(second.home) is None
    # a pipe cannot be marked
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()), daemon=True)
    writer.start()
    refuse(pipe, tmp_path / "third", "no_file", 2, "--update-key")
    writer.join(120)


def test_a_refused_restore_does_not_take_the_key(homed, tmp_path):
    homed.ok("firmware", "key")
    file = tmp_path / "b"
    homed.ok("home", "backup", file)
    refuse(file, tmp_path / "new", "no_such_row", 1, "--update-key", "--anchor", f"99:{'0' * 64}")
    new, _ = restored(file, tmp_path / "new", "--update-key")
    assert HssKey.find(new.home) is not None


def test_an_older_backup_beside_a_newer_home_shares_no_number(homed, tmp_path):
    """Two homes go on at a time, against the advice: each command has its own number, and the device takes them all."""
    homed.provisioned("car")
    file = tmp_path / "b"
    homed.ok("home", "backup", file)
    url = next(one["tcp"] for one in homed("devices", "--json").json if one.get("name") == "car" and "tcp" in one)
    numbers = []
    new, _ = restored(file, tmp_path / "new")
    for seconds, cli in ((600, homed), (500, new), (400, homed), (300, new), (200, homed)):
        cli.ok("owner", "interval", seconds, f"car@{url}")
        told = cli.ok("info", "--device", url, "--json").last
        assert told["interval"] == seconds
        numbers.append(told["command_seq"])
    assert numbers == sorted(set(numbers)), numbers
    assert entries(new.home)["car"].commands == numbers[3] and entries(homed.home)["car"].commands == numbers[4]
