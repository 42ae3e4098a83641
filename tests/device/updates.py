"""Updates without a board: a chip that records calls, slots in a temporary folder, signed manifests."""

import os

import loader
from rig import Board, Issuer, RamStore, policy, provisioned
from seal import compat, cose, labels
from seal.compat import sha256
from seal.device import Device
from seal.firmware import Firmware
from seal.manifest import Manifest
from seal.staging import make_folder, walk
from seal.update import Updater


class Reset(BaseException):
    """The chip was reset."""


class Chip:
    """The loader's view of a chip. `fed`: how often its watchdog was fed; None: it never ran."""

    fed = None

    def reset(self):
        raise Reset()

    def WDT(self, timeout):
        assert 1000 <= timeout <= 8388, "an RP2 has no longer watchdog"
        self.fed = 0
        return self

    def feed(self):
        self.fed += 1


def boot(root, chip=None):
    """(Slots, additions to sys.path) of a boot."""
    import sys

    before = list(sys.path)
    loader.choose(root, chip or Chip())
    added = [entry for entry in sys.path if entry not in before]
    sys.path[:] = before
    return loader.slots, added[0] if added else None


def new_root():
    root = "slots-" + compat.hexlify(os.urandom(6)) + ".tmp"
    os.mkdir(root)
    return root


def remove(root):
    for path, size in list(walk(root)):
        if size is None:
            os.rmdir(path)
        else:
            os.remove(path)
    os.rmdir(root)


FILES = {"board.mpy": b"board" * 50, "seal/app.mpy": b"app" * 300, "seal/p256/curve.mpy": b"curve" * 10}

# one level, LMS_SHA256_M24_H5 with LMOTS_SHA256_N24_W8 (RFC 9858 appendix A.1): a key nobody here can sign with
HSS_KEY = bytes.fromhex(
    "000000010000000a00000008202122232425262728292a2b2c2d2e2f2c571450aed99cfb4f4ac285da14882796618314508b12d2"
)


def claims(files, version=1, **changes):
    """The payload of a firmware message. changes: model, arch."""
    listed = [[path, len(files[path]), sha256(files[path])] for path in sorted(files)]
    return {1: changes.get("model", "rig"), 2: version, 3: "1.0", 4: changes.get("arch", compat.arch()), 5: listed}


def manifest(issuer, files, version=1, **changes):
    """A firmware message of the issuer's owner. changes: model, arch, signer."""
    signer = changes.get("signer", issuer.owner)
    return signer.sign(labels.FIRMWARE_UPDATE, claims(files, version, **changes))[0]


def updater(device, root, chip=None):
    """(Firmware, Updater) of a device after a boot."""
    slots, _ = boot(root, chip)
    firmware = Firmware(device, slots)
    return firmware, Updater(device, firmware)


def words(raw):
    """The item of `begin` for a firmware message."""
    return [len(raw), cose.digest_of(raw), raw[-64:]]


def begin(taker, raw, piece=150, item=None):
    """Send what is missing of a firmware message; the size of each file so far. item: of `begin`, if not its own."""
    found = taker.begin(item or words(raw))
    while not isinstance(found, list):
        found = taker.manifest([found, raw[found : found + piece]])
    return found


def checked(path):
    """The manifest in a file."""
    found = Manifest(path)
    found.check()
    return found


def install(folder, raw, files):
    """A complete slot."""
    contents = dict(files)
    contents["manifest"] = raw
    for path in sorted(contents):
        parts = path.split("/")
        for end in range(len(parts)):
            make_folder("/".join([folder] + parts[:end]))
        with open(folder + "/" + path, "wb") as file:
            file.write(contents[path])


def send(taker, raw, files, piece=200):
    """Send the missing bytes of `files`; returns their number."""
    sent, there = 0, begin(taker, raw)
    for index, path in enumerate(sorted(files)):
        at = there[index]
        while at < len(files[path]):
            data = files[path][at : at + piece]
            at = taker.write([index, at, data])
            sent += len(data)
    return sent


def rebooted(store, clock):
    """The device after a reset."""
    device = Device(Board(RamStore(store.files), clock))
    device.load()
    return device


WELL = {"curve": True, "entropy": True, "store": True, "state": True, "sensor x": 13}


def with_slots(test):
    """A test of (root, issuer, device): a folder for slots, and a provisioned device."""

    def run():
        root = new_root()
        try:
            issuer = Issuer()
            test(root, issuer, provisioned(issuer, policy()))
        finally:
            remove(root)

    return run


def contents(folder):
    """Path -> content of every file below a folder."""
    found = {}
    for path, size in walk(folder):
        if size is not None:
            with open(path, "rb") as file:
                found[path[len(folder) + 1 :]] = file.read()
    return found
