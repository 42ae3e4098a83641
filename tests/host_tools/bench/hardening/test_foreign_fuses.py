"""Chips that others began, other images, other chips: refused by the name of what is wrong, and left alone."""

import pytest
from sealwright import SealwrightError
from sealwright.bench.hardening import PLANS
from sealwright.bench.hardening.chip import Chip, virtual_chip
from sealwright.bench.hardening.fuses import FIELD, KEY, READ_PROTECT, WRITE_PROTECT, Step
from sealwright.home import Home

from tests.host_tools.bench.hardening.builds import BOARDS, Build

pytest.importorskip("esptool")


class Cut(Exception):
    """Power, or the process, is gone."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home.init(tmp_path_factory.mktemp("makers") / "home", "net")


@pytest.fixture(params=BOARDS)
def build(request, tmp_path, home):
    return Build(tmp_path / "build", request.param, home)


FOREIGN = {
    "esp32": [("ABS_DONE_1", 1), ("JTAG_DISABLE", 1), ("ABS_DONE_0", 1), ("FLASH_CRYPT_CNT", 1), ("BLOCK1", None)],
    "esp32_s3": [("SECURE_BOOT_EN", 1), ("KEY_PURPOSE_0", "HMAC_UP"), ("KEY_PURPOSE_4", "HMAC_UP"),
                 ("BLOCK_KEY2", None), ("DIS_DOWNLOAD_MODE", 1)],
    "esp32_c3": [("SPI_BOOT_CRYPT_CNT", 1), ("BLOCK_KEY0", None), ("SECURE_BOOT_AGGRESSIVE_REVOKE", 1)],
}  # fmt: skip


@pytest.mark.parametrize(("board", "fuse", "value"), [(one, *pair) for one in BOARDS for pair in FOREIGN[one]])
def test_a_state_that_others_made_is_refused_by_the_fuses_name(tmp_path, home, board, fuse, value):
    build = Build(tmp_path / "build", board, home)
    with build.job().chip() as chip:
        step = Step(KEY, fuse, "") if value is None else Step(FIELD, fuse, "", value)
        chip.burn(step, bytes(range(32)))
    before = build.state()
    with pytest.raises(SealwrightError, match=fuse) as refused:
        build.run()
    assert refused.value.code == "foreign_fuses"
    assert build.state() == before


@pytest.mark.parametrize("protect", [READ_PROTECT, WRITE_PROTECT])
def test_a_block_that_others_protected_is_refused(tmp_path, home, protect):
    build = Build(tmp_path / "build", "esp32", home)
    with build.job().chip() as chip:
        chip.burn(Step(protect, "BLOCK1", ""))
    with pytest.raises(SealwrightError, match="BLOCK1") as refused:
        build.run()
    assert refused.value.code == "foreign_fuses"


def test_another_home_does_not_go_on_with_it(build, tmp_path):
    def cut(step, number):
        if number == 4:
            raise Cut

    with pytest.raises(Cut):
        build.run(cut)
    other = Build(tmp_path / "build2", build.board, Home.init(tmp_path / "other", "net"))
    other.fuses = build.fuses
    before = build.state()
    with pytest.raises(SealwrightError) as refused:
        other.run()
    assert refused.value.code == "foreign_fuses"
    assert build.state() == before
    assert build.run().done


def test_other_images_than_it_was_begun_with_are_refused(build):
    def cut(step, number):
        raise Cut

    with pytest.raises(Cut):
        build.run(cut)
    from sealwright.bench.hardening import sign_image

    plain = build.folder / "app-plain.bin"
    plain.write_bytes(plain.read_bytes() + b"more")
    sign_image(build.home.hardenings, plain, build.folder / "app2.bin")
    with pytest.raises(SealwrightError) as refused:
        build.run(app=build.folder / "app2.bin")
    assert refused.value.code == "other_images"
    assert build.run().done


def test_an_old_chip_is_refused(tmp_path, home, monkeypatch):
    build = Build(tmp_path / "build", "esp32", home)
    with build.job().chip():
        pass
    monkeypatch.setattr(Chip, "revision", 100)
    with pytest.raises(SealwrightError, match="v1.0") as refused:
        build.run()
    assert refused.value.code == "old_chip"


def test_fuses_of_another_chip_are_left_alone(tmp_path):
    path = tmp_path / "fuses"
    with virtual_chip(path, PLANS["esp32"]):
        content = path.read_bytes()
    with pytest.raises(SealwrightError) as refused, virtual_chip(path, PLANS["esp32s3"]):
        pass
    assert refused.value.code == "no_fuses"
    assert path.read_bytes() == content
