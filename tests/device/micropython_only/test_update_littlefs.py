"""A whole update on a real LittleFS whose power goes at every operation of its flash: the old or the new version runs,
whole, the device is who it was, and the update can be brought to its end."""

import gc
import os

import littlefs
from littlefs import cut_everywhere, mounted, read, write
from rig import Board, Clock, Issuer, policy, provision
from seal.device import PROVISIONED, Device
from seal.firmware import FLOOR, Firmware
from seal.staging import walk
from seal.store import FileStore
from updates import WELL, begin, boot, install, manifest, send, updater

littlefs.BLOCKS = 40
PATH = "update-" + os.urandom(6).hex() + ".tmp"
ROOT = "/board"
OLD = {"board.mpy": b"old" * 50, "seal/app.mpy": b"old!" * 200}
NEW = {"board.mpy": b"new" * 60, "seal/app.mpy": b"new!" * 300, "wiring.mpy": b"w" * 20}
ISSUER = Issuer()
RAW = {1: manifest(ISSUER, OLD, 1), 2: manifest(ISSUER, NEW, 2)}
FILES = {1: OLD, 2: NEW}
WHO = []


def started():
    """The device after a start."""
    device = Device(Board(FileStore(ROOT + "/state"), Clock()))
    device.load()
    assert device.state == PROVISIONED, device.fault
    assert device.device_id == WHO[0]
    return device


def prepare(flash):
    """A provisioned device that runs version 1 in slot a, and an older one in slot b."""
    device = Device(Board(FileStore(ROOT + "/state"), Clock()))
    device.load()
    provision(device, ISSUER, policy())
    WHO.append(device.device_id)
    for slot, raw, files in (("b", b"older", OLD), ("a", RAW[1], OLD)):
        install(ROOT + "/" + slot, raw, files)
    boot(ROOT)[0].activate("a")
    Firmware(device, boot(ROOT)[0]).settle()


def stage(flash):
    """A life in which the update is sent and committed."""
    _, taker = updater(started(), ROOT)
    send(taker, RAW[2], NEW, 400)
    taker.commit(None)


def trial(flash):
    """The life after it: the new version is good."""
    firmware, _ = updater(started(), ROOT)
    firmware.confirm(WELL)


def running():
    """(Firmware) of a start, after a check that what runs is whole."""
    device = started()
    firmware, taker = updater(device, ROOT)
    folder = ROOT + "/" + firmware.slots.slot
    files = FILES[firmware.version]
    for name in files:
        assert read(folder + "/" + name) == files[name], "a file of version %d is not whole" % firmware.version
    there = [path for path, size in walk(folder) if size is not None]
    assert len(there) == len(files) + 1, there
    return firmware, taker


def boot_until_confirmed(found):
    """Boot without cuts until version 2 is confirmed; the version of the first boot goes into `found`."""

    def look(flash):
        firmware, taker = running()
        found.append((firmware.version, firmware.slots.on_trial, firmware.record()[FLOOR]))
        if firmware.slots.on_trial:
            firmware.confirm(WELL)
        elif firmware.version == 1:
            send(taker, RAW[2], NEW, 400)
            taker.commit(None)

    def end(flash):
        firmware, _ = running()
        assert firmware.version == 2
        firmware.confirm(WELL)
        firmware.settle()
        assert not firmware.slots.on_trial and firmware.record()[FLOOR] == 2

    assert not mounted(PATH, look)
    assert not mounted(PATH, end)


def cut_at_every_operation(life, step):
    """What ran after each `step`-th operation of `life` was cut."""
    found = []
    for _ in cut_everywhere(PATH, life, step=step):
        boot_until_confirmed(found)
    return found


def prepared():
    del WHO[:]
    littlefs.format(PATH)
    assert not mounted(PATH, prepare)


def test_cuts_while_update_is_sent():
    prepared()
    found = cut_at_every_operation(stage, 3)
    os.remove(PATH)
    versions = [version for version, _, _ in found]
    assert set(versions) == {1, 2} and versions.count(1) > versions.count(2)
    assert all(on_trial == (version == 2) and floor == 1 for version, on_trial, floor in found)


def test_cuts_while_trial_begins_and_is_confirmed():
    prepared()
    assert not mounted(PATH, stage)
    found = cut_at_every_operation(trial, 1)
    os.remove(PATH)
    assert len(found) > 12 and {version for version, _, _ in found} == {2}
    assert {on_trial for _, on_trial, _ in found} == {True, False}
    assert {floor for _, _, floor in found} == {1, 2}


def test_cuts_while_bad_version_is_rolled_back():
    prepared()
    assert not mounted(PATH, stage)
    for _ in range(3):
        assert not mounted(PATH, lambda flash: boot(ROOT))
    found = []

    def look(flash):
        firmware, _ = running()
        found.append((firmware.version, firmware.slots.rolled_back))

    for _ in cut_everywhere(PATH, lambda flash: boot(ROOT)):
        assert not mounted(PATH, look)
    os.remove(PATH)
    assert len(found) > 6 and set(found) == {(1, 2)}


def test_every_trial_boot_is_counted_despite_power_cuts():
    """A trial runs at most its number of boots, despite any number of power cuts."""
    prepared()
    assert not mounted(PATH, stage)
    before = read(PATH)
    for part in (0, 7, 16):
        for operation in range(1, 12):
            write(PATH, before)
            tried = []

            def cut_boot(flash):
                flash.cut_after(operation, part)
                if boot(ROOT)[0].on_trial:
                    tried.append(True)

            for _ in range(30):
                mounted(PATH, cut_boot)
                gc.collect()
            assert len(tried) <= 3, (part, operation, len(tried))
    os.remove(PATH)


def test_unconfirmed_version_may_be_installed_again():
    """Power that goes while it is confirmed, and a trial that then runs out: the floor has not risen."""
    prepared()
    assert not mounted(PATH, stage)
    ran = []

    def again(flash):
        firmware, taker = running()
        ran.append(firmware.version)
        if firmware.version == 1:
            begin(taker, RAW[2])

    for _ in cut_everywhere(PATH, trial, (8,)):
        for _ in range(3):
            assert not mounted(PATH, lambda flash: boot(ROOT))
        assert not mounted(PATH, again)
    os.remove(PATH)
    assert ran == sorted(ran) and set(ran) == {1, 2}
