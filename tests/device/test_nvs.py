"""Keys in the ESP32's NVS: the key store on the model of `esp32.NVS`, and the model's own promises."""

import os
import sys
from binascii import hexlify

from check import raises
from emulated import nvs
from rig import Board, Issuer, PowerCut, RamStore, provision
from seal import p256
from seal.device import DAMAGED, PROVISIONED, Device
from seal.errors import BadKey, Refused, StateDamaged, StorageFull
from seal.owner import Owner

for folder in list(sys.path):
    if folder.endswith("boards"):
        sys.path.insert(0, folder + "/emulated/esp32")  # before `boards`, where `esp32` is a board's folder

import esp32  # noqa: E402
from keystore.nvs import NvsKeyStore  # noqa: E402
from keystore.sealed import SealedKeyStore  # noqa: E402

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


class Counted:
    """The records of a key store, whose writes count among those of the board's other flash."""

    def __init__(self, records, store):
        self._records, self._change = records, store._change
        self.read = records.read

    def write(self, name, data):
        late = self._change()
        self._records.write(name, data)
        if late:
            raise PowerCut()

    def remove(self, name):
        late = self._change()
        self._records.remove(name)
        if late:
            raise PowerCut()


def switched_on(files, sealed):
    """A device with its keys in NVS, on a flash of these files."""
    store = RamStore(files)
    board = Board(store)
    board.keystore = SealedKeyStore(bytes(38)) if sealed else NvsKeyStore()
    board.keystore._engine = "plain"
    board.keystore._store = Counted(board.keystore._store, store)
    device = Device(board)
    device.load()
    return device


def rotation_with_a_cut(flash, issuer, start, sealed, number, late):
    """(how many rotations there are after a cut at this write, whether it came). start: files, content of NVS."""
    with open(flash.path, "wb") as file:
        file.write(start[1])
    flash.restart()
    device, cut = switched_on(start[0], sealed), True
    command = issuer.command(device, "rotate", bytes(32))
    device.board.store.cut_after(number, late)
    try:
        Owner(device).command(command)
        cut = False
    except PowerCut:
        pass
    flash.restart()
    again = switched_on(device.board.store.files, sealed)
    assert again.state == PROVISIONED and again.device_id == device.device_id, (number, late)
    rotations = again.rotations()
    assert again.standing.check_peer(again.chain, rotations).public == again.public
    assert not rotations or not again.board.keystore.has(1 - again.slot()), "one key"
    Owner(again).command(issuer.command(again, "rotate", bytes(32)))
    assert len(again.rotations()) == len(rotations) + 1
    return len(rotations), cut


def test_rotation_is_cut_at_every_write():
    for sealed in (False, True):
        with Flash() as flash:
            issuer, device = Issuer(), switched_on({}, sealed)
            provision(device, issuer)
            with open(flash.path, "rb") as file:
                start = device.board.store.files, file.read()
            for late in (False, True):
                number, cut, seen = 0, True, []
                while cut:
                    number += 1
                    count, cut = rotation_with_a_cut(flash, issuer, start, sealed, number, late)
                    seen.append(count)
                assert number > 6 and seen == sorted(seen) and (seen[0], seen[-1]) == (0, 1), seen
