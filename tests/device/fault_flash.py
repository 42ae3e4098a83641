"""Rows of `faults`: a flash that is full, and a bit of each file that rots."""

import os

import littlefs
from fault_rig import STATES, ask, board_on, hold, loaded, made, name_of, outcome
from littlefs import mounted
from rig import NOW, RamStore, Thermometer, policy
from seal import cose, segments
from seal.device import DAMAGED, PROVISIONED
from seal.owner import Owner
from seal.store import FileStore
from trades import connect, units

PATH = "faults-" + os.urandom(6).hex() + ".tmp"
FILES = (
    ("the key", "key-0"),
    ("the journal's index", "j-index"),
    ("the identity", "j-identity"),
    ("the owner's settings", "j-owner"),
    ("the grant's time", "j-clock"),
    ("the reserved numbers", "j-readings"),
    ("the order", "j-order"),
    ("a channel as the payer", "j-o-"),
    ("a channel as the payee", "j-i-"),
    ("the noise of the last start", "j-noise"),
    ("trusted time", "j-trusted"),
)
STEP = 1  # bytes from one that rots to the next that is tried
_WORLD = []


def full(is_reading):
    """The flash is full while the device takes readings, or promises."""

    def run():
        littlefs.BLOCKS = 40
        littlefs.format(PATH)
        found = []

        def life(flash):
            device, told = made(board_on(FileStore("/board", flash)))
            told.reading(device.sample()[0])
            fill()
            if is_reading:
                error = None
                for _ in range(200):
                    error = error or outcome(lambda: told.reading(device.sample()[0]))
            else:
                error = None
                large = policy(7, payees=[bytes((number,)) * 32 for number in range(60)])  # more than fits beside names
                for _ in range(200):
                    error = error or outcome(ask, device, "policy", large)
            clear()
            hold(device, told, board_on(FileStore("/board", flash)))
            found.append(error)

        try:
            assert not mounted(PATH, life)
        finally:
            os.remove(PATH)
        return "%s; the record before it stays; it goes on once there is room" % found[0]

    return run


def fill():
    """Files of a block until LittleFS takes no more."""
    try:
        for number in range(100):
            with open("/board/filler%d" % number, "wb") as file:
                file.write(b"\x5a" * 4000)
    except OSError:
        pass


def clear():
    for name in os.listdir("/board"):
        if name.startswith("filler"):
            os.remove("/board/" + name)


def world():
    """The files of a device that has a key, an identity, readings, and a channel on each side; and what it told."""
    if not _WORLD:
        device, told = made()
        other, _ = made()
        for buying, selling in ((device, other), (other, device)):
            trade(buying, selling)
        ask(device, "clock", NOW)
        for _ in range(6):
            told.reading(device.sample()[0])
        _WORLD.append((device.board.store.files, told))
    return _WORLD[0]


def trade(buying, selling):
    sensors, buying.board.sensors = buying.board.sensors, [Thermometer()]
    ask(selling, "offer", ["nEUR", "J", 3])
    wanted = {1: "tcp:127.0.0.1:1", 2: selling.device_id, 3: "nEUR", 4: "J", 5: 30, 7: 0}
    ask(buying, "trade", wanted)
    session, _ = connect(buying, selling)
    units(session, selling, 3)
    buying.board.sensors = sensors


def rotten(prefix, is_missing=False):
    """One bit of the file, at each of its bytes in turn, STEP apart; or the whole file."""

    def run():
        files, told = world()
        (name,) = [name for name in files if name.startswith(prefix)]
        states = set()
        for at in range(0, 1 if is_missing else len(files[name]), STEP):
            store = RamStore(files)
            if is_missing:
                store.remove(name)
            else:
                data = bytearray(files[name])
                data[at] ^= 1 << at % 8
                store.files[name] = bytes(data)
            states.add(after(store, told))
        assert len(states) == 1, (name, states)
        return states.pop()

    return run


def after(store, told):
    """What a device does that starts with this store; it signs nothing unless all it told holds."""
    device = loaded(board_on(store))
    if device.state != DAMAGED:
        hold(device, told)
        return "starts, nothing is lost"
    signed = [outcome(device.sample), outcome(Owner(device).command, bytes(99))]
    assert signed == [name_of(device.fault)] * 2, signed
    return "%s: it signs nothing, and answers `info` alone" % STATES[device.state]


def rotten_reading(which):
    """A bit of the segment in a reading that is not the last, or in the last one."""

    def run():
        files, told = world()
        (name,) = [name for name in files if name.startswith(segments.PREFIX)]
        data = files[name]
        whole = loaded(board_on(RamStore(files))).log
        last = len(segments.frame(whole.last))
        did = set()
        for at in range(len(data) - last + 2, len(data)) if which == "last" else range(60, len(data) - last, 97):
            store = RamStore(files)
            store.files[name] = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
            device = loaded(board_on(store))
            if device.state == PROVISIONED:
                seqs = [cose.parse(raw).header[15][-70010] for raw in device.log.since(0, 100)]
                raw, _ = device.sample()
                assert cose.parse(raw).header[15][-70010] > max(told.readings), "a number is given twice"
                assert len(seqs) == whole.seq - 1, "more than that reading is lost"
                did.add("that reading is lost, and its block of numbers skipped: a verifier reports the gap")
            else:
                did.add("damaged: it signs nothing, and answers `info` alone")
        assert len(did) == 1, did
        return did.pop()

    return run


ROWS = [
    ("the flash is full when a reading comes", full(True)),
    ("the flash is full when a promise or a command comes", full(False)),
]
ROWS += [("a bit rots in %s" % what, rotten(prefix)) for what, prefix in FILES]
ROWS += [
    ("%s %s missing" % (what, "are" if what.endswith("s") else "is"), rotten(prefix, True)) for what, prefix in FILES
]
ROWS += [
    ("a bit rots in a stored reading", rotten_reading("inner")),
    ("a bit rots in the newest reading", rotten_reading("last")),
]
