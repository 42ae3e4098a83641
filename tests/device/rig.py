"""Real parts put together without a board: a store in RAM that can lose power, a settable clock, an issuer.

Each test generates its keys; nothing here replaces code under test.
"""

import gc
import os

from keystore.software import SoftwareKeyStore
from seal import cose, identity, labels, rpc
from seal.compat import ticks_add
from seal.device import Device
from seal.entropy import Pool
from seal.peers import Peers
from seal.provision import Provisioner
from seal.records import IDENTITY_LEDGER, IDENTITY_RECORD

NOW = 1_790_000_000
NETWORK = bytes(range(32))


class PowerCut(BaseException):
    """Power loss. A BaseException, so that no handler of errors catches it."""


class RamStore:
    """Port Store in RAM. `cut_after(n)` loses power at the n-th change from now: before it, or after it."""

    def __init__(self, files=None):
        self.files = dict(files or {})
        self.changes = 0
        self._cut = None
        self._late = False

    def cut_after(self, count, late=False):
        self._cut, self._late = count, late

    def _change(self):
        self.changes += 1
        if self._cut is None:
            return False
        self._cut -= 1
        if self._cut > 0:
            return False
        if self._cut < 0 or not self._late:
            raise PowerCut()
        return True

    def read(self, name):
        return self.files.get(name)

    def read_at(self, name, at, size):
        return self.files.get(name, b"")[at : at + size]

    def size(self, name):
        return len(self.files.get(name, b""))

    def create_ahead(self, name, blocks):
        return False

    def is_ahead(self, name):
        return False

    def write(self, name, data):
        last = self._change()
        self.files[name] = bytes(data)
        if last:
            raise PowerCut()

    def append(self, name, data):
        self.write(name, self.files.get(name, b"") + data)

    def remove(self, name):
        last = self._change()
        self.files.pop(name, None)
        if last:
            raise PowerCut()

    def names(self):
        return sorted(self.files)

    def free_blocks(self):
        return 352 - len(self.files)


class Clock:
    def __init__(self, unix=NOW, quality=labels.CLOCK_NETWORK):
        self.unix = unix
        self.quality = quality

    def now(self):
        return self.unix

    def set(self, unix, quality):
        self.unix, self.quality = unix, quality


class Entropy:
    sources = (os.urandom,)
    extras = ()


class Button:
    down = False

    def pressed(self):
        return self.down


class Sleeper:
    """Sleeps in no time; `slept` has the milliseconds. The test sets what wakes the board."""

    def __init__(self):
        self.slept = []
        self.is_woken = False
        self.rises = 0

    def light(self, ms):
        self.slept.append(ms)
        return self.is_woken

    def rise(self):
        self.rises += 1


class Counter:
    """A sensor and meter with a count that the test moves."""

    model = "counter"

    def __init__(self, joules=0):
        self.joules = joules

    def read(self):
        return [("temperature", "Cel", -2, -512), ("energy", "J", 0, self.joules)]

    def look(self):
        return [("energy", "J", 0, self.joules)]

    def restore(self, joules):
        self.joules = max(self.joules, joules)


class Thermometer:
    """A sensor that counts nothing."""

    model = "thermometer"

    def read(self):
        return [("temperature", "Cel", -2, -512)]


class PeerLink:
    address = "tcp:127.0.0.1:1"


class Board:
    """Port Board, over a store that survives it."""

    model = "rig"
    radio = None
    command_links = ()
    console = None
    uplink = None

    def __init__(self, store=None, clock=None, joules=0):
        self.store = store if store is not None else RamStore()
        self.clock = clock or Clock()
        self.entropy = Entropy()
        self.keystore = SoftwareKeyStore(self.store, engine="plain")
        self.meter = Counter(joules)
        self.sensors = [self.meter]
        self.button = Button()
        self.sleeper = Sleeper()
        self.peer_links = [PeerLink()]


class Issuer:
    """A network's root, and the owner of all its devices."""

    def __init__(self, network=NETWORK):
        self.network = network
        self.keys = SoftwareKeyStore(RamStore(), engine="plain")
        pool = Pool(Entropy.sources)
        self.public = self.keys.generate(0, pool.random)
        self.owner_public = self.keys.generate(1, pool.random)
        self.signer = cose.Signer(self.keys, 0, identity.kid(identity.device_id(self.public)))
        self.owner = cose.Signer(self.keys, 1, identity.kid(identity.device_id(self.owner_public)))
        self.root = self.certificate(self.public, may_issue=3)
        self._commands = 0

    def certificate(self, public, **changes):
        """A certificate for `public`. changes: may_issue, exp, network, custody, issuer (64 bytes), signer."""
        claims = {
            labels.ISS: identity.did_key(changes.get("issuer", self.public)),
            labels.SUB: identity.did_key(public),
            labels.IAT: NOW,
            labels.CTI: os.urandom(16),
            labels.CNF: {1: identity.cose_key(public)},
            labels.UEID: identity.ueid(identity.device_id(public)),
            labels.CUSTODY: changes.get("custody", 0),
            labels.MODEL: "rig",
            labels.NETWORK: changes.get("network", self.network),
        }
        if "may_issue" in changes:
            claims[labels.MAY_ISSUE] = changes["may_issue"]
        if "roles" in changes:
            claims[labels.ROLES] = changes["roles"]
        if "exp" in changes:
            claims[labels.EXP] = changes["exp"]
        return changes.get("signer", self.signer).sign(labels.CERTIFICATE, claims)[0]

    def grant(self, public, nonce, policy=None, chain=None, time=NOW):
        claims = {
            1: identity.device_id(public),
            2: chain or [self.certificate(public), self.root],
            3: identity.cose_key(self.owner_public),
            4: self.network,
            5: time,
            labels.NONCE: nonce,
        }
        if policy:
            claims[6] = policy
        return self.signer.sign(labels.GRANT, claims)[0]

    def command(self, device, op, value=None, seq=None):
        """An owner's command to the device, with the next number."""
        self._commands += 1
        claims = {1: device.device_id, 2: seq or self._commands, 3: op}
        if device.now() is not None:
            claims[labels.COMMAND_NOT_AFTER] = device.now() + 600
        elif device.log:
            claims[labels.COMMAND_STATUS] = cose.parse(device.standing.status(bytes(32))).digest
        if value is not None:
            claims[4] = value
        return self.owner.sign(labels.COMMAND, claims)[0]


def policy(per_voucher=1000, per_day=100000, **more):
    """A spending policy for nEUR. more: payees, button, not_after."""
    made = {1: {"nEUR": {1: per_voucher, 2: per_day}}}
    for key, name in ((2, "payees"), (3, "button"), (4, "not_after")):
        if name in more:
            made[key] = more[name]
    return made


def provisioned(issuer, spending=None, **parts):
    """A provisioned Device on a new Board (parts: store, clock, joules)."""
    device = Device(Board(**parts))
    device.load()
    provision(device, issuer, spending)
    return device


def provision(device, issuer, spending=None):
    device.peers = Peers(device)
    provisioner = Provisioner(device)
    nonce = os.urandom(32)
    provisioner.evidence(nonce)
    provisioner.grant(issuer.grant(device.public, nonce, spending))


def with_ledger(issuer, *devices):
    """Give devices the network's ledger, as a grant does; returns (its Signer, its id)."""
    keys = SoftwareKeyStore(RamStore(), engine="plain")
    public = keys.generate(0, Pool(Entropy.sources).random)
    chain = [issuer.certificate(public, roles=labels.ROLE_LEDGER), issuer.root]
    for device in devices:
        record = dict(device.journal.get(IDENTITY_RECORD))
        record[IDENTITY_LEDGER] = chain
        device.journal.put(IDENTITY_RECORD, record)
        device.load()
    ledger = identity.device_id(public)
    return cose.Signer(keys, 0, identity.kid(ledger)), ledger


def restarted(device):
    """A new board with the same flash, as after a power cut."""
    gc.collect()  # several devices share one heap here, which a board never does
    board = Board(RamStore(device.board.store.files), Clock(device.board.clock.unix, device.board.clock.quality))
    again = Device(board)
    again.peers = Peers(again)
    again.load()
    return again


def pass_time(device, seconds):
    """The device stays up for so long, up to 6 days, and its clock goes on."""
    before = device.days.ticks
    device.board.clock.unix += seconds
    device.days.ticks = lambda: ticks_add(before(), seconds * 1000)
    device.days.advance()


class Loopback:
    """A client that calls a handler table directly, through real frames."""

    def __init__(self, handlers):
        self.handlers = handlers
        self.calls = []

    async def call(self, kind, item):
        from seal import link

        self.calls.append(kind)
        _, kind, item = link.unpack(link.pack(1, kind, item)[:-1])
        reply, result = rpc.answer(self.handlers, kind, item)
        _, reply, result = link.unpack(link.pack(1, reply, result)[:-1])
        if reply == rpc.ERROR:
            raise rpc.PeerError(result[0])
        return result
