"""Which chip an image is for, and images that are damaged or for another board."""

import os
from pathlib import Path

import pytest
from sealwright.bench.flashing.image import load_image
from sealwright.errors import Rejected, Usage

from tests.host_tools.bench.flashing.kinds import (
    ABSOLUTE,
    ESP32,
    ESP32_C3,
    ESP32_S3,
    ESP_CHIPS,
    PICO,
    PICO2_W,
    RP2040,
    RP2350,
    block,
    esp,
    uf2,
)

E10 = block(ABSOLUTE, 0, 2)  # as picotool puts it before an RP2350 image


def given(tmp_path, data):
    path = tmp_path / "image"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("board", "data"),
    [
        (PICO, uf2(RP2040)),
        (PICO2_W, uf2(RP2350, first=E10)),
        (ESP32, esp(0)),
        (ESP32_S3, esp(9)),
        (ESP32_C3, esp(5)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_right_image(tmp_path, board, data):
    assert load_image(given(tmp_path, data), board).data == data


@pytest.mark.skipif("SEALWRIGHT_PICO_UF2" not in os.environ, reason="no MicroPython image: set SEALWRIGHT_PICO_UF2")
def test_the_official_image_of_a_pico():
    path = Path(os.environ["SEALWRIGHT_PICO_UF2"])
    assert load_image(path, PICO).chip == "RP2040"
    with pytest.raises(Rejected, match="is an image for RP2040"):
        load_image(path, PICO2_W)


@pytest.mark.parametrize("board", [PICO, PICO2_W, ESP32, ESP32_S3, ESP32_C3], ids=lambda board: board.name)
@pytest.mark.parametrize("other", ["pico", "pico2_w", "esp32", "esp32_s3", "esp32_c3", "esp32_p4", "samd51"])
def test_an_image_for_another_chip(tmp_path, board, other):
    made = {"pico": uf2(RP2040), "pico2_w": uf2(RP2350, first=E10), "samd51": uf2(0x55114460), "esp32_p4": esp(18)}
    data = made.get(other) or esp(ESP_CHIPS[other])
    if other == board.name:
        return
    with pytest.raises(Rejected, match="is an image for") as caught:
        load_image(given(tmp_path, data), board)
    assert (caught.value.code, caught.value.exit_code) == ("wrong_image", 1)
    assert board.image in caught.value.remedy
    assert f"{'an' if board.name.startswith('esp') else 'a'} {board.name} has an {board.mcu}" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither as UF2 nor as an ESP image"),
        (b"\x7fELF" + bytes(8000), "neither as UF2 nor as an ESP image"),
        (b"<html>not found</html>" * 400, "neither as UF2 nor as an ESP image"),
        (b"\xe9\x03", "neither as UF2 nor as an ESP image"),
        (uf2(RP2040)[:-1], "ends in the middle of a block"),
        (uf2(RP2040)[:-512], "299 of 300 blocks"),
        (uf2(RP2040)[:512] + uf2(RP2040)[1024:], "block 1 is out of order"),
        (uf2(RP2040) + uf2(RP2350), "for 2 kinds of chip"),
        (uf2(RP2040)[:-4] + b"junk", "block 299 is no UF2 block"),
        (block(RP2040, 0, 1, flags=0), "block 0 is no UF2 block with a family"),
        (E10, "for 0 kinds of chip"),
    ],
)
def test_what_is_no_image(tmp_path, data, words):
    for board in (PICO, ESP32):
        with pytest.raises(Rejected, match=words) as caught:
            load_image(given(tmp_path, data), board)
        assert (caught.value.code, caught.value.exit_code) == ("bad_image", 1)


def test_an_image_that_cannot_be_read(tmp_path):
    with pytest.raises(Usage, match="cannot read the image .*missing: No such file"):
        load_image(tmp_path / "missing", PICO)
