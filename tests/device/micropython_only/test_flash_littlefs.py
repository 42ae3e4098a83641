"""LittleFS on the emulated flash: it mounts, keeps its files, and survives a power cut at every operation.

MicroPython only: CPython has no VfsLfs2.
"""

import os

import littlefs
import vfs
from check import raises
from emulated.flash import ImageDamaged, mount
from littlefs import cut_everywhere, mounted, read, write

PATH = "littlefs-" + os.urandom(6).hex() + ".tmp"
OLD, NEW = b"old " * 700, b"new!" * 900


def write_then_rename(data):
    """The whole-file replacement that `seal.store` relies on."""
    with open("/board/state.new", "wb") as file:
        file.write(data)
    os.rename("/board/state.new", "/board/state")


def format_with(data):
    littlefs.format(PATH)
    mounted(PATH, lambda flash: write_then_rename(data))


def test_files_stay_over_remount():
    format_with(OLD)

    def check(flash):
        assert read("/board/state") == OLD
        os.mkdir("/board/log")
        with open("/board/log/1", "ab") as file:
            file.write(b"one")
        with open("/board/log/1", "ab") as file:
            file.write(b"two")
        write_then_rename(NEW)

    assert not mounted(PATH, check)

    def check_again(flash):
        assert read("/board/state") == NEW
        assert read("/board/log/1") == b"onetwo"
        assert sorted(os.listdir("/board")) == ["log", "state"]

    assert not mounted(PATH, check_again)
    os.remove(PATH)


def test_rewrite_and_rename_is_old_or_new_at_every_cut():
    format_with(OLD)
    found = []

    def look(flash):
        found.append(read("/board/state"))
        write_then_rename(b"after")
        assert read("/board/state") == b"after"

    states = {}
    for operation, part in cut_everywhere(PATH, lambda flash: write_then_rename(NEW), (0, 5, 16)):
        assert not mounted(PATH, look)
        assert found[-1] in (OLD, NEW), (operation, part, found[-1][:8])
        states.setdefault(part, []).append(found[-1] == NEW)
    for seen in states.values():
        assert len(seen) > 5 and seen[0] is False and seen[-1] is True
        assert seen == sorted(seen)  # once new, never old again
    os.remove(PATH)


def test_mount_formats_blank_flash_only():
    flash = mount(PATH, "/board", 4096, littlefs.BLOCKS)
    write_then_rename(OLD)
    vfs.umount("/board")
    flash.close()
    flash = mount(PATH, "/board", 4096, littlefs.BLOCKS)
    assert read("/board/state") == OLD
    vfs.umount("/board")
    flash.close()
    assert PATH + ".new" not in os.listdir()
    os.remove(PATH)


def test_mount_never_formats_damaged_image():
    format_with(OLD)
    good = read(PATH)
    for damage in (
        lambda: b"\xff" * len(good),
        lambda: bytes(len(good)),
        lambda: b"\xff" * 8192 + good[8192:],
        lambda: good[:-1],
        lambda: good + b"\xff" * 4096,
        lambda: b"",
    ):
        write(PATH, damage())
        assert PATH in str(raises(ImageDamaged, mount, PATH, "/board", 4096, littlefs.BLOCKS))
        assert read(PATH) == damage()
    os.remove(PATH)
