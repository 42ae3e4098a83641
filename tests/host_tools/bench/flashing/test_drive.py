"""Boot drives: folders with the file that a Pico's boot ROM shows."""

import pytest
from sealwright.bench.flashing import drive, flash
from sealwright.errors import RefusedByDevice, Unreachable, Usage

from tests.host_tools.bench.flashing.kinds import PICO, PICO2_W, RP2040, uf2

# what the boot ROMs show
RP2040_INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
RP2350_INFO = "UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n"


@pytest.fixture
def mounts(tmp_path, monkeypatch):
    """callable(name, info): a drive in the place where drives are looked for."""
    place = tmp_path / "media"
    place.mkdir()
    monkeypatch.setattr(drive, "_mounts", lambda: iter(sorted(place.iterdir())))
    monkeypatch.setattr(drive, "APPEAR_SECONDS", 0.5)

    def mount(name, info):
        (place / name).mkdir()
        (place / name / drive.INFO).write_text(info, newline="")
        return place / name

    return mount


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "pico.uf2"
    path.write_bytes(uf2(RP2040))
    return path


def quiet(done, detail):
    pass


def test_the_image_is_copied(mounts, image):
    folder = mounts("RPI-RP2", RP2040_INFO)
    (folder.parent / "holiday").mkdir()
    steps = []
    assert flash(PICO, image, None, lambda done, _: steps.append(done)) == folder
    assert [path.read_bytes() for path in folder.glob("*.UF2")] == [image.read_bytes()]
    assert steps == sorted(steps) and steps[-1] == image.stat().st_size and len(steps) > 4


def test_a_named_drive(mounts, image, tmp_path):
    mounts("RPI-RP2", RP2040_INFO)
    other = mounts("second", RP2040_INFO)
    assert flash(PICO, image, None, quiet, drive=other) == other
    with pytest.raises(Usage, match="is no boot drive") as caught:
        flash(PICO, image, None, quiet, drive=tmp_path)
    assert caught.value.code == "no_boot_drive"


def test_several_drives_are_a_question(mounts, image):
    mounts("RPI-RP2", RP2040_INFO)
    mounts("RPI-RP21", RP2040_INFO)
    with pytest.raises(Usage, match="several boot drives: .*RPI-RP2, .*RPI-RP21") as caught:
        flash(PICO, image, None, quiet)
    assert caught.value.code == "which_drive"


def test_another_chip_behind_the_drive(mounts, image):
    folder = mounts("RP2350", RP2350_INFO)
    assert drive.chip_of(folder) == "RP2350"
    with pytest.raises(RefusedByDevice, match="boot drive of an RP2350, and a pico has an RP2040") as caught:
        flash(PICO, image, None, quiet)
    assert (caught.value.code, caught.value.exit_code) == ("wrong_chip", 4)
    assert not list(folder.glob("*.UF2"))
    assert drive.find_drive(PICO2_W, None) == folder


def test_no_drive(mounts, image):
    with pytest.raises(Unreachable, match="no boot drive of a Pico is mounted") as caught:
        flash(PICO, image, None, quiet)
    assert caught.value.code == "no_boot_drive" and "Hold BOOTSEL" in caught.value.remedy


@pytest.mark.parametrize(("there", "code", "exit_code"), [(True, "storage_full", 4), (False, "connection_lost", 3)])
def test_a_drive_that_takes_no_more(mounts, image, there, code, exit_code):
    """Because it has no room, or because the cable was pulled: then the whole drive is gone."""
    folder = mounts("RPI-RP2", RP2040_INFO)
    (folder / "SEAL.UF2").symlink_to("/dev/full")
    if not there:
        (folder / drive.INFO).unlink()
    with pytest.raises((RefusedByDevice, Unreachable), match=r"0 of 153,600 bytes") as caught:
        drive.copy_to_drive(image.read_bytes(), folder, quiet)
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)


def test_erasing_is_not_what_a_boot_drive_does(mounts, image):
    mounts("RPI-RP2", RP2040_INFO)
    with pytest.raises(Usage, match="erases nothing"):
        flash(PICO, image, None, quiet, erase=True)
