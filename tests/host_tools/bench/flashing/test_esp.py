"""The way of an image into an ESP32, by esptool against a model of its boot ROM."""

import itertools

import pytest
from sealwright.bench.flashing import esp as with_esptool
from sealwright.bench.flashing import flash, flasher
from sealwright.errors import RefusedByDevice, Rejected, Unreachable

from tests.host_tools.bench.flashing.kinds import ESP32, ESP32_C3, ESP32_S3, ESP_CHIPS, esp
from tests.host_tools.bench.flashing.rom import Rom
from tests.host_tools.pulling import pull_before

ESP32_MAGIC = 0x00F01D83
SETS = {"esp32": {"magic": ESP32_MAGIC}, "esp32_s3": {"chip": 9}, "esp32_c3": {"chip": 5}}


@pytest.fixture
def rom(tmp_path, monkeypatch):
    """callable(...) -> a Rom, closed after the test."""
    monkeypatch.setattr(flasher, "_KNOWN_SECONDS", 0.2)
    monkeypatch.setattr(with_esptool, "_CONNECT_ATTEMPTS", 1)
    made = []

    def make(**behaviour):
        if {"magic", "chip"} & behaviour.keys():  # it answers, on a busy machine not within esptool's 0.1 s
            monkeypatch.setattr("esptool.loader.SYNC_TIMEOUT", 60)
            monkeypatch.setattr("esptool.loader.MEM_END_ROM_TIMEOUT", 60)
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Rom(folder, **behaviour))
        return made[-1]

    yield make
    for one in made:
        one.close()


def image(tmp_path, board):
    path = tmp_path / "image.bin"
    path.write_bytes(esp(ESP_CHIPS[board.name]))
    return path


@pytest.mark.parametrize("board", [ESP32, ESP32_S3, ESP32_C3], ids=lambda board: board.name)
def test_an_image_is_flashed(rom, tmp_path, board):
    chip, path, steps = rom(**SETS[board.name]), image(tmp_path, board), []
    assert flash(board, path, chip.url, lambda done, _: steps.append(done)) is None
    start = 0x1000 if board is ESP32 else 0
    data = path.read_bytes()
    assert chip.flash[start : start + len(data)] == data and not chip.erased
    assert set(chip.flash[:start]) <= {0xFF} and steps == sorted(steps) and steps[-1] == len(data)


def test_all_is_erased_first_where_that_is_wanted(rom, tmp_path):
    chip = rom(**SETS["esp32_c3"])
    flash(ESP32_C3, image(tmp_path, ESP32_C3), chip.url, lambda done, _: None, erase=True)
    assert chip.erased


@pytest.mark.parametrize(
    ("connected", "named"),
    [("esp32", ESP32_S3), ("esp32_s3", ESP32), ("esp32_c3", ESP32_S3), ("esp32_s3", ESP32_C3)],
)
def test_another_chip(rom, tmp_path, connected, named):
    chip = rom(**SETS[connected])
    with pytest.raises(RefusedByDevice, match=f"and an {named.name} has an {named.mcu}: nothing was written") as caught:
        flash(named, image(tmp_path, named), chip.url, lambda done, _: None)
    assert (caught.value.code, caught.value.exit_code) == ("wrong_chip", 4)
    assert set(chip.flash) == {0xFF}


def test_a_chip_that_esptool_does_not_know(rom, tmp_path):
    chip = rom(chip=4711)
    with pytest.raises(RefusedByDevice, match="Unexpected chip ID value 4711") as caught:
        flash(ESP32, image(tmp_path, ESP32), chip.url, lambda done, _: None)
    assert caught.value.code == "wrong_chip"


def test_nobody_answers(rom, tmp_path):
    """Also what a wrong baud rate, or a cable without data lines, looks like."""
    chip = rom()
    with pytest.raises(Unreachable, match="no ESP32 boot ROM answers") as caught:
        flash(ESP32, image(tmp_path, ESP32), chip.url, lambda done, _: None)
    assert (caught.value.code, caught.value.exit_code) == ("no_boot_rom", 3) and "Hold BOOT" in caught.value.remedy


def test_the_cable_is_pulled(rom, tmp_path):
    chip = rom(magic=ESP32_MAGIC, pull_after=1)
    with pytest.raises(Unreachable, match="stopped answering") as caught:
        flash(ESP32, image(tmp_path, ESP32), chip.url, lambda done, _: None)
    assert (caught.value.code, caught.value.exit_code) == ("connection_lost", 3)
    assert "flash it again" in caught.value.remedy


@pytest.mark.parametrize("call", ["tcsetattr", "tcflush"])
def test_the_cable_is_pulled_while_the_port_is_set(rom, tmp_path, call):
    """Each of esptool's uses of the call is the last, in turn: what it raises then is no OSError."""
    for last in itertools.count(1):
        chip = rom(magic=ESP32_MAGIC)
        with pytest.MonkeyPatch.context() as patches:
            pulled = pull_before(patches, call, last, chip.close)
            try:
                flash(ESP32, image(tmp_path, ESP32), chip.url, lambda done, _: None)
            except Unreachable as error:
                assert pulled and error.exit_code == 3 and error.remedy
            else:
                assert not pulled and last > 4
                return


def test_a_flash_that_forgets(rom, tmp_path):
    chip = rom(magic=ESP32_MAGIC, forgets=True)
    with pytest.raises(Rejected, match="does not hold what was written") as caught:
        flash(ESP32, image(tmp_path, ESP32), chip.url, lambda done, _: None)
    assert caught.value.code == "not_written"
