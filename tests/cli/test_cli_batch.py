"""Trays of boards: made ready side by side, once, and report of in a ledger that shows every change."""

import os
import signal
import time

import pytest
from sealwright import emulator, files
from sealwright.bench import factory
from sealwright.bench.factory import job
from sealwright.home import DONE, Home
from sealwright.targets import kinds

from tests.cli.runner import gone_wrong
from tests.host_tools.bench.deploying.bench import write_bench
from tests.host_tools.bench.deploying.wires import PromptBoard

LEDGER = ("ledger", "factory", "--allow-test")


def tray(homed, *names, more=""):
    """A CSV file for emulated boards of these names, which are on the bench already."""
    path = homed.home.parent / "tray.csv"
    lines = [f"{name},emulated:{name},," for name in names]
    path.write_text("\n".join(["name,device,board,policy", *lines, more]))
    return path


def states(homed):
    return {entry.name: entry.state for entry in Home.open(homed.home).registered()}


def test_a_tray_is_made_once(homed):
    for name in ("one", "two", "three"):
        homed.board(name)
    (homed.home.parent / "policy.json").write_text('{"assets": {"nEUR": {"per_voucher": 7, "per_day": 70}}}')
    path = tray(homed, "one", "two", more="three,emulated:three,,policy.json\n")
    ran = homed.ok("batch", "--boards", path, "--by", "bench 2", "--json")
    assert {one["name"]: one["state"] for one in ran.json[:-1]} == dict.fromkeys(("one", "two", "three"), "made")
    assert all(one["steps"] == ["tested", "provisioned"] for one in ran.json[:-1])
    assert ran.last == {"ok": True, "boards": 3, "ready": 3, "failed": []}
    assert states(homed) == dict.fromkeys(("one", "two", "three"), DONE)
    report = homed.ok("info", "--device", "emulated:three", "--json").last
    assert report["policy"]["assets"] == {"nEUR": {"per_voucher": "7", "per_day": "70"}}
    # the ledger: numbered from 0, each device once, with all that the issue of it asks for
    ledger = homed.ok(*LEDGER, "--json").json
    assert [one["seq"] for one in ledger[:-1]] == [0, 1, 2]
    assert {one["name"]: one["device"] for one in ledger[:-1]} == {one["name"]: one["device"] for one in ran.json[:-1]}
    assert all(one["maker"] == "bench 2" and one["selftest"]["curve"] is True for one in ledger[:-1])
    assert {(one["model"], one["custody"], one["firmware"]) for one in ledger[:-1]} == {("emulated-unix", 0, "0.1.0")}
    assert ledger[-1]["ok"] and ledger[-1]["records"] == 3 and ledger[-1]["head"].startswith("2:")
    assert "3 records of emulated boards: --allow-test shows them" in homed.ok("ledger", "factory").out
    assert "emulated boards" not in homed.ok(*LEDGER).out
    # again: nothing is left to do, and nothing is done
    before = ledger_file(homed).read_bytes()
    again = homed.ok("batch", "--boards", path, "--json")
    assert {one["state"] for one in again.json[:-1]} == {"already made"} and ledger_file(homed).read_bytes() == before
    # the file is a bundle that anyone can check
    root = homed.home / "test-root.pem"
    ran = homed.ok("verify", ledger_file(homed), "--root", root, "--allow-test", "--json")
    assert [one["type"] for one in ran.json if one.get("type")] == ["factory-record"] * 3


def ledger_file(homed):
    return factory.ledger_path(Home.open(homed.home), test=True)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("name,device,board\na,emulated:a,\na,emulated:b,\n", "name_twice", "two boards of"),
        ("name,device,board\nCafé,emulated:a,\ncafe\u0301,emulated:b,\n", "name_twice", "two boards of"),
        ("name,device,board\na,/dev/x,\nb,serial:/dev/x,\n", "device_twice", "have the device serial:/dev/x"),
        ("name,device,board\na,emulated:a,\nb,emulated:a,\n", "device_twice", "have the device emulated:a"),
        ("name,device,board\na,emulated:a,toaster\n", "unknown_board", "line 2 of"),
        ("name,device,board\na,emulated:a,pico_w\n", "unknown_board", "no emulated board 'pico_w'"),
        ("name,device,board\na,serial:/dev/ttyACM0,unix\n", "unknown_board", "line 2 of"),
        ("name,device,board,policy\na,emulated:a,,missing.json\n", "usage", "cannot read the policy"),
        ("name,device,board\n,emulated:a,\n", "bad_tray", "line 2 of"),
        ("name,device,board\na,emulated:a,,,,\n", "bad_tray", "line 2 of"),
        ("name,device,board\n\x1b[2J,emulated:a,\n", "bad_name", "no name for a device"),
        ("device,board\nemulated:a,\n", "bad_tray", "begins with device,board"),
        ("name,device,board,colour\na,emulated:a,,red\n", "bad_tray", "begins with name,device,board,colour"),
        ("name,device,board\n", "bad_tray", "names no board"),
        ("", "bad_tray", "begins with nothing"),
    ],
)
def test_a_tray_that_is_wrong_is_refused_before_anything_happens(homed, content, code, words):
    homed.board("a")
    path = homed.home.parent / "tray.csv"
    path.write_text(content)
    gone_wrong(homed("batch", "--boards", path), 2, code, words)
    assert states(homed) == {} and not ledger_file(homed).exists()
    assert homed("info", "--device", "emulated:a", "--json").last["state"] == "blank"


@pytest.mark.parametrize("kind", emulator.kinds())
def test_a_batch_rehearses_on_every_emulated_board(homed, kind, tmp_path):
    """The same tray as for real boards of this kind, column and image too, on emulated ones: only what they have from
    the start is not put on them."""
    image = os.environ.get("SEALWRIGHT_PICO_UF2")
    if kind == "pico" and not image:
        pytest.skip("SEALWRIGHT_PICO_UF2 names no MicroPython image")
    options = ("--image", image) if kind == "pico" else ()
    homed.ok("emulate", kind, "--name", "rehearsal", "--detach", *options)
    path = tmp_path / "tray.csv"
    path.write_text(f"name,device,board\nfirst,emulated:rehearsal,{kind}\n")
    flashed = ("--image", f"pico={image}") if kind == "pico" else ()
    ran = homed("batch", "--boards", path, *flashed, "--json")
    assert ran.code == 0, ran
    steps = ["deployed"] if kind == "pico" else []
    assert ran.json[0]["steps"] == [*steps, "tested", "provisioned"] and states(homed) == {"first": DONE}


def test_a_board_that_another_batch_is_making_is_left_to_it(homed):
    for name in ("one", "two"):
        homed.board(name)
    path = tray(homed, "one", "two")
    with files.exclusive(job.notes_path(Home.open(homed.home), "one")):
        ran = homed("batch", "--boards", path, "--json")
    assert ran.code == 1 and ran.last["failed"] == ["one"] and states(homed) == {"two": DONE}
    (refused,) = [one for one in ran.json[:-1] if not one["ok"]]
    assert refused["code"] == "file_in_use" and "another batch is making one" in refused["error"]
    assert homed.ok("batch", "--boards", path, "--json").last["ready"] == 2


def test_a_tray_that_names_another_kind_than_the_emulated_board_is(homed):
    homed.board("a")
    path = homed.home.parent / "tray.csv"
    path.write_text("name,device,board\na,emulated:a,esp32\n")
    ran = homed("batch", "--boards", path, "--json")
    assert ran.code == 1 and "is 'unix', and the tray says 'esp32'" in ran.json[0]["error"]
    assert homed("info", "--device", "emulated:a", "--json").last["state"] == "blank"


def test_what_is_provisioned_is_left_alone(homed):
    homed.provisioned("old")
    homed.board("new")
    before = homed("info", "--device", "emulated:old", "--json").last
    path = tray(homed, "new", more="fresh,emulated:old,,\nnobody,emulated:nobody,,\n")
    ran = homed("batch", "--boards", path, "--json")
    assert ran.code == 1 and ran.last == {"ok": False, "boards": 3, "ready": 1, "failed": ["fresh", "nobody"]}
    codes = {one["name"]: one.get("code") for one in ran.json[:-1]}
    assert codes == {"new": None, "fresh": "already_provisioned", "nobody": "unknown_board"}
    after = homed("info", "--device", "emulated:old", "--json").last
    assert {key: after[key] for key in ("device", "command_seq", "state")} == {
        key: before[key] for key in ("device", "command_seq", "state")
    }


def test_a_device_with_the_name_already(homed):
    homed.provisioned("station")
    homed.board("second")
    path = tray(homed, more="station,emulated:second,,\n")
    ran = homed("batch", "--boards", path, "--json")
    assert ran.code == 1 and ran.json[0]["code"] == "name_taken" and ran.json[0]["steps"] == []
    assert homed("info", "--device", "emulated:second", "--json").last["state"] == "blank"


def test_a_batch_that_is_killed_goes_on(homed):
    """At moments spread over its run; in the end each board has one identity and one record."""
    names = ["a1", "a2", "a3", "a4"]
    for name in names:
        homed.board(name)
    path = tray(homed, *names)
    for seconds in (0.6, 0.9, 1.2, 1.6, 2.2):
        process = homed.start("batch", "--boards", path, "--jobs", "2")
        time.sleep(seconds)
        for child in children(process.pid):
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()
    ran = homed("batch", "--boards", path, "--json")
    assert ran.code == 0, ran
    assert states(homed) == dict.fromkeys(names, DONE)
    ledger = homed.ok(*LEDGER, "--json").json
    assert sorted(one["name"] for one in ledger[:-1]) == names and ledger[-1]["ok"]


def children(pid):
    found = []
    for task in (f"/proc/{pid}/task/{pid}/children",):
        try:
            with open(task) as file:
                found += [int(child) for child in file.read().split()]
        except OSError:
            continue
    return found


def test_the_record_of_a_board_whose_batch_died_right_after_it_was_provisioned(homed):
    homed.board("late")
    home = Home.open(homed.home)
    place = factory.Place("late", "emulated:late", None, None)
    result = job.work(home.folder, factory.Job(place, "me"))
    assert result.error is None and result.steps == ("tested", "provisioned")
    assert homed.ok(*LEDGER, "--json").last["records"] == 0
    ran = homed.ok("batch", "--boards", tray(homed, "late"), "--json")
    assert ran.json[0]["state"] == "already made" and ran.json[0]["seq"] == 0
    assert homed.ok(*LEDGER, "--json").last["records"] == 1


def test_a_self_test_that_fails_gives_no_identity(homed):
    board = homed.board("broken", "mcu")
    series = board.folder / "mcu.series"
    header, newline, rows = series.read_bytes().partition(b"\n")
    hot = b"".join(rows[at : at + 4] + b"\x7f" * 4 for at in range(0, len(rows), 8))  # hotter than a chip can be
    series.write_bytes(header + newline + hot)
    homed.board("whole")
    ran = homed("batch", "--boards", tray(homed, "broken", "whole"), "--json")
    assert ran.code == 1 and ran.last["failed"] == ["broken"]
    report = next(one for one in ran.json if one.get("name") == "broken")
    assert report["code"] == "selftest_failed"
    assert "sensor " in report["error"] and report["steps"] == []
    assert states(homed) == {"whole": DONE}
    board.stop()
    series.write_bytes(header + newline + rows)
    board.start()
    assert homed("batch", "--boards", tray(homed, "broken", "whole")).code == 0


def made(homed, *names):
    for name in names:
        homed.board(name)
    homed.ok("batch", "--boards", tray(homed, *names))


def test_a_ledger_that_was_changed_shows_it(homed):
    made(homed, "a", "b", "c")
    file, home = ledger_file(homed), Home.open(homed.home)
    good = file.read_bytes()
    first, second, third = (one.raw for one in factory.records(home, test=True))
    for changed, code in (
        (good[:-1] + bytes([good[-1] ^ 1]), "bad_signature"),
        (first + third, "gap"),
        (first + third + second, "gap"),
        (first + first + second + third, "replay"),
        (good[:-5], "malformed"),
    ):
        file.write_bytes(changed)
        ran = homed(*LEDGER, "--json")
        assert ran.code == 1 and code in {one.get("code") for one in ran.json}, (code, ran)
        assert not ran.last["ok"] and ran.last["head"] is None


def test_what_a_crash_cut_is_taken_off(homed):
    made(homed, "a", "b")
    file = ledger_file(homed)
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:100])
    homed.board("c")
    homed.ok("batch", "--boards", tray(homed, "c"))
    assert file.read_bytes().startswith(whole)
    assert homed.ok(*LEDGER, "--json").last["records"] == 3


def test_the_ledger_of_real_devices_is_another(homed):
    made(homed, "a")
    assert homed.ok("ledger", "factory", "--json").last["records"] == 0


def test_a_tray_of_bare_boards(homed, tmp_path, monkeypatch):
    """From MicroPython's prompt to two provisioned machines and two records in one command."""
    kind = write_bench(tmp_path)
    monkeypatch.setattr(kinds, "_files", lambda: [kind.folder / "board.json"])
    wired = []
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        wired.append(PromptBoard(tmp_path / name))
    try:
        path = tmp_path / "tray.csv"
        lines = [f"{board.url.rpartition('/')[0].rpartition('/')[2]},{board.url},bench" for board in wired]
        path.write_text("\n".join(["name,device,board", *lines]))
        ran = homed("batch", "--boards", path, "--json")
        assert ran.code == 0, ran
        steps = ["deployed", "tested", "provisioned"]
        assert {one["name"]: one["steps"] for one in ran.json[:-1]} == {"left": steps, "right": steps}
        assert homed.ok(*LEDGER, "--json").last["records"] == 2
        for board in wired:
            assert homed("info", "--device", board.url, "--json").last["state"] == "provisioned"
    finally:
        for board in wired:
            board.pull()
