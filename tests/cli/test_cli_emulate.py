"""Emulated boards from the command line: made, run in the foreground or left running, stopped, removed."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.emulator import with_this_process
from sealwright.emulator.launch import LIFELINE
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.link.client import connect

from tests.cli.runner import ENTRY, ended, gone_wrong, wait_until


def states(cli):
    return {one["name"]: one["state"] for one in cli("devices", "--json").json if one["kind"] == "emulated"}


def running(cli, count=1):
    return lambda: len(emulator.running(Home(cli.home, ""))) == count


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_foreground_ends_with_its_boards(homed, how):
    process = homed.start("emulate", "unix", "--name", "one", "--sensor", "mcu", "--json")
    line = process.stdout.readline()
    wait_until(running(homed))
    assert b'"url": "emulated:one"' in line and states(homed) == {"one": "running"}
    ran = ended(process, how)
    assert ran.code == 0 and "stopped" in ran.err
    assert states(homed) == {"one": "stopped"}


@pytest.mark.parametrize(("options", "left"), [("--detach", 2), ("--detach --json", 2), ("", 0)])
def test_a_reader_that_takes_one_line_and_goes(homed, options, left):
    """What is left running stays so, and what is not is stopped, all of it."""
    line = f"set -o pipefail; {shlex.join(ENTRY)} emulate unix -n 2 {options} | head -1"
    ran = subprocess.run(["bash", "-c", line], env=homed.environment(), capture_output=True, timeout=120, check=False)
    assert ran.stdout.count(b"\n") == 1 and b"unix-1" in ran.stdout
    assert len(emulator.running(Home(homed.home, ""))) == left


def test_boards_end_with_a_foreground_that_is_killed(homed):
    process = homed.start("emulate", "unix", "--name", "one", "--json")
    assert json.loads(process.stdout.readline())["state"] == "running"
    process.kill()
    process.wait()
    wait_until(running(homed, 0))


def test_a_process_that_does_not_fork_ends_with_its_lifeline():
    """As those of the pico and the esp32 do."""
    program = "import time; from sealwright.emulator.launch import end_with_lifeline as e; e(); print(flush=True); "
    with with_this_process() as lifeline:
        board = subprocess.Popen(
            [sys.executable, "-c", f"{program}time.sleep(600)"],
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, LIFELINE: str(lifeline)},
            pass_fds=(lifeline,),
        )
        assert board.stdout.readline() and board.poll() is None
    assert board.wait(60) == -signal.SIGTERM
    board.stdout.close()


def test_boards_that_stop_by_themselves_end_it(homed):
    process = homed.start("emulate", "unix", "--name", "one")
    wait_until(running(homed))
    assert process.stdout.readline()
    emulator.find(Home(homed.home, ""), "one").kill()
    ran = ended(process)
    assert ran.code == 3 and "one has stopped" in ran.err and "error: no board runs" in ran.err


def test_detached_boards_keep_their_identity(homed):
    homed.provisioned("one")
    before = homed("info", "--device", "emulated:one", "--json").last["device"]
    assert homed.ok("emulate", "--stop", "one").out == "one stopped\n"
    assert homed.ok("emulate", "--stop", "one").out == "one was not running\n"
    gone_wrong(homed("info", "--device", "emulated:one"), 3, "unreachable", "not running")
    assert "Left running" in homed.ok("emulate", "one", "--detach").out
    assert homed("info", "--device", "emulated:one", "--json").last["device"] == before
    assert "Running already" in homed.ok("emulate", "one").out  # nothing to wait for


def test_several_at_once(homed):
    made = homed.ok("emulate", "unix", "-n", "2", "--detach", "--json")
    assert [one["name"] for one in made.json] == ["unix-1", "unix-2"]
    assert len({one["tcp"] for one in made.json} | {one["serial"] for one in made.json}) == 4
    assert homed.ok("emulate", "unix", "--detach", "--json").last["name"] == "unix-3"
    gone_wrong(homed("emulate", "unix", "--name", "unix-2", "--detach"), 2, "board_exists", "unix-2")
    # all or none
    homed.ok("emulate", "--remove", "unix-1")
    gone_wrong(homed("emulate", "unix", "-n", "2", "--name", "unix", "--detach"), 2, "board_exists", "unix-2")
    assert "unix-1" not in states(homed)
    homed.ok("emulate", "--stop", "all")
    assert set(states(homed).values()) == {"stopped"}
    homed.ok("emulate", "--remove", "all")
    assert states(homed) == {} and "no emulated boards" in homed.ok("emulate", "--stop", "all").out


def test_a_removed_board_frees_its_name(homed):
    homed.provisioned("one")
    homed.ok("emulate", "--remove", "one")
    found = homed("devices", "--all", "--json").json
    assert [one["state"] for one in found if one["kind"] == "registered"] == ["retired"]
    homed.provisioned("one")


def test_wrong_calls(homed, tmp_path):
    for line, name, words in (
        ((), "usage", "which board?"),
        (("toaster",), "unknown_board", "toaster"),
        (("unix", "toaster"), "usage", "one kind of board at a time"),
        (("unix", "--name", "Ünïx"), "usage", "no name for a board"),
        (("unix", "--name", "unix"), "usage", "no name for a board"),
        (("unix", "--name", "../x"), "usage", "no name for a board"),
        (("unix", "--sensor", "thermometer"), "bad_sensor_spec", "thermometer"),
        (("unix", "--sensor", f"mcu=csv:{tmp_path / 'no.csv'}"), "", "no.csv"),
        (("--stop", "nobody"), "unknown_board", "nobody"),
        (("--remove", "nobody"), "unknown_board", "nobody"),
        (("--stop", "all", "--remove", "all"), "usage", "stand alone"),
        (("unix", "--stop", "all"), "usage", "stand alone"),
    ):
        ran = homed("emulate", *line)
        gone_wrong(ran, 2, name or ran.again().last["code"], words)
        assert states(homed) == {}
    homed.board("one", start=False)
    gone_wrong(homed("emulate", "one", "--sensor", "mcu"), 2, "usage", "settled when it was made")


def test_a_pico_needs_an_image_and_the_others_take_none(homed, monkeypatch, tmp_path):
    monkeypatch.delenv("SEALWRIGHT_PICO_UF2", raising=False)
    gone_wrong(homed("emulate", "pico"), 2, "no_image", "needs a MicroPython image")
    assert "micropython.org/download/RPI_PICO" in homed("emulate", "pico").err
    gone_wrong(homed("emulate", "pico", "--image", tmp_path / "no.uf2"), 2, "no_image", "cannot read the image")
    (tmp_path / "bad.uf2").write_bytes(b"no UF2")
    gone_wrong(homed("emulate", "pico", "--image", tmp_path / "bad.uf2"), 2, "bad_image", "no image for a Pico")
    gone_wrong(homed("emulate", "unix", "--image", tmp_path / "bad.uf2"), 2, "usage", "takes no image")
    assert states(homed) == {}


def test_a_board_that_does_not_start_is_told(homed):
    board = homed.board("one", start=False)
    (board.folder / "flash.img").write_bytes(b"too short")
    ran = homed("emulate", "one", "--detach")
    gone_wrong(ran, 3, "unreachable", "does not start", "flash.img")
    (board.folder / "hardware.json").write_text("{")
    gone_wrong(homed("emulate", "one", "--detach"), 2, "usage", "damaged")


def test_a_full_disk_makes_no_half_board(homed):
    ran = homed.process("emulate", "unix", "--name", "one", "--sensor", "bme280", "--detach", limit=512)
    gone_wrong(ran, 2, "usage", "cannot be written", "File too large")
    assert states(homed) == {} and not (homed.home / "boards" / "one").exists()


def test_boards_of_a_group_are_apart_and_share_their_interpreter(homed):
    """Made with the same ports, which are found out only when they start."""
    names = homed.ok("emulate", "unix", "-n", "4", "--detach", "--json").json
    homed.ok("emulate", "--stop", "all")
    for one in names:
        path = homed.home / "boards" / one["name"] / "hardware.json"
        taken = json.loads((homed.home / "boards" / "unix-1" / "hardware.json").read_text())
        path.write_text(json.dumps({**json.loads(path.read_text()), **{k: taken[k] for k in ("command", "peer")}}))
    boards = list(emulator.boards(Home(homed.home, "")))
    emulator.start_all(boards)
    assert len({board.url for board in boards}) == 4 and len({board.pid for board in boards}) == 4
    for board in boards:
        with connect(board.url) as client:
            assert client.info().state == "blank"
        assert os.getpgid(board.pid) == board.pid  # what ends one ends no other
    group = sum(map(_own_kilobytes, boards)) / 4
    boards[0].kill()
    assert [board.pid is None for board in boards] == [True, False, False, False]
    boards[0].start()
    if group:
        assert group < _own_kilobytes(boards[0]), "one that starts alone has an interpreter of its own"


def _own_kilobytes(board):
    """Memory that only a board's processes have, each page divided by how many share it; 0 where nothing says so."""
    own = 0
    for entry in Path("/proc").glob("[0-9]*/smaps_rollup"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(entry.parent.name)) == board.pid:
                own += int(re.search(r"^Pss:\s+(\d+)", entry.read_text(), re.MULTILINE)[1])
    return own


def test_one_of_a_group_that_does_not_start_is_named_and_the_others_run(homed):
    for name in ("one", "two", "three"):
        board = homed.board(name, start=False)
        if name == "two":
            (board.folder / "flash.img").write_bytes(b"too short")
    boards = list(emulator.boards(Home(homed.home, "")))
    with pytest.raises(Unreachable, match=r"two does not start: .*flash\.img"):
        emulator.start_all(boards)
    assert [board.name for board in boards if board.pid is not None] == ["one", "three"]
    assert "ImageDamaged" in boards[2].last_words() and "ImageDamaged" not in boards[0].last_words()
    # a command leaves nothing running that it could not start whole
    homed.ok("emulate", "--stop", "all")
    ran = homed("emulate", "one", "two", "three", "--detach")
    assert ran.code == 3 and "two does not start" in ran.err and ran.out == "one stopped\nthree stopped\n"
