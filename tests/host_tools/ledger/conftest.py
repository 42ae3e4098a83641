"""A network with two devices, an owner and an empty ledger, for tests of the ledger."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sealwright.ledger import Ledger
from sealwright.verify import hash_times
from sealwright.wire.messages import Owned, Status, Ticks, Transfer, sign_message

from tests.host_tools.factory import DAY, NOW, Device, Network, Owner, hash32, key
from tests.host_tools.ledger.behind import is_file
from tests.host_tools.postgres import name_in, server

OF_VERSION_2 = (  # what makes a file of it
    "DROP TABLE transfers",
    "DROP TABLE obeyed",
    "DROP INDEX entries_by_account",
    "DROP INDEX channels_by_asset",
    "PRAGMA user_version = 2",
)


@dataclass
class World:
    """path: the ledger's file, or a URL. `at` is what the ledger's clock says; move it as you like."""

    path: Path | str
    network: Network = field(default_factory=Network)
    at: float = NOW

    def __post_init__(self):
        self.payer: Device = self.network.device("payer")
        self.payee: Device = self.network.device("payee")
        self.owner: Owner = self.network.owner()
        self.identity = self.network.ledger()
        self.certificates = [self.payer.certificate.raw, self.payee.certificate.raw]

    def ledger(self, **changes):
        given = {
            "owners": [self.owner.key.public],
            "clock": lambda: self.at,
            "patience": 0.2,
            "longest_pause": None,
            **changes,
        }
        given.setdefault("identity", self.identity)
        return Ledger(self.path, [self.network.root], **given)

    def codes(self, ledger, messages, **more):
        """The codes in the order of the messages: a verdict that waits comes last."""
        verdicts = list(ledger.settle(map(raw_of, messages), **more))
        return [verdict.code for verdict in sorted(verdicts, key=lambda verdict: verdict.n)]

    def funded(self, amount=1000):
        """A ledger with certificates and an amount on the payer's account."""
        ledger = self.ledger()
        assert ledger.deposit(self.owner.deposit(self.payer, amount).raw).code == "ok"
        assert self.codes(ledger, self.certificates) == ["ok", "ok"]
        return ledger

    def opened(self, capacity=1000, **terms):
        """A funded ledger and an open channel in it."""
        ledger = self.funded(capacity)
        channel = self.payer.open(self.payee, capacity, **terms)
        assert self.codes(ledger, [channel]) == ["ok"]
        return ledger, channel


def raws(messages):
    return [raw_of(message) for message in messages]


def raw_of(message):
    return message if isinstance(message, bytes) else message.raw


def holds(ledger, device):
    """The device's balance in credit."""
    found = [b.amount for b in ledger.balances() if (b.kind, b.name, b.asset) == ("device", device.id, "credit")]
    return found[0] if found else 0


def pytest_generate_tests(metafunc):
    """Every test of a `world` runs over both engines, unless it is marked as one of either."""
    if "engine" in metafunc.fixturenames:
        marked = [engine for engine in ENGINES if metafunc.definition.get_closest_marker(engine)]
        engines = marked or ENGINES
        metafunc.parametrize("engine", engines, indirect=True, scope="module")


@pytest.fixture(scope="module")
def engine(request):
    return request.param


@pytest.fixture
def place(engine, tmp_path):
    """Where a new ledger is to be: a path or a URL."""
    if engine == "sqlite":
        yield tmp_path / "ledger.db"
        return
    url = server().database()
    yield url
    server().drop(url)


@pytest.fixture
def world(place):
    return World(place)


ENGINES = ["sqlite", "postgres"]
ROWS = 25  # of the sound ledger's log
FIRST_VOUCHER = 14  # its row


@pytest.fixture(scope="module")
def sound(engine, tmp_path_factory):
    """A world whose ledger has a row of every kind in every table, closed; copy it before you break it."""
    file = engine == "sqlite"
    world = traded(World(tmp_path_factory.mktemp("sound") / "ledger.db" if file else server().database()))
    with world.ledger() as ledger:
        assert ledger.head().n == ROWS and ledger.audit().ok
    return world


def traded(world):
    """The world after a little of everything that a ledger takes."""
    ledger, channel = world.opened(500)  # rows 1 to 6, with the ledger's certificate and funding
    other = world.payer.open(world.payee, 20, nonce=bytes(16))
    root = hash_times(hash32("s"), 5)
    ticking = world.payer.voucher(channel, 40, lane=3, ticks=Ticks(root, 2, 5))
    pay = world.payer.voucher
    bundle = [
        world.owner.deposit(world.payee, 50),
        world.owner.deposit(world.payer, 30),
        other,
        world.network.grant(world.payee),
        world.owner.withdraw(world.payee, 10),
        world.network.revoke(world.network.device("lost")),
        pay(channel, 10),
        pay(channel, 30, seq=2),
        pay(channel, 29, seq=2),
        ticking,
        world.payee.close(other),
        world.payee.close(other, claims=()),
    ]
    assert world.codes(ledger, bundle) == ["ok"] * 8 + ["equivocation", "ok", "ok", "equivocation"]
    assert world.codes(ledger, [ticking], ticks={root: (5, hash32("s"))}) == ["ok"]
    world.at = NOW + 3 * DAY
    assert ledger.refund_ended() == 1
    assert world.codes(ledger, [world.payer.close(channel)]) == ["ok"]
    assert world.codes(ledger, sold_twice(world)) == ["ok", "equivocation", "ok"]
    ledger.close()
    return world


def sold_twice(world):
    """The payee's owner gives it to two others, and the device says which one it obeys."""
    device, old, others = world.payee, world.owner.key, (key("buyer").public, key("other").public)
    gives = [sign_message(old, Transfer(device.id, 1, old.public, new, NOW)) for new in others]
    owned = Owned(1, others[0].device_id)
    return [*gives, sign_message(device.key, Status(device.id, hash32("nonce"), 1, 0, None, NOW, 3, "1.0", owned))]


@pytest.fixture
def copy(sound, tmp_path):
    if not is_file(sound.path):
        url = server().database(name_in(sound.path))
        yield url
        server().drop(url)
        return
    path = tmp_path / "copy.db"
    shutil.copy(sound.path, path)
    yield path
