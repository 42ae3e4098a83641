"""The hub's demo: emulated boards that measure and trade, in a home of its own, for a hub to take in.

Half of them are meters that sell energy and hand their readings on to the hub's broker; the other half buy from them,
again and again, and are asked at their URLs. Nothing but the hub settles, and brings buyers the ledger's word on their
channels.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from .. import emulator
from ..bookkeeping import known_ledger
from ..emulator import EmulatedBoard
from ..errors import RefusedByDevice, SealwrightError, Unreachable, Usage
from ..home import Home
from ..link import Client
from ..link.broker import authority_der
from ..money import Asset, Assets
from ..operate import owner, provisioning, spending, trading
from .accounts import Accounts

BOARDS: Final = 20
ASSET: Final = "nEUR"
MONEY: Final = Assets([Asset.declare(ASSET, "EUR", 9)])
JOULE_PRICE: Final = 83  # 0.2988 EUR a kWh
BUDGET: Final = 20_000  # nEUR of an order
DEPOSIT: Final = 50_000_000
READING_SECONDS: Final = 5
POLICY: Final = {"assets": {ASSET: {"per_voucher": 20_000, "per_day": 20_000_000}}}
_MARK: Final = "made-by-hub-demo"
_AT_ONCE: Final = 4  # boards that are made ready side by side
_ROUND_SECONDS: Final = 5.0

Say = Callable[[str], None]


def fresh_home(folder: Path) -> Home:
    """A new home in `folder`; that of an earlier demo is replaced. Raises Usage where something else is there."""
    if (folder / _MARK).exists():
        for board in emulator.running(Home(folder, "demo")):
            board.kill()
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        remedy = "Name a new folder with --home; the demo replaces only what an earlier one made."
        raise Usage(f"{folder} is not empty", remedy=remedy, code="folder_not_empty")
    home = Home.init(folder, "demo")
    home.ledger_named = str(folder / "ledger.db")  # its own, whatever the environment names
    (folder / _MARK).touch()
    MONEY.write(folder)
    with known_ledger(home, allow_test=True) as ledger:
        for _ in ledger.settle([]):
            pass
    return home


@contextmanager
def running(home: Home, count: int, say: Say) -> Iterator[list[EmulatedBoard]]:
    """So many boards that are provisioned and measure; they are stopped in the end, and end by themselves where this
    process is killed."""
    boards: list[EmulatedBoard] = []
    with ExitStack() as stack:
        lifeline = stack.enter_context(emulator.with_this_process())
        stack.callback(_kill, boards)
        for number in range(count):
            name = f"meter-{number // 2 + 1}" if number % 2 == 0 else f"car-{number // 2 + 1}"
            boards.append(emulator.create(home, "unix", name, ["ina219"]))
        say(f"{count} emulated boards start and make their keys")
        emulator.start_all(boards, lifeline=lifeline)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            devices = list(pool.map(lambda board: _make_ready(home, board), boards))
        with known_ledger(home, allow_test=True) as ledger:
            for board, device in zip(boards, devices, strict=True):
                if not _sells(board):
                    ledger.deposit(owner.deposit(home, device, ASSET, DEPOSIT).raw)
        yield boards


def _kill(boards: list[EmulatedBoard]) -> None:
    for board in boards:
        board.kill()


def _make_ready(home: Home, board: EmulatedBoard) -> bytes:
    with emulator.resolve(home, f"emulated:{board.name}") as client:
        policy = None if _sells(board) else spending.parse_policy(POLICY)
        found = provisioning.provision(home, client, board.name, policy)
        owner.set_interval(home, client, READING_SECONDS)
        if _sells(board):
            owner.set_offer(home, client, ASSET, "J", JOULE_PRICE)
        return bytes.fromhex(found.entry.device)


def _sells(board: EmulatedBoard) -> bool:
    return board.name.startswith("meter")


class Trade:
    """What the boards' owner does while the hub runs, in a thread of its own. Use as a context manager."""

    def __init__(self, home: Home, boards: list[EmulatedBoard], say: Say) -> None:
        self._home, self._say = home, say
        self._sellers = [board.name for board in boards if _sells(board)]
        self._buyers = [board.name for board in boards if not _sells(board)]
        self._pointed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Trade":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        told: set[str] = set()
        while not self._stop.is_set():
            for work, names in ((self._point, self._sellers), (self._order, self._buyers)):
                for name in names:
                    if self._stop.is_set():
                        return
                    try:
                        work(name)
                    except SealwrightError as error:
                        if not isinstance(error, RefusedByDevice | Unreachable) and str(error) not in told:
                            told.add(str(error))
                            self._say(f"{name}: {error}")
            self._stop.wait(_ROUND_SECONDS)

    def _open(self, name: str) -> Client:
        return emulator.resolve(self._home, f"emulated:{name}")

    def _point(self, name: str) -> None:
        """Give a seller the hub's broker, once there is one."""
        accounts = Accounts(self._home)
        if name in self._pointed or not accounts.exists:
            return
        broker = accounts.issue(bytes.fromhex(self._home.resolve(name).device), test=True)
        assert broker.authority is not None
        with self._open(name) as client:
            owner.set_network(self._home, client, {2: broker.settings(authority_der(broker.authority))})
        self._pointed.add(name)

    def _order(self, name: str) -> None:
        """Have a buyer buy from its seller, where it does not already."""
        with self._open(name) as payer:
            order = payer.info().raw.get("order")
            if order is not None and trading.STATES[order[0]] in (trading.ACTIVE, trading.WAITING):
                return
            with self._open(name.replace("car", "meter")) as payee:
                trading.order(self._home, payer, payee, BUDGET, pause_ms=1000, assets=MONEY)
