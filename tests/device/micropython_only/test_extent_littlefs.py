"""Extents and records on a real LittleFS: what is programmed is what the file holds, and nothing else ever changes."""

import os
import struct

import littlefs
from check import raises
from emulated.flash import SCATTERED, FlashFile
from littlefs import cut_everywhere, mounted
from seal import extent
from seal.compat import crc32
from seal.errors import StorageFull
from seal.store import FileStore
from test_reading import opened, quantities

PATH = "extent-" + os.urandom(6).hex() + ".tmp"


def on_new_flash(action):
    littlefs.format(PATH)
    try:
        assert not mounted(PATH, action)
    finally:
        os.remove(PATH)


def test_programmed_bytes_are_the_files():
    def life(flash):
        store = FileStore("/board", flash)
        for blocks in (1, 2, 4, 5):
            name = "r-%d" % blocks
            assert store.create_ahead(name, blocks) and store.is_ahead(name)
            size = extent.file_size(blocks)
            assert store.size(name) == size and extent.count_blocks(size, store.read_at(name, size - 16, 16)) == blocks
            expected, at = bytearray(store.read(name)), 0
            erases, written = sum(flash.erases), b"\x01\x02\x03" * 117
            while at + len(written) <= size - extent.TAIL:
                store.program(name, at, written)
                expected[at : at + len(written)] = written
                at += len(written)
            assert sum(flash.erases) == erases and store.read(name) == expected
            assert FileStore("/board", flash).is_ahead(name)

    on_new_flash(life)


def test_only_blank_bytes_are_programmed():
    def life(flash):
        store = FileStore("/board", flash)
        store.write("other", b"o" * 3000)
        store.create_ahead("r-1", 2)
        store.program("r-1", 100, b"abc")
        store.program("r-1", 100, b"abc")  # what is there already may be programmed again
        raises(OSError, store.program, "r-1", 102, b"xy")
        raises(OSError, store.program, "r-1", extent.file_size(2) - extent.TAIL, b"x")
        raises(OSError, store.program, "other", 0, b"o")
        raises(OSError, store.program, "missing", 0, b"o")
        assert store.read("other") == b"o" * 3000 and store.read_at("r-1", 99, 6) == b"\xffabc\xff\xff"

    on_new_flash(life)


def test_a_file_whose_blocks_are_in_doubt_is_no_extent():
    def life(flash):
        store = FileStore("/board", flash)
        store.create_ahead("r-1", 2)
        store.write("r-2", store.read("r-1"))  # two blocks with one tail
        assert not FileStore("/board", flash).is_ahead("r-1")
        store.remove("r-1")
        store.write("r-2", store.read("r-2")[:-1])
        assert not store.is_ahead("r-2")
        other = FlashFile.create(PATH + ".other", 4096, littlefs.BLOCKS)
        assert not FileStore("/board", other).create_ahead("r-3", 1) and "r-3" not in store.names()
        other.close()
        os.remove(PATH + ".other")
        assert not FileStore("/board").create_ahead("r-3", 1)
        raises(StorageFull, store.create_ahead, "r-4", littlefs.BLOCKS)
        assert store.names() == ["r-2"]

    on_new_flash(life)


def test_a_record_is_old_or_new_at_every_cut_of_a_rewrite():
    for old, new in ((b"old" * 20, b"new!" * 20), (b"old" * 20, b"new!" * 200), (b"old" * 300, b"new!" * 600)):
        littlefs.format(PATH)
        assert not mounted(PATH, lambda flash: FileStore("/board", flash).write("state", old))
        found = []
        for _ in cut_everywhere(PATH, lambda flash: FileStore("/board", flash).write("state", new), (0, SCATTERED, 16)):
            mounted(PATH, lambda flash: found.append(FileStore("/board", flash).read("state")))
        assert set(found) == {old, new}
        os.remove(PATH)


def test_a_full_flash_keeps_the_old_record():
    def life(flash):
        store = FileStore("/board", flash)
        store.write("long", b"o" * 2000)
        store.write("short", b"o" * 200)
        number = 0
        while True:
            try:
                store.write("f%d" % number, b"x" * 3000)
            except StorageFull:
                break
            number += 1
        for name, size in (("long", 2000), ("short", 200)):
            raises(StorageFull, store.write, name, b"n" * 3000)
            assert store.read(name) == b"o" * size
        store.write("short", b"n" * 100)
        assert store.read("short") == b"n" * 100

    on_new_flash(life)


def frames_of_an_earlier_version(data):
    """How version 0.1.0 before extents read a segment."""
    at = 0
    while at < len(data):
        end = at + 6 + (struct.unpack(">H", data[at : at + 2])[0] if at + 2 <= len(data) else 0)
        if end > len(data):
            yield None
            return
        assert struct.unpack(">I", data[end - 4 : end])[0] == crc32(data[at : end - 4])
        yield data[at + 2 : end - 4]
        at = end


def test_an_earlier_version_reads_the_readings_and_takes_the_end_for_torn():
    def life(flash):
        log = opened(FileStore("/board", flash))
        for number in range(20):
            log.append(quantities(number))
        (name,) = log.segments()
        read = list(frames_of_an_earlier_version(FileStore("/board").read(name)))
        assert read[:-1] == log.since(0, 100) and read[-1] is None
        while len(log.segments()) == 1:
            log.append(quantities(1))
        read = list(frames_of_an_earlier_version(FileStore("/board").read(name)))
        assert len(read) > 70 and read[-1] is None, "a full segment too"

    on_new_flash(life)
