"""Every file that a user names for writing: a device or a FIFO is written in place, a link, a folder and a disk are
refused, a plain file is replaced whole, and two commands never write one file."""

import os
import stat
import subprocess
import sys
import threading

import pytest
from sealwright import files
from sealwright.errors import Usage
from sealwright.wire.certificates import to_pem
from sealwright.wire.keys import PrivateKey

from tests.cli.runner import ended, gone_wrong, interrupted, wait_until
from tests.host_tools.factory import NOW, Network

NET = Network()


@pytest.fixture(scope="module")
def traded_twice(tmp_path_factory):
    """A bundle with a contradiction, for `verify --forks`: two readings of one number."""
    path = tmp_path_factory.mktemp("fork") / "fork.bundle"
    device, again = NET.device(), NET.device()
    path.write_bytes(b"".join(one.raw for one in (device.certificate, device.reading(1), again.reading(2))))
    return path


@pytest.fixture
def root_pem(tmp_path):
    path = tmp_path / "root.pem"
    path.write_bytes(to_pem(NET.root))
    return path


# each writes a file that its last argument names
LINES = [
    ("ledger", "export", "--out"),
    ("collect", "--device", "emulated:station", "--out"),
    ("label", "station", "--out"),
    ("firmware", "pack", "--board", "unix", "--version", "7"),
]


@pytest.fixture
def node(tmp_path):
    """A device node of /dev/full, as root can make it, so that a broken version cannot harm the machine's own."""
    path = tmp_path / "full"
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        path.open("wb").close()
    except OSError:
        pytest.skip("nobody may make a device node here")
    return path


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_device_is_written_in_place(fleet, node, line):
    ran = fleet(*line, node)
    assert ran.code == 2 and "No space left" in ran.err, ran
    assert stat.S_ISCHR(node.lstat().st_mode) and os.listdir(node.parent) == [node.name]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_fifo_is_written_in_place(fleet, tmp_path, line):
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()), daemon=True)
    reader.start()
    assert fleet(*line, path).code == 0
    reader.join(120)
    assert len(read[0]) > 100 and stat.S_ISFIFO(path.lstat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_link_is_refused(fleet, tmp_path, line):
    target, link, dangling = tmp_path / "target", tmp_path / "link", tmp_path / "dangling"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "nowhere")
    for one in (link, dangling, tmp_path):
        gone_wrong(fleet(*line, one), 2, "no_file", str(one))
    assert target.read_bytes() == b"precious" and link.is_symlink() and not (tmp_path / "nowhere").exists()
    assert sorted(os.listdir(tmp_path)) == ["dangling", "link", "target"]


def test_verify_refuses_links_for_what_it_keeps_and_proves(cli, tmp_path, traded_twice, root_pem):
    link = tmp_path / "link"
    link.symlink_to(traded_twice)
    before = traded_twice.read_bytes()
    for option in ("--state", "--forks"):
        ran = cli.here("verify", traded_twice, "--root", root_pem, "--at", NOW, option, link)
        assert ran.code == 2 and "is a link" in ran.err, ran
    gone_wrong(
        cli.here("verify", traded_twice, "--root", root_pem, "--at", NOW, "--state", "/dev/null"),
        2,
        "no_file",
        "keeps nothing",
    )
    assert traded_twice.read_bytes() == before


def test_a_state_and_a_proof_are_written_whole(cli, tmp_path, traded_twice, root_pem):
    state, proof = tmp_path / "heads.json", tmp_path / "proof.bundle"
    proof.write_bytes(b"old")
    proof.chmod(0o640)
    ran = cli.here("verify", traded_twice, "--root", root_pem, "--at", NOW, "--state", state, "--forks", proof)
    assert ran.code == 1 and state.exists() and len(proof.read_bytes()) > 100, ran
    assert stat.S_IMODE(proof.stat().st_mode) == 0o640  # a file keeps its mode


def test_two_commands_never_write_one_file(fleet, tmp_path):
    bundle = tmp_path / "day.bundle"
    first = fleet.start("collect", "--device", "emulated:station", "--out", bundle, "--follow", "--every", "0.1")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 500)
    for line in LINES:
        gone_wrong(fleet(*line, bundle), 2, "file_in_use", "by another command")
    interrupted(first)
    left = set(os.listdir(tmp_path)) - {".day.bundle.index"}  # which a long bundle has
    assert left == {"day.bundle"}, "no lock is left"
    before = bundle.read_bytes()
    assert fleet("collect", "--device", "emulated:station", "--out", bundle).code == 0
    assert bundle.read_bytes().startswith(before) and fleet("verify", bundle, "--allow-test").code == 0


def test_a_killed_writer_leaves_no_lock_that_holds(fleet, tmp_path):
    bundle = tmp_path / "day.bundle"
    first = fleet.start("collect", "--device", "emulated:station", "--out", bundle, "--follow", "--every", "0.1")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 500)
    first.kill()
    first.wait()
    assert fleet("ledger", "export", "--out", bundle).code == 0


def test_a_file_that_is_kept_is_held_from_reading_to_writing(tmp_path):
    """Eight programs add one each to a number in a file: none is lost, anyone who is refused tries again."""
    path = tmp_path / "n"
    path.write_bytes(b"0")
    code = """
import sys, time
from pathlib import Path
from sealwright import files
from sealwright.errors import Usage
path, left = Path(sys.argv[1]), 25
while left:
    try:
        with files.held(path) as replace:
            number = int(path.read_bytes())
            time.sleep(0.0005)
            replace(b"%d" % (number + 1))
            left -= 1
    except Usage as error:
        assert error.code == "file_in_use", error
        time.sleep(0.0005)
"""
    running = [subprocess.Popen([sys.executable, "-c", code, path]) for _ in range(4)]
    assert [one.wait(120) for one in running] == [0] * 4
    assert path.read_bytes() == b"100" and os.listdir(tmp_path) == ["n"]


def test_a_draft_is_not_written_through_a_link_laid_for_it(tmp_path, monkeypatch):
    """In a shared folder another user may know the draft's name."""
    victim, path = tmp_path / "victim", tmp_path / "out"
    victim.write_bytes(b"precious")
    monkeypatch.setattr(os, "urandom", bytes)
    (tmp_path / f".out.{os.getpid()}-00000000").symlink_to(victim)
    with pytest.raises(Usage, match="cannot write"):
        files.write_output(path, b"x")
    assert victim.read_bytes() == b"precious"


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"precious")
    path.chmod(0o444)
    if os.access(path, os.W_OK):
        pytest.skip("root may write everything")
    with pytest.raises(Usage, match="Permission denied"):
        files.write_output(path, b"x")
    assert path.read_bytes() == b"precious"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"precious")

    def fail():
        with files.output(path) as file:
            file.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(Usage, match="No space left"):
        fail()
    assert path.read_bytes() == b"precious" and os.listdir(tmp_path) == ["out"]


def test_a_private_output_is_its_owners_alone(tmp_path):
    files.write_output(tmp_path / "k", PrivateKey.generate().pem(), private=True)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


def test_commands_to_one_device_wait_for_each_other(fleet):
    """Each has a number of its own, and none comes after a higher one."""
    before = fleet("info", "--device", "emulated:charger", "--json").last["command_seq"]
    running = [fleet.start("owner", "resume", "--device", "emulated:charger") for _ in range(6)]
    assert [ended(one, seconds=120).code for one in running] == [0] * 6
    assert fleet("info", "--device", "emulated:charger", "--json").last["command_seq"] == before + 6
