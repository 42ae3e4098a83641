"""A temporary home with emulated boards in it: real processes, provisioned, and dead when the test is over."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sealwright import Policy, Verifier, emulator
from sealwright.emulator import EmulatedBoard
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.ledger import Ledger, LedgerIdentity, bring_funding
from sealwright.link import Client, connect
from sealwright.operate import owner, provisioning, spending, trading
from sealwright.operate.collecting import Collector, Source
from sealwright.verify import Verdict
from sealwright.wire.messages import DevicePolicy

ASSET = "nEUR"
GENEROUS = spending.parse_policy({"assets": {ASSET: {"per_voucher": 10**9, "per_day": 10**12}}})

LONG = 300  # seconds, on a busy machine: only what fails waits for so long

# what these trades need: short channels, many of them, and no funding
TRUSTING = {"least_left": 0, "channels_per_payer": 8, "credit": 2**62}


class Lab:
    """A home in `folder`, with its boards. `close` kills them all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.home = Home.init(folder / "home", "lab")
        self.boards: list[EmulatedBoard] = []
        self.may_trace: set[str] = set()
        self._folder = folder

    @classmethod
    def at(cls, home: Home) -> "Lab":
        """What was made by another program, with no boards of its own."""
        lab = cls.__new__(cls)
        lab.home, lab.boards, lab.may_trace, lab._folder = home, [], set(), home.folder
        return lab

    def board(self, name: str, sensors: Sequence[str] = (), policy: DevicePolicy | None = GENEROUS) -> EmulatedBoard:
        """A board that runs and is provisioned."""
        board = self.blank(name, sensors)
        board.start()
        self.adopt(board, policy)
        return board

    def adopt(self, board: EmulatedBoard, policy: DevicePolicy | None = GENEROUS) -> None:
        """Provision a board that runs."""
        with self.client(board) as client:
            provisioning.provision(self.home, client, board.name, policy)
            owner.command(self.home, client, "protect", TRUSTING)

    def blank(self, name: str, sensors: Sequence[str] = ()) -> EmulatedBoard:
        """A new board, not started."""
        board = emulator.create(self.home, "unix", name, sensors)
        self.boards.append(board)
        return board

    def power(self, watts: int, name: str = "power") -> str:
        """The spec of a power meter that always shows so much."""
        path = self._folder / f"{name}.csv"
        path.write_text(f"time,power,voltage\n0,{watts},24\n60,{watts},24\n")
        return f"ina219=csv:{path}"

    @contextlib.contextmanager
    def client(self, board: EmulatedBoard) -> Iterator[Client]:
        with connect(board.url) as client:
            yield client

    def info(self, board: EmulatedBoard) -> dict:
        """What the board says of itself."""
        with self.client(board) as client:
            return client.info().raw

    def tell(self, board: EmulatedBoard, op: str, value: object = None) -> None:
        """The owner's command to a board."""
        with self.client(board) as client:
            owner.command(self.home, client, op, value)

    def sells(self, board: EmulatedBoard, unit: str, price: int) -> None:
        self.tell(board, "offer", [ASSET, unit, price])

    def order(self, payer: EmulatedBoard, payee: EmulatedBoard, unit: str, budget: int, **more: object) -> None:
        """Order a trade. more: address (the payee's own), pause_ms (20), payee_id (the payee's), seconds (86400)."""
        result = self.info(payee)
        address = more.get("address", result["peer"])
        order = {1: address, 2: more.get("payee_id", result["device"]), 3: ASSET, 4: unit, 5: budget}
        self.tell(payer, "trade", order | {6: more.get("seconds", 86400), 7: more.get("pause_ms", 20)})

    def fund(self, payer: EmulatedBoard, amount: int = 10**9, seconds: float = LONG) -> None:
        """Deposit for the payer of an order, and bring its channel the ledger's funding."""
        waiting = trading.STATES.index(trading.WAITING)
        device = self.wait(payer, lambda info: info["order"][0] == waiting, seconds)["device"]
        with self.ledger() as ledger, self.client(payer) as client:
            assert ledger.deposit(owner.deposit(self.home, device, ASSET, amount).raw).ok
            assert all(brought.refused is None for brought in bring_funding(ledger, client))

    def wait(self, board: EmulatedBoard, check: Callable[[dict], object], seconds: float = LONG) -> dict:
        """The board's info as soon as `check` of it holds; fails with its console where it never does."""
        end = time.monotonic() + seconds
        result: dict = {}
        while time.monotonic() < end:
            with contextlib.suppress(Unreachable):
                result = self.info(board)
                if check(result):
                    return result
            time.sleep(0.05)
        raise AssertionError(f"{board.name} never came to it: {result}\n{self.console(board)}")

    def console(self, board: EmulatedBoard) -> str:
        return (board.folder / "console.log").read_text(errors="replace")

    def collect(self, *boards: EmulatedBoard) -> list[bytes]:
        """Everything the boards show, in an order that a verifier can follow."""
        collector, found = Collector(), []
        with contextlib.ExitStack() as stack:
            sources = [Source(stack.enter_context(self.client(board)), board.name) for board in boards]
            for source in sources:
                found += collector.certificates(source.client)
            for source in sources:
                found += collector.readings(source)
            found += collector.channels(sources)
        return found

    def acknowledge(self, board: EmulatedBoard) -> None:
        """Collect nothing and tell the board that all is safe."""
        with self.client(board) as client:
            source = Source(client, board.name)
            list(Collector().channels([source]))
            owner.acknowledge(self.home, client, client.info().raw["reading_seq"], source.closed)

    def verify(self, messages: Sequence[bytes]) -> list[Verdict]:
        """The verdicts on a bundle."""
        verifier = Verifier(self.home.roots(), Policy(allow_test=True))
        return [verifier.check(raw) for raw in messages]

    def ledger(self, clock: Callable[[], float] = time.time) -> Ledger:
        """The home's ledger; use as a context manager."""
        identity = LedgerIdentity(self.home.ledger_certificates(), self.home.key("ledger"))
        owners = [self.home.key("owner").public]
        path, roots = self.home.ledger_path, self.home.roots()
        return Ledger(path, roots, owners, identity=identity, allow_test=True, clock=clock)

    def settle(self, messages: Sequence[bytes], funds: dict[EmulatedBoard, int]) -> Ledger:
        """Settle a bundle after deposits for the payers; fails where a message is refused or the audit finds
        anything."""
        ledger = self.ledger()
        for payer, amount in funds.items():
            assert ledger.deposit(owner.deposit(self.home, self.info(payer)["device"], ASSET, amount).raw).ok
        verdicts = list(ledger.settle(messages))
        refused = [verdict for verdict in verdicts if not verdict.ok and verdict.code != "gap"]
        assert not refused, refused
        report = ledger.audit()
        assert not report.findings, report.findings
        return ledger

    def expect_trace(self, board: EmulatedBoard) -> None:
        """This board's program is meant to fail."""
        self.may_trace.add(board.name)

    def close(self) -> None:
        """Kill every board. Fails where one met something its firmware did not foresee."""
        for board in self.boards:
            board.kill()
        for board in self.boards:
            console = self.console(board) if (board.folder / "console.log").exists() else ""
            assert board.name in self.may_trace or "Traceback" not in console, f"{board.name}:\n{console}"
