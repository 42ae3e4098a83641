"""The emulated flash chip: its interface, NOR rules, and what a power cut leaves behind."""

import os

from check import raises
from emulated.flash import SCATTERED, FlashFile, ImageDamaged, NotErased, PowerCut

PATH = "flash-" + os.urandom(6).hex() + ".tmp"


def with_flash(test):
    flash = FlashFile.create(PATH, 512, 4, True)
    try:
        test(flash)
    finally:
        flash.close()
        os.remove(PATH)


def block(flash, number):
    buffer = bytearray(512)
    flash.readblocks(number, buffer)
    return bytes(buffer)


def test_geometry_and_erased_chip():
    def check(flash):
        assert [flash.ioctl(op, 0) for op in (1, 3, 4, 5)] == [None, 0, 4, 512]
        assert block(flash, 0) == block(flash, 3) == b"\xff" * 512
        assert os.stat(PATH)[6] == 2048

    with_flash(check)


def test_program_read_and_erase():
    def check(flash):
        flash.writeblocks(1, b"abc", 5)
        assert block(flash, 1)[:9] == b"\xff\xff\xff\xff\xffabc\xff"
        small = bytearray(2)
        flash.readblocks(1, small, 6)
        assert small == b"bc"
        assert flash.ioctl(6, 1) == 0
        assert block(flash, 1) == b"\xff" * 512
        flash.writeblocks(2, b"z" * 1024)  # without an offset it erases first, so twice is fine
        flash.writeblocks(2, b"y" * 1024)
        assert block(flash, 3) == b"y" * 512
        assert block(flash, 1) == b"\xff" * 512

    with_flash(check)


def test_programming_only_clears_bits():
    def check(flash):
        flash.writeblocks(0, b"\xf0", 0)
        flash.writeblocks(0, b"\x30", 0)
        raises(NotErased, flash.writeblocks, 0, b"\x31", 0)
        assert block(flash, 0)[0] == 0x30

    with_flash(check)


def test_bytes_survive_process():
    def check(flash):
        flash.writeblocks(3, b"kept", 0)
        again = FlashFile(PATH, 512, 4)
        assert block(again, 3)[:4] == b"kept"
        again.close()

    with_flash(check)


def test_image_of_another_size_is_refused():
    def check(flash):
        assert PATH in str(raises(ImageDamaged, FlashFile, PATH, 512, 5))

    with_flash(check)
    raises(OSError, FlashFile, PATH, 512, 4)


def test_power_cut_in_middle_of_operation():
    def check(flash):
        flash.cut_after(3, 4)
        flash.writeblocks(0, b"a" * 16, 0)
        flash.ioctl(6, 1)
        raises(PowerCut, flash.writeblocks, 2, b"b" * 16, 0)
        raises(PowerCut, flash.writeblocks, 3, b"c" * 16, 0)
        raises(PowerCut, flash.ioctl, 6, 0)
        raises(PowerCut, flash.ioctl, 3, 0)
        raises(PowerCut, block, flash, 0)
        on = FlashFile(PATH, 512, 4)
        assert block(on, 0)[:16] == b"a" * 16
        assert block(on, 2)[:5] == b"bbbb\xff"
        assert block(on, 3)[:1] == b"\xff"
        on.close()

    with_flash(check)


def test_power_cut_is_not_a_catchable_error():
    def check(flash):
        flash.cut_after(1)
        try:
            try:
                flash.writeblocks(0, b"x", 0)
            except Exception:
                raise AssertionError("caught as an ordinary error")
        except PowerCut:
            pass

    with_flash(check)


def test_scattered_cut_leaves_bits_between_old_and_new():
    def check(flash):
        flash.writeblocks(0, b"\xf0" * 8, 0)
        flash.cut_after(1, SCATTERED)
        raises(PowerCut, flash.writeblocks, 0, b"\x00" * 8, 0)
        on = FlashFile(PATH, 512, 4)
        assert block(on, 0)[:8] == b"\x00\x50\xf0\x00\x50\xf0\x00\x50"
        on.close()

    with_flash(check)


def test_wear_is_counted():
    def check(flash):
        flash.writeblocks(0, b"x", 255)
        flash.writeblocks(0, b"xy", 255)
        assert flash.pages == 3 and flash.erases == [0, 0, 0, 0]
        flash.ioctl(6, 2)
        flash.writeblocks(1, b"z" * 1024)
        assert flash.pages == 7 and flash.erases == [0, 1, 2, 0]

    with_flash(check)
