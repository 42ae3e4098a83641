"""Keys in the ESP32's NVS: the key store on the model of `esp32.NVS`, and the model's own promises."""

import os
import sys
from binascii import hexlify

from check import raises
from emulated import nvs
from rig import Board, Issuer, provision
from seal import p256
from seal.device import DAMAGED, PROVISIONED, Device
from seal.errors import BadKey, Refused, StateDamaged, StorageFull

for folder in list(sys.path):
    if folder.endswith("boards"):
        sys.path.insert(0, folder + "/emulated/esp32")  # before `boards`, where `esp32` is a board's folder

import esp32  # noqa: E402
from keystore.nvs import NvsKeyStore  # noqa: E402

DIGEST = bytes(range(32))


class Flash:
    """A partition in a file of its own, which `esp32.NVS` opens; gone afterwards."""

    def __enter__(self):
        self.path = (os.getenv("TMPDIR") or "/tmp") + "/sealwright-" + hexlify(os.urandom(8)).decode()
        return self.restart()

    def restart(self):
        """Power off and on."""
        esp32._partition = nvs.Partition(self.path)
        return self

    def __exit__(self, *_):
        try:
            os.remove(self.path)
        except OSError:
            pass  # nothing was committed


def test_key_survives_power_cycle():
    with Flash() as flash:
        keys = NvsKeyStore(engine="plain")
        assert keys.custody == 0 and not keys.has(0)
        raises(BadKey, keys.sign, 0, DIGEST)
        public = keys.generate(0, os.urandom)
        raises(Refused, keys.generate, 0, os.urandom)
        flash.restart()
        again = NvsKeyStore(engine="plain")
        assert again.public(0) == public
        assert p256.verify(public, DIGEST, again.sign(0, DIGEST))


def test_wiped_key_is_absent():
    with Flash() as flash:
        keys = NvsKeyStore(engine="plain")
        keys.wipe(0)
        keys.generate(0, os.urandom)
        keys.wipe(0)
        flash.restart()
        assert not NvsKeyStore(engine="plain").has(0)
        keys.generate(0, os.urandom)


def test_damaged_record_is_not_an_empty_slot():
    with Flash():
        keys = NvsKeyStore(engine="plain")
        keys.generate(0, os.urandom)
        esp32.NVS("seal").set_blob("key-0", b"SWK1" + bytes(101))
        raises(StateDamaged, keys.has, 0)
        raises(StateDamaged, keys.generate, 0, os.urandom)
        esp32.NVS("seal").set_blob("key-0", bytes(129))  # longer than any record
        raises(OSError, keys.has, 0)


def test_full_partition_refuses_key_and_keeps_old_entries():
    with Flash():
        other = esp32.NVS("wifi")
        for n in range((nvs.PAGES - 1) * nvs.ENTRIES):
            other.set_i32("k%d" % n, n)
        raises(StorageFull, NvsKeyStore(engine="plain").generate, 0, os.urandom)
        assert other.get_i32("k7") == 7
        for n in range(6):  # a key's record takes six entries, counted once more before the old ones are reclaimed
            other.erase_key("k%d" % n)
        NvsKeyStore(engine="plain").generate(0, os.urandom)


def provisioned_board():
    board = Board()
    board.keystore = NvsKeyStore(engine="plain")
    device = Device(board)
    device.load()
    provision(device, Issuer())
    return board


def test_nvs_erased_at_start_locks_device():
    with Flash() as flash:
        board = provisioned_board()
        esp32._partition.used = nvs.PAGES * nvs.ENTRIES  # no page is free: what an interrupted reclaim leaves
        esp32.NVS("wifi").commit()
        flash.restart()
        board.keystore = NvsKeyStore(engine="plain")
        again = Device(board)
        again.load()
        assert again.state == DAMAGED and isinstance(again.fault, StateDamaged)
        assert not board.keystore.has(0)  # and it made itself no other


def test_free_page_keeps_all_entries():
    with Flash() as flash:
        board = provisioned_board()
        esp32._partition.used = (nvs.PAGES - 1) * nvs.ENTRIES
        esp32.NVS("wifi").commit()
        flash.restart()
        board.keystore = NvsKeyStore(engine="plain")
        again = Device(board)
        again.load()
        assert again.state == PROVISIONED


def test_model_keeps_committed_entries_only():
    with Flash() as flash:
        space = esp32.NVS("a")
        space.set_i32("n", -5)
        space.set_blob("b", b"\x00\xff")
        space.commit()
        space.set_i32("n", 6)
        space.erase_key("b")
        flash.restart()
        space = esp32.NVS("a")
        assert space.get_i32("n") == -5
        buffer = bytearray(2)
        assert space.get_blob("b", buffer) == 2 and buffer == b"\x00\xff"
        assert raises(OSError, esp32.NVS("b").get_i32, "n").args[0] == -4354


def test_model_raises_like_port():
    with Flash():
        space = esp32.NVS("a")
        space.set_i32("n", 1)
        space.set_blob("b", b"123")
        cases = (
            (-0x1102, lambda: space.get_i32("none")),
            (-0x1102, lambda: space.erase_key("none")),
            (-0x1103, lambda: space.get_i32("b")),
            (-0x1103, lambda: space.get_blob("n", bytearray(9))),
            (-0x1109, lambda: space.set_i32("k" * 16, 1)),
            (-0x1106, lambda: esp32.NVS("")),
            (-0x110C, lambda: space.get_blob("b", bytearray(2))),
        )
        for code, call in cases:
            assert raises(OSError, call).args[0] == code
        raises(OverflowError, space.set_i32, "n", 1 << 31)
