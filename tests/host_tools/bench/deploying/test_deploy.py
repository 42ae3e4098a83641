"""Deploying to a board at its prompt: what is copied, what a cut leaves behind, and what is refused."""

import itertools
import threading
from ast import literal_eval
from pathlib import Path
from types import SimpleNamespace

import pytest
from mpremote.transport import TransportError
from sealwright.bench.deploying import console, hello, install
from sealwright.bench.deploying.console import Console, ScriptFailed
from sealwright.errors import RefusedByDevice, Rejected, Unreachable
from sealwright.link.transport import open_url
from sealwright.targets import BoardKind, Build

from tests.host_tools.bench.deploying.wires import PromptBoard
from tests.host_tools.pulling import CALLS, pull_before

KIND = BoardKind("test", "test-board", "TEST32", "x64", "TEST", "uf2", Path())
WALK = """
import os
def walk(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            walk(path)
        else:
            with open(path, "rb") as file:
                print((path, file.read()))
walk("")
"""
LOADER = {"loader.mpy": b"loader", "boot.py": b"pass\n", "main.py": b"pass\n"}


def build(changes=()):
    """Firmware that is no program: some files, one of them of several pieces. changes: path -> other bytes."""
    slot = {
        "seal/app.mpy": bytes(range(256)) * 20,
        "seal/p256/curve.mpy": b"curve",
        "board.mpy": b"board",
        "manifest": b"one",
    }
    return Build(KIND, "0.1.0", LOADER, {**slot, **dict(changes)})


@pytest.fixture
def board(tmp_path):
    made = PromptBoard(tmp_path)
    yield made
    made.pull()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(console, "PATIENCE", 5.0)


def quiet(sent, path):
    pass


def files(board):
    """Path -> bytes of all that is on the board's flash."""
    with Console(board.url) as prompt:
        return dict(map(literal_eval, prompt.run(WALK).splitlines()))


def laid_out(made, slot):
    return {
        **{f"/{name}": data for name, data in made.loader.items()},
        **{f"/{slot}/{name}": data for name, data in made.slot.items()},
        "/slot": slot.encode(),
    }


def test_a_bare_board(board):
    made = build()
    done = install(board.url, made, quiet)
    assert done.plan.slot == "a" and len(done.plan.put) == len(made.slot) + len(made.loader)
    assert files(board) == laid_out(made, "a")
    assert board.resets == 1
    again = install(board.url, made, quiet)
    assert again.plan.nothing and files(board) == laid_out(made, "a")


def test_only_what_changed_goes_over_the_wire(board):
    old, new = build(), build({"seal/p256/curve.mpy": b"faster", "manifest": b"two"})
    install(board.url, old, quiet)
    done = install(board.url, new, quiet)
    assert set(done.plan.put) == {"/b/seal/p256/curve.mpy", "/b/manifest"}
    assert done.plan.copy["/b/seal/app.mpy"] == "/a/seal/app.mpy"
    assert files(board) == laid_out(old, "a") | laid_out(new, "b")
    # and back: slot a holds it all, but for nothing
    back = install(board.url, old, quiet)
    assert back.plan.put == back.plan.copy == {} and back.plan.slot == "a"
    assert files(board)["/slot"] == b"a"


def test_what_an_older_version_had_is_removed(board):
    install(board.url, build({"seal/old.mpy": b"old"}), quiet)
    install(board.url, build({"manifest": b"two"}), quiet)
    done = install(board.url, build({"manifest": b"three"}), quiet)
    assert done.plan.remove == ["/a/manifest", "/a/seal/old.mpy"]
    assert "/a/seal/old.mpy" not in files(board)


def test_a_dry_run_changes_nothing(board):
    done = install(board.url, build(), quiet, dry_run=True)
    assert done.plan.wire_bytes > 5000 and files(board) == {}


@pytest.mark.parametrize("piece", [1, 2, 6, 7, 9, 10])
def test_the_cable_is_pulled(board, piece):
    """In a piece of the first file, between files, in the last: the board has what it had, whole and in use; the next
    call goes on, sends no whole file again, and ends well."""
    old, new = build(), build({"seal/app.mpy": bytes(5000), "board.mpy": b"new", "manifest": b"two"})
    new = Build(KIND, "0.2.0", {**LOADER, "main.py": b"# new\n"}, new.slot)
    install(board.url, old, quiet)
    seen = []

    def pull(sent, path):
        seen.append(path)
        if len(seen) == piece:
            board.pull()

    with pytest.raises(Unreachable) as caught:
        install(board.url, new, pull)
    assert (caught.value.code, caught.value.exit_code) == (
        "connection_lost",
        3,
    ) and "do it again" in caught.value.remedy
    board.plug()
    before, whole = files(board), laid_out(old, "a")
    assert {path: data for path, data in before.items() if path in whole} == whole
    done = install(board.url, new, quiet)
    assert not [path for path, data in done.plan.put.items() if before.get(path) == data]
    assert files(board) == laid_out(old, "a") | laid_out(new, "b")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("opens", [Console, open_url])
def test_the_cable_is_pulled_while_the_port_is_set(board, opens, call):
    """Each use of the call is the last, in turn: what some raise then is no OSError."""
    for last in itertools.count(1):
        with pytest.MonkeyPatch.context() as patches:
            pulled = pull_before(patches, call, last, board.pull)
            try:
                opens(board.url).close()
            except Unreachable as error:
                assert pulled and error.exit_code == 3 and error.remedy
            else:
                assert not pulled and last > 1
                return
        board.plug()


def test_a_full_flash_is_found_before_anything_is_written(tmp_path):
    small = PromptBoard(tmp_path, blocks=24)
    try:
        with pytest.raises(RefusedByDevice, match="bytes free, and the firmware needs") as caught:
            install(small.url, build({"big": bytes(60_000)}), quiet)
        assert (caught.value.code, caught.value.exit_code) == ("storage_full", 4)
        assert files(small) == {}
    finally:
        small.pull()


def test_a_flash_that_fills_up_meanwhile(board):
    with Console(board.url) as prompt, pytest.raises(RefusedByDevice, match="flash is full") as caught:
        prompt.write("/big", bytes(1_600_000), lambda n: None)
    assert caught.value.code == "storage_full"


def test_a_flash_that_forgets(board, monkeypatch):
    """A byte that does not come back as it was written stops it before anything is switched over."""
    real = Console.write

    def flipped(self, path, data, advance):
        real(self, path, b"flipped" if path.endswith("curve.mpy") else data, advance)

    monkeypatch.setattr(Console, "write", flipped)
    with pytest.raises(Rejected, match="does not hold what was written to /a/seal/p256/curve.mpy"):
        install(board.url, build(), quiet)
    assert "/slot" not in files(board) and "/main.py" not in files(board)


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ({"mcu": "RP2040"}, "wrong_chip", "this is a Test board with TEST32, and a test has an RP2040"),
        ({"arch": "armv6m"}, "wrong_architecture", "for x64, the firmware is 6.3 for armv6m"),
    ],
)
def test_the_wrong_board(board, kind, code, words):
    wrong = BoardKind(**{**{name: getattr(KIND, name) for name in KIND.__slots__}, **kind})
    made = build()
    with pytest.raises(RefusedByDevice, match=words) as caught:
        install(board.url, Build(wrong, "0.1.0", made.loader, made.slot), quiet)
    assert (caught.value.code, caught.value.exit_code) == (code, 4)
    assert files(board) == {}


def test_a_provisioned_board_whose_console_is_open(board):
    with Console(board.url) as prompt:
        prompt.run("import os\nos.mkdir('/state')\nopen('/state/j-identity', 'w').close()")
    with pytest.raises(RefusedByDevice, match="provisioned") as caught:
        install(board.url, build(), quiet)
    assert (caught.value.code, caught.value.exit_code) == ("already_provisioned", 4)
    assert set(files(board)) == {"/state/j-identity"}


def test_a_board_whose_flash_does_not_say_whether_it_is_provisioned(board):
    with Console(board.url) as prompt:
        prompt.run("open('/state', 'w').close()")  # below a file there is neither something nor nothing
    with pytest.raises(ScriptFailed, match="OSError: 20"):
        install(board.url, build(), quiet)
    assert set(files(board)) == {"/state"}


class Slow:
    """In place of mpremote's transport: answers to three knocks come late, one after the other."""

    def __init__(self, *_, **__):
        self.serial = SimpleNamespace(timeout=0, reset_input_buffer=lambda: None)
        self.late, self.asked = 3, []

    def enter_raw_repl(self, **_):
        self.late -= 1
        if self.late == 2:
            raise TransportError("could not enter raw repl")

    def exec_raw(self, script, timeout):
        self.asked.append(script)
        return (b"", b"") if self.late >= 0 else (script[len("print('") : -len("')")].encode() + b"\r\n", b"")

    def close(self):
        pass


def test_late_answers_to_earlier_knocks_are_not_taken_for_others(monkeypatch):
    monkeypatch.setattr(console, "SerialTransport", Slow)
    monkeypatch.setattr(console, "_PAUSE", 0)
    with Console("tcp:127.0.0.1:1") as prompt:
        words = [script for script in prompt._transport.asked if script.startswith("print(")]
        assert len(words) == len(set(words)) == 2, "it was asked until the answer was the one to that question"


def test_a_prompt_that_another_program_had_opened_already(board):
    """A frame of the command link has Ctrl-A's byte: the answer to it may come behind the first knock."""
    board.pause()
    Path(board.url.removeprefix("serial:")).write_bytes(b"\x01")
    threading.Timer(0.3, board.go_on).start()
    with Console(board.url) as prompt:
        assert [prompt.value(f"print({n})") for n in range(3)] == [0, 1, 2]


def test_a_board_that_never_says_hello(board):
    with pytest.raises(Unreachable, match="says no hello within 2 s") as caught:
        hello(board.url, 2)
    assert caught.value.code == "no_hello"
