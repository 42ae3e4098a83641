"""Scenarios of `cuts`: an update that is sent, tried and confirmed, and a bad one that is rolled back."""

from cut_scenario import ISSUER, Scenario, provisioned, started
from promises import hold
from seal.firmware import FLOOR, Firmware
from updates import WELL, boot, checked, install, manifest, send, updater

ROOT = "/board"
OLD = {"board.mpy": b"old" * 50, "seal/app.mpy": b"old!" * 200}
NEW = {"board.mpy": b"new" * 60, "seal/app.mpy": b"new!" * 300, "wiring.mpy": b"w" * 20}
FILES = {1: OLD, 2: NEW}
RAW = {version: manifest(ISSUER, files, version) for version, files in FILES.items()}


def read(path):
    try:
        with open(ROOT + path, "rb") as file:
            return file.read()
    except OSError:
        return None


def slot_is_whole(slot, versions):
    """Raise Violation unless the slot is one of these versions, every file of it."""
    checked("%s/%s/manifest" % (ROOT, slot))
    raw = read("/%s/manifest" % slot)
    found = [version for version in versions if RAW[version] == raw]
    hold(found, "slot %s has none of the versions" % slot)
    for path, data in FILES[found[0]].items():
        hold(read("/%s/%s" % (slot, path)) == data, "%s of version %d is not whole" % (path, found[0]))


class Update(Scenario):
    name, again, step = "update", 2, 13

    def before(self, flash, told):
        device = provisioned(flash, told)
        for slot, raw, files in (("b", b"older", OLD), ("a", RAW[1], OLD)):
            install(ROOT + "/" + slot, raw, files)
        boot(ROOT)[0].activate("a")
        Firmware(device, boot(ROOT)[0]).settle()

    def life(self, flash, told):
        firmware, taker = updater(started(flash), ROOT)
        if firmware.version == 1:
            send(taker, RAW[2], NEW, 400)
            taker.commit(None)
            firmware, _ = updater(started(flash), ROOT)
        if firmware.slots.on_trial:
            firmware.confirm(WELL)
        firmware.settle()

    def look(self, device):
        slot, trial = read("/slot"), read("/trial")
        hold(slot in (b"a", b"b"), "slot %r" % slot)
        slot_is_whole(slot.decode(), (1, 2))
        if trial is not None:
            hold(trial.split()[0] == b"b" and trial.split()[2] == b"2", "trial %r" % trial)
            slot_is_whole("b", (2,))
        floor = Firmware(device).floor()
        hold(floor in (1, 2) and (floor == 1 or slot == b"b"), "floor %d in slot %r" % (floor, slot))

    def is_done(self, device):
        firmware = Firmware(device, boot(ROOT)[0])
        assert (firmware.version, firmware.slots.slot, firmware.slots.on_trial) == (2, "b", False)
        assert firmware.record()[FLOOR] == 2


class BadUpdate(Update):
    """A version that is never confirmed: the old one runs again."""

    name, again, step = "rolled back", 1, 5

    def before(self, flash, told):
        super().before(flash, told)
        _, taker = updater(started(flash), ROOT)
        send(taker, RAW[2], NEW, 400)
        taker.commit(None)

    def life(self, flash, told):
        for _ in range(4):
            boot(ROOT)

    def is_done(self, device):
        slots = boot(ROOT)[0]
        assert (slots.slot, slots.on_trial, slots.rolled_back) == ("a", False, 2)


SCENARIOS = [Update(), BadUpdate()]
