"""`deploy` and `flash` as commands: what each of the things that go wrong looks like, and its exit code."""

import os
import pty
import tty
from pathlib import Path

import pytest
import serial
from sealwright import targets as boards
from sealwright.bench.deploying import console, deploy

from tests.cli.runner import gone_wrong
from tests.host_tools.bench.deploying.wires import PromptBoard
from tests.host_tools.bench.flashing.kinds import RP2040, esp, uf2

LOADER = {"loader.mpy": b"loader", "boot.py": b"pass\n", "main.py": b"pass\n"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Nothing is compiled for what goes wrong before, and nobody is waited for as long as a board may take."""
    monkeypatch.setattr(boards, "compile_for", lambda kind: boards.Build(kind, "0.1.0", LOADER, {"a.mpy": b"a"}))
    monkeypatch.setattr(console, "KNOCK_SECONDS", 1.0)
    monkeypatch.setattr(console, "_ONE_KNOCK", 0.5)
    monkeypatch.setattr(deploy, "KNOCK_SECONDS", 1.0)
    monkeypatch.setattr(deploy, "_KNOWN_SECONDS", 60.0)  # who answers does so on a busy machine, too


@pytest.fixture
def silent(tmp_path):
    """A serial port behind which nothing answers."""
    wire, other = pty.openpty()
    tty.setraw(other)
    yield os.ttyname(other)
    os.close(wire)
    os.close(other)


def test_names_and_ports_that_are_not_there(cli, silent):
    gone_wrong(cli("deploy", "--board", "toaster", "--device", f"serial:{silent}"), 2, "unknown_board", "toaster")
    gone_wrong(cli("deploy", "--board", "unix", "--device", f"serial:{silent}"), 2, "unknown_board", "no board 'unix'")
    gone_wrong(cli("deploy", "--board", "pico", "--device", "ttyACM0"), 2, "bad_url", "no device URL")
    gone_wrong(cli("deploy", "--board", "pico", "--device", "serial:/dev/not-there"), 3, "unreachable", "there is no")
    gone_wrong(cli("deploy", "--board", "pico", "--device", "serial:/dev/null"), 3, "unreachable", "no serial port")
    gone_wrong(cli("deploy", "--board", "pico", "--device", "tcp:127.0.0.1:1"), 3, "unreachable", "nothing answers")


def test_a_port_that_is_busy(cli, silent, tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(esp(0))
    with serial.Serial(silent, exclusive=True):
        for line in (
            ("deploy", "--board", "pico"),
            ("info",),
            ("flash", "--board", "esp32", "--image", image),
        ):
            gone_wrong(cli(*line, "--device", f"serial:{silent}"), 3, "port_busy", "another program holds")


def test_nothing_answers(cli, silent, monkeypatch):
    """No MicroPython, or another baud rate."""
    monkeypatch.setattr(deploy, "_KNOWN_SECONDS", 1.0)
    ran = cli("deploy", "--board", "pico", "--device", f"serial:{silent}")
    gone_wrong(ran, 3, "no_prompt", "no MicroPython prompt answers", silent)
    assert "115200 baud" in ran.err


def test_the_wrong_board(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(console, "_ONE_KNOCK", 3.0)
    monkeypatch.setattr(deploy, "KNOCK_SECONDS", 120.0)
    board = PromptBoard(tmp_path)
    try:
        ran = cli("deploy", "--board", "pico", "--device", board.url)
        gone_wrong(ran, 4, "wrong_chip", "TEST32", "a pico has an RP2040", "nothing was changed")
    finally:
        board.pull()


def test_a_provisioned_board_is_refused_with_the_other_way(homed):
    homed.provisioned("meter")
    before = homed("info", "--device", "emulated:meter", "--json").last
    ran = homed("deploy", "--board", "pico", "--device", "emulated:meter")
    gone_wrong(ran, 4, "already_provisioned", "provisioned", "nothing was changed")
    assert "sealwright update" in ran.err
    after = homed("info", "--device", "emulated:meter", "--json").last
    assert after["device"] == before["device"]


def test_flashing_what_is_wrong(cli, silent, tmp_path):
    right, wrong = tmp_path / "pico.uf2", tmp_path / "s3.bin"
    right.write_bytes(uf2(RP2040))
    wrong.write_bytes(esp(9))
    gone_wrong(cli("flash", "--board", "pico"), 2, "no_image", "which image")
    gone_wrong(cli("flash", "--board", "pico", "--image", wrong), 1, "wrong_image", "an image for ESP32-S3")
    gone_wrong(cli("flash", "--board", "pico2_w", "--image", right), 1, "wrong_image", "an image for RP2040")
    gone_wrong(cli("flash", "--board", "esp32", "--image", right), 1, "wrong_image", "an image for RP2040")
    gone_wrong(cli("flash", "--board", "esp32_s3", "--image", wrong), 2, "usage", "which port")
    gone_wrong(
        cli("flash", "--board", "pico", "--image", right, "--drive", tmp_path), 2, "no_boot_drive", "no boot drive"
    )


def test_a_pico_is_flashed_by_its_drive(cli, tmp_path):
    drive, image = tmp_path / "RPI-RP2", tmp_path / "pico.uf2"
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    image.write_bytes(uf2(RP2040))
    ran = cli("flash", "--board", "pico", "--image", image, "--drive", drive, "--json")
    assert ran.code == 0 and ran.last["ok"] and ran.last["to"] == str(drive)
    assert [Path(path).read_bytes() for path in drive.glob("*.UF2")] == [image.read_bytes()]
