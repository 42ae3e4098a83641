"""The device: its state, and the parts that exist in that state.

    blank -> keyed -> provisioned (locked) -> wiped

Missing or damaged data on flash means DAMAGED: the device signs nothing, and only `info` answers.
"""

from . import __version__, identity, labels, protection
from .batch import Batch
from .compat import const
from .cose import Signer
from .days import Days
from .entropy import Pool
from .errors import Refused, SealError, SensorFailed, StateDamaged
from .funding import Fundings
from .journal import Journal
from .payee import Payee
from .payer import Payer
from .reading import ReadingLog
from .rest import Rest
from .senml import count, find_count
from .standing import Standing
from .timekeeping import Timekeeper
from .records import (
    IDENTITY_CHAIN,
    IDENTITY_LEDGER,
    IDENTITY_NETWORK,
    IDENTITY_OWNER,
    IDENTITY_RECORD,
    OWNER_IS_PAUSED,
    OWNER_PROTECTION,
    OWNER_RECORD,
    OWNER_SEQ,
    WIPED_RECORD,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .generation import Generation
    from .ports import Board, Quantity, Record
    from .peers import Peers
    from .seller import Seller
    from .uplink import Uplink

BLANK = const(0)
KEYED = const(1)
PROVISIONED = const(2)
WIPED = const(3)
DAMAGED = const(4)

DEVICE_SLOT = const(0)

DEFAULT_INTERVAL = const(10)  # seconds between readings


class Device:
    """A board with its journal. Call `load` first."""

    public: bytes  # these three from KEYED on
    device_id: bytes
    signer: Signer
    chain: list[bytes]  # and these from PROVISIONED on
    network: bytes
    root: bytes
    owner_key: bytes
    ledger: bytes | None  # id of the network's ledger, where the grant names one
    fundings: Fundings
    days: Days | None  # time for limits per day
    log: ReadingLog
    payer: Payer
    payee: Payee
    generation: "Generation | None"  # of the journal, where a chip counts it
    fault: SealError | None
    uplink: "Uplink | None"
    peers: "Peers | None"
    seller: "Seller | None"

    def __init__(self, board: "Board") -> None:
        self.board = board
        self.journal = Journal(board.store)
        self.standing = Standing(self)
        self.timekeeper = Timekeeper(self)
        self.pool = Pool(board.entropy.sources, board.entropy.extras, self.journal)
        self.state = DAMAGED
        self.fault = None
        self.public = self.device_id = self.signer = None
        self.chain = self.network = self.root = self.owner_key = self.ledger = None
        self.log = self.payer = self.payee = self.days = self.generation = None
        self.batch = Batch()
        self.rest = Rest(self)
        self.sensor_fault = None  # error code of the last sample, or of a sensor that it lacks; None if it is whole
        self.missing = None  # error code of a sensor that the last measurement lacks, or None
        self.last_purchase = None  # summary of the last reading bought, see `senml.summary`
        self.trade_fault = None  # error code of the last attempt at the order, None once it proceeds
        self.is_fault_by_seller = False  # whether the seller answered with `trade_fault`
        self.trade_tries = (None, 0)  # (what failed last, how often in a row), see `trading`
        self.uplink = None  # on a board with a way to a broker
        self.peers = None  # on a board with a way to other devices
        self.seller = None  # whose connection the meter serves
        self.billed: dict[bytes, int] = {}  # digest -> seq of readings that peers were billed for
        self.unpaid_readings = {}  # peer -> readings since its last payment; a reset clears the counts

    def load(self) -> None:
        """Load the state from flash, and forget the samples that wait. Damage becomes the state DAMAGED with `fault`;
        never raises SealError."""
        self.batch.clear()
        try:
            self.state = self._load_state()
        except SealError as error:
            self.state, self.fault = DAMAGED, error
        except OSError as error:
            self.state, self.fault = DAMAGED, StateDamaged("the flash cannot be read: %s" % error)

    def _load_state(self) -> int:
        self.public = self.device_id = self.signer = None  # a wiped device has no key
        keystore = self.board.keystore
        if not self.journal.load():
            if keystore.has(DEVICE_SLOT):
                raise StateDamaged("there is a key but no journal")
            self.journal.format()
        if self.journal.get(WIPED_RECORD):
            self._erase()
            return WIPED
        if self.journal.get(IDENTITY_RECORD) is None:
            if not keystore.has(DEVICE_SLOT):
                return BLANK
            self.load_key()
            return KEYED
        if not keystore.has(DEVICE_SLOT):
            raise StateDamaged("there is an identity but no key")
        self.load_key()
        self.load_identity()
        return PROVISIONED

    def _erase(self) -> None:
        for name in self.journal.names():
            if name != WIPED_RECORD:
                self.journal.remove(name)
        for name in self.board.store.names():
            if name.startswith("r-"):
                self.board.store.remove(name)

    def load_key(self) -> None:
        """Use the key in the device's slot."""
        self.public = self.board.keystore.public(DEVICE_SLOT)
        self.device_id = identity.device_id(self.public)
        entropy = self.pool.random
        self.signer = Signer(self.board.keystore, DEVICE_SLOT, identity.kid(self.device_id), entropy)

    def load_identity(self) -> None:
        """Load the granted identity: chain, owner, log, payer and payee."""
        record = self.journal.get(IDENTITY_RECORD)
        self.chain, self.owner_key, self.network = (
            record[IDENTITY_CHAIN],
            record[IDENTITY_OWNER],
            record[IDENTITY_NETWORK],
        )
        leaf = identity.check_chain(self.chain, None, self.network, known=self.standing.known)
        if leaf.device_id != self.device_id:
            raise StateDamaged("the identity is for another key")
        self.root = identity.root_of(self.chain)
        self.log = ReadingLog(self.journal, self.board.store, self.board.clock, __version__)
        self.log.load(self.signer)
        self._restore_meter()
        self.fundings = Fundings(self.journal, record.get(IDENTITY_LEDGER), self.network)
        self.ledger = self.fundings.ledger
        if hasattr(self.board.keystore, "generation"):
            from .generation import Generation  # heap, for boards whose chip counts

            self.generation = Generation(self.journal, self.board.keystore)  # type: ignore[arg-type]  # it counts
            self.generation.start()
        self.days = Days(self.journal, self.board.clock)
        self.payer = Payer(self)
        self.payee = Payee(self)

    def _restore_meter(self) -> None:
        # the log restores the meter: a count must never fall below a signed one
        meter = self.board.meter
        last = self.log.last_message()
        joules = count(last, "J") if last and meter else None
        if joules is not None:
            meter.restore(joules)

    def now(self) -> int | None:
        """Unix time, or None while the clock is unset."""
        clock = self.board.clock
        return clock.now() if clock.quality >= labels.CLOCK_HOST else None

    def require_state(self, *states: int) -> None:
        """Raise Refused unless the state is one of `states`; in the state DAMAGED raise `fault`."""
        if self.state == DAMAGED:
            raise self.fault
        if self.state not in states:
            raise Refused("not in this state")

    def owner_record(self) -> "Record":
        """A copy of the owner record, see `records`: change it, then put it."""
        return dict(self.journal.get(OWNER_RECORD, {OWNER_SEQ: 0, OWNER_IS_PAUSED: False}))

    def protection(self) -> dict[str, int]:
        """The owner's protective numbers by name, see `protection`."""
        return protection.numbers(self.owner_record().get(OWNER_PROTECTION))

    def sample(self) -> tuple[bytes, bytes]:
        """Read every sensor and append a signed reading; returns (raw, digest). Raises SensorFailed, StorageFull."""
        self.require_state(PROVISIONED)
        return self.append(self.measure())

    def append(self, quantities: "list[Quantity]") -> tuple[bytes, bytes]:
        """Append a signed reading of what was just measured, and of the samples that wait for one; returns (raw,
        digest). Raises StorageFull."""
        signed = self.log.append(quantities, self.batch.samples())
        self.batch.clear()
        return signed

    def measure(self) -> "list[Quantity]":
        """Read every sensor. What one that fails would have measured is `missing`. Raises SensorFailed without the
        meter, which a signed count must continue, and without any value."""
        quantities, self.missing = [], None
        for sensor in self.board.sensors:
            try:
                quantities.extend(sensor.read())
            except SensorFailed as error:
                if sensor is self.board.meter or len(self.board.sensors) == 1:
                    raise
                self.missing = error.code
        if not quantities:
            raise SensorFailed("no sensor gave a value")
        return quantities

    def count(self, unit: str) -> int | None:
        """The count in `unit` now, by the meter alone if it counts that; None without one. Raises SensorFailed."""
        meter = self.board.meter
        count = find_count(meter.look(), unit) if meter else None
        return find_count(self.measure(), unit) if count is None else count

    def foreign_certificates(self, chain: list[bytes]) -> list[bytes]:
        """The certificates of `chain` that the device's own chain lacks."""
        return [raw for raw in chain if raw not in self.chain]
