"""Provisioning happens once, changes nothing the second time, and resumes wherever it was cut."""

import shutil
import time
from contextlib import suppress
from threading import Thread

import pytest
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.link import connect
from sealwright.link.labels import EVIDENCE, GRANT
from sealwright.operate import provisioning
from sealwright.targets import assets

from tests.cli.runner import ended, gone_wrong
from tests.cli.tap import Tap

NAME = "meter"
PROVISION = ("provision", "--name", NAME, "--device")


@pytest.fixture
def tapped():
    taps = []

    def tap(board, kind, hold):
        taps.append(Tap(board.url, kind, hold))
        return taps[-1]

    yield tap
    for one in taps:
        one.cut()


def register(cli):
    return {path.name: path.read_bytes() for path in (cli.home / "devices").iterdir()}


def state(cli, board):
    return cli("info", "--device", f"emulated:{board.name}", "--json").last["state"]


def finish(cli, board):
    """Provision again, as anyone would after an interruption; all must be whole then."""
    ran = cli.ok(*PROVISION, f"emulated:{board.name}", "--json").last
    info = cli("info", "--device", f"emulated:{board.name}", "--json").last
    (entry,) = Home.open(cli.home).registered()
    assert (info["state"], entry.state) == ("provisioned", "provisioned")
    assert info["device"] == entry.device == ran["device"] and entry.url == f"emulated:{board.name}"
    bundle = cli.home.parent / "c.bundle"
    bundle.unlink(missing_ok=True)
    cli.ok("collect", "--device", f"emulated:{board.name}", "--out", bundle)
    verdicts = cli("verify", bundle, "--allow-test", "--json")
    assert verdicts.code == 0 and verdicts.last["digest"] == entry.certificate
    return ran


def test_a_second_time_is_refused_and_changes_nothing(homed, tmp_path):
    board = homed.provisioned(NAME)
    flash, before = (board.folder / "flash.img").read_bytes(), register(homed)
    again = homed(*PROVISION, "emulated:meter")
    gone_wrong(again, 4, "already_provisioned", "already as meter", "nothing was changed")
    gone_wrong(homed(*PROVISION, "emulated:meter", "--dry-run"), 4, "already_provisioned", "already")
    other = homed("provision", "--device", "emulated:meter", "--name", "other")
    gone_wrong(other, 4, "already_provisioned", "already as meter")
    assert homed.here("init", "--home", tmp_path / "thief").code == 0
    theft = homed.here("provision", "--device", board.url, "--name", "mine", "--home", tmp_path / "thief")
    gone_wrong(theft, 4, "already_provisioned", "in another home")
    assert not list((tmp_path / "thief" / "devices").iterdir())
    assert (board.folder / "flash.img").read_bytes() == flash and register(homed) == before


def test_a_dry_run_changes_nothing(homed):
    board = homed.board(NAME)
    flash = (board.folder / "flash.img").read_bytes()
    result = homed.ok(*PROVISION, "emulated:meter", "--dry-run", "--json").last
    assert result["dry_run"] and "make a key" in result["plan"]
    assert state(homed, board) == "blank" and register(homed) == {}
    assert (board.folder / "flash.img").read_bytes() == flash


def test_names_are_unique(homed):
    homed.provisioned(NAME)
    homed.board("second")
    gone_wrong(homed(*PROVISION, "emulated:second"), 2, "name_taken", "another device is called meter")
    for name in ("", " ", "a" * 65, "two\nlines"):
        gone_wrong(homed("provision", "--device", "emulated:second", "--name", name), 2, "bad_name", "no name")
    homed.ok("devices", "forget", NAME, "--yes")
    homed.ok(*PROVISION, "emulated:second")
    gone_wrong(homed("devices", "forget", "nobody"), 2, "unknown_device", "nobody")
    states = sorted(one["state"] for one in homed("devices", "--all", "--json").json if one["kind"] == "registered")
    assert states == ["provisioned", "retired"]


@pytest.mark.parametrize(
    ("kind", "hold", "keyed", "entries", "resumed"),
    [
        (EVIDENCE, "request", "blank", 0, False),
        (EVIDENCE, "reply", "keyed", 0, False),
        (GRANT, "request", "keyed", 1, False),
        (GRANT, "reply", "provisioned", 1, True),
    ],
    ids=["before evidence", "after evidence", "between evidence and grant", "the grant's reply lost"],
)
def test_the_host_is_killed(homed, tapped, kind, hold, keyed, entries, resumed):
    board = homed.board(NAME)
    tap = tapped(board, kind, hold)
    process = homed.start(*PROVISION, tap.url)
    assert tap.reached.wait(120)
    process.kill()
    process.wait()
    assert state(homed, board) == keyed
    found = list(Home.open(homed.home).registered())
    assert [one.state for one in found] == ["pending"] * entries
    tap.cut()
    if resumed:
        other = homed("provision", "--device", "emulated:meter", "--name", "other")
        gone_wrong(other, 4, "already_provisioned", "already as meter")
        assert "--name meter" in other.err
        assert "note in the register" in homed.ok(*PROVISION, "emulated:meter", "--dry-run").out
    assert finish(homed, board)["resumed"] is resumed


@pytest.mark.parametrize(
    ("kind", "hold", "resumed"),
    [(EVIDENCE, "request", False), (EVIDENCE, "reply", False), (GRANT, "request", False), (GRANT, "reply", True)],
    ids=["before its key", "after its key", "before the grant", "after the grant"],
)
def test_the_board_is_killed(homed, tapped, kind, hold, resumed):
    board = homed.board(NAME)
    tap = tapped(board, kind, hold)
    process = homed.start(*PROVISION, tap.url)
    assert tap.reached.wait(120)
    board.kill()
    tap.cut()
    gone_wrong(ended(process), 3, "unreachable", tap.url)
    gone_wrong(homed(*PROVISION, "emulated:meter"), 3, "unreachable", "not running")
    board.start()
    assert finish(homed, board)["resumed"] is resumed


@pytest.mark.parametrize("kind", [EVIDENCE, GRANT], ids=["making the key", "taking the grant"])
def test_the_board_is_killed_in_the_middle(homed, tapped, kind):
    """At moments spread over the handling of a request: what a restart finds is whole, and provisioning goes on."""
    home = Home.open(homed.home)

    def provision_over(url, name):
        with suppress(Unreachable), connect(url) as client:  # the reply may also have been faster
            provisioning.provision(home, client, name)

    for number, delay_ms in enumerate((0, 2, 5, 10, 20, 45)):
        board = homed.board(f"meter-{number}")
        tap = tapped(board, kind, "request")
        host = Thread(target=provision_over, args=(tap.url, board.name))
        host.start()
        assert tap.reached.wait(120)
        tap.release()
        time.sleep(delay_ms / 1000)
        board.kill()
        host.join(120)
        board.start()
        assert state(homed, board) in ("blank", "keyed", "provisioned")
        again = homed("provision", "--device", f"emulated:{board.name}", "--name", board.name)
        assert again.code in (0, 4), again
        assert state(homed, board) == "provisioned"
        board.kill()
    assert {one.state for one in home.registered()} == {"provisioned"}
    assert len({one.device for one in home.registered()}) == 6


def test_a_register_that_cannot_be_written_stops_it_before_the_grant(homed):
    board = homed.board(NAME)
    ran = homed.process(*PROVISION, "emulated:meter", limit=64)
    gone_wrong(ran, 2, "usage", "cannot write the register")
    assert state(homed, board) == "keyed" and register(homed) == {}
    assert not finish(homed, board)["resumed"]


def test_a_wiped_device_does_not_start_over(homed):
    homed.provisioned(NAME)
    gone_wrong(homed("owner", "wipe", "--device", "emulated:meter"), 2, "not_confirmed", "cannot be undone")
    homed.ok("owner", "wipe", "--device", "emulated:meter", "--yes")
    gone_wrong(homed(*PROVISION, "emulated:meter"), 4, "device_wiped", "wiped")
    # its name is free for another
    homed.board("second")
    homed.ok(*PROVISION, "emulated:second")


def test_a_real_board_s_firmware_in_an_emulator_is_certified_for_tests_only(homed, tmp_path, monkeypatch):
    for folder in ("firmware", "boards"):
        shutil.copytree(assets.root() / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(assets, "root", lambda: tmp_path)
    for path in (tmp_path / "boards" / "unix").glob("board.*"):
        text = path.read_text().replace('"emulated-unix"', '"real"')
        path.write_text(text.replace('"emulated": true', '"emulated": false'))
    board = homed.board(NAME)
    home = Home.open(homed.home)
    homed.ok(*PROVISION, board.serial_url)
    with connect(board.url) as client:
        leaf = client.chain()[0].body
    assert leaf.model == "real" and leaf.network == home.network_id(test=True)
