"""`sealwright watch`: claim for payees that sleep, and warn before a claim ends."""

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from ..bookkeeping import note_head, open_ledger
from ..errors import SealwrightError, Unreachable, Usage
from ..ledger import Ledger, LedgerBusy, LedgerError, LedgerInterrupted, LedgerUnreachable
from ..link.broker import Broker
from ..operate import watching
from ..operate.complaints import Complaints
from ..wire.bundle import read_bundle
from .commands import ledger_command
from .ending import Ending
from .options import AnyDevices, SecondsOption, TestOption
from .session import Session
from .words import clock, named, number, short

_WARN_HOURS: Final = 24.0
_SLICE_SECONDS: Final = 0.5  # of waiting for one broker, before it is the next one's turn
_MOST_NOTED: Final = 10_000  # refused messages that are not shown again


@ledger_command(
    "watch",
    "Claim for payees, and warn before a claim ends.",
    """
    sealwright watch roof car --allow-test
    sealwright watch --group sellers
    sealwright watch --broker mqtts://broker.example:8883
    sealwright watch --bundles inbox/ --warn-hours 48
    sealwright watch --device serial:/dev/ttyACM0 --seconds 0        one round, for a timer
    """,
)
def watch(
    session: Session,
    *,
    device: AnyDevices,
    broker: Annotated[
        list[str] | None,
        typer.Option(
            "--broker", metavar="URL", help="mqtts://[USER@]HOST[:PORT]: every device there. May be repeated."
        ),
    ] = None,
    bundles: Annotated[
        Path | None, typer.Option("--bundles", metavar="DIR", help="Settle every *.bundle that comes into this folder.")
    ] = None,
    every: Annotated[float, typer.Option("--every", metavar="S", min=0.05, help="Seconds between two rounds.")] = 60.0,
    warn_hours: Annotated[
        float, typer.Option("--warn-hours", metavar="H", min=0, help="Warn of claims that end within so long.")
    ] = _WARN_HOURS,
    seconds: SecondsOption = None,
    allow_test: TestOption = False,
) -> int:
    """Look at devices and bundles again and again, settle the vouchers and closes they hold, and refund what has ended.

    Between two rounds it also looks at each device that comes to a broker, for one that sleeps is there for moments.
    Goes on until Ctrl-C, or for --seconds, and ends with its sum; then it exits 3 if the last round missed a device, a
    broker or a bundle. What it did is in the ledger: it may stop and begin again at any moment.
    """
    if not device and not broker and bundles is None:
        raise Usage("nothing to watch", remedy="Name a device, --all, --group, --broker or --bundles.")
    if bundles is not None and not bundles.is_dir():
        raise Usage(f"{bundles} is no folder", remedy="Make it, or name the one that bundles come into.")
    for text in device:
        session.url(text)  # raises: a name that will never be reached
    end = None if seconds is None else time.monotonic() + seconds
    brokers = [_address(session, url) for url in broker or ()]
    with Ending() as ending, open_ledger(session.home, allow_test=allow_test) as ledger, ExitStack() as stack:
        watcher = _Watcher(session, ledger, device, brokers, bundles)
        stack.callback(watcher.close)
        while True:
            watcher.round(int(warn_hours * 3600))
            if ending.over or (end is not None and time.monotonic() + every > end):
                break
            watcher.wait(every, ending)
            if ending.over:
                break
        watcher.show_sum()
        return Unreachable.exit_code if watcher.missed else 0


def _address(session: Session, url: str) -> Broker:
    address, rest = Broker.parse(session.home, url)
    if rest:
        raise Usage(f"{url} names a device", remedy=f"Watch that one alone: `sealwright watch --device {url}`.")
    return address


class _Watcher:
    """`missed`: how much the last round could not look at."""

    def __init__(
        self, session: Session, ledger: Ledger, urls: list[str], brokers: list[Broker], bundles: Path | None
    ) -> None:
        self._session, self._ledger, self._brokers, self._bundles = session, ledger, brokers, bundles
        self._targets = [watching.Target(url, partial(session.connect, url)) for url in urls]
        self._present: dict[str, watching.Presence] = {}
        self._done: dict[Path, tuple[int, int]] = {}
        self._noted: set[tuple[bytes | None, str]] = set()
        self._warned: set[tuple[bytes, int]] = set()
        self._complaints = Complaints(lambda text: session.note(f"error: {text}"))
        self.missed = 0
        self._rounds = self._settled = self._refunded = 0

    def round(self, within: int) -> None:
        """One look at everything."""
        self.missed, before = 0, self._ledger.head().rows
        self._try(partial(self._settle_gathered, self._targets))
        for address in self._brokers:
            self._try(partial(self._look_at, address), broker=address.name)
        for path in sorted(self._bundles.glob("*.bundle")) if self._bundles is not None else ():
            self._try(partial(self._take_in, path), bundle=str(path))
        settled = self._ledger.head().rows - before
        self._try(self._ledger.refund_ended)
        refunded = self._ledger.head().rows - before - settled
        self._keep(settled, refunded)
        self._rounds += 1
        self._session.emit(ok=True, settled=settled, refunded=refunded)
        self._warn(within)

    def show_sum(self) -> None:
        """What all rounds came to."""
        done = _settled(self._settled, self._refunded)
        self._session.say(f"{number(self._rounds, 'round')}: {done} in all.")

    def wait(self, seconds: float, ending: Ending) -> None:
        """Until the next round, or the end: look at each device that comes to a broker."""
        end = time.monotonic() + seconds
        while not ending.over and (left := end - time.monotonic()) > 0:
            if not self._present:
                ending.wait(left)
            before = self._ledger.head().rows
            for presence in self._present.values():
                self._try(partial(self._take_next, presence, min(left, _SLICE_SECONDS)), broker=presence.name)
            self._keep(self._ledger.head().rows - before, 0)

    def close(self) -> None:
        """Leave the brokers."""
        for presence in self._present.values():
            presence.close()

    def _settle_gathered(self, targets: list[watching.Target]) -> None:
        self._settle(watching.gather(targets, self._looked))

    def _look_at(self, address: Broker) -> None:
        if address.name not in self._present:
            self._present[address.name] = watching.Presence(self._session.home, address)
        for messages in self._present[address.name].looks(self._looked):
            self._settle(messages)

    def _take_next(self, presence: watching.Presence, seconds: float) -> None:
        self._settle(presence.came(seconds, self._looked))

    def _take_in(self, path: Path) -> None:
        state = path.stat()
        version = state.st_mtime_ns, state.st_size
        if self._done.get(path) != version:
            self._settle(read_bundle(path))
            self._done[path] = version

    def _try(self, work: Callable[[], object], **where: str) -> None:
        """One part of a round: what goes wrong in it must not keep the others from being looked at."""
        try:
            work()
            self._complaints.settle(_party(where))
        except LedgerError as error:
            if not isinstance(error, LedgerBusy | LedgerInterrupted | LedgerUnreachable):  # these pass
                raise
            self._fail(error, **where)
        except SealwrightError as error:
            self._fail(error, **where)
        except OSError as error:
            self._fail(Usage(f"cannot read {error.filename}: {error.strerror}", remedy="Check its rights."), **where)

    def _looked(self, target: watching.Target, error: SealwrightError | None) -> None:
        where = {"device": target.name}
        if error is None:
            self._complaints.settle(_party(where))
        else:
            self._fail(error, **where)

    def _fail(self, error: SealwrightError, **where: str) -> None:
        """Programs get every failure, people what is new in it."""
        self.missed += 1
        self._session.emit_failure(error, **where)
        name = next(iter(where.values()), "ledger")
        self._complaints.note(_party(where), name, f"{error}; remedy: {error.remedy}" if error.remedy else str(error))

    def _settle(self, messages: Iterable[bytes]) -> None:
        for verdict in self._ledger.settle(messages):
            known = verdict.digest, verdict.code
            if not verdict.ok and known not in self._noted:  # devices show the same in every round
                if len(self._noted) >= _MOST_NOTED:
                    self._noted.clear()
                self._noted.add(known)
                self._session.note(f"{verdict.type or 'message'} {verdict.code}: {verdict.why}")

    def _keep(self, settled: int, refunded: int) -> None:
        self._settled += settled
        self._refunded += refunded
        if settled or refunded:
            note_head(self._session.home, self._ledger)
            self._session.say(_settled(settled, refunded))

    def _warn(self, within: int) -> None:
        names = self._session.names()
        for channel in self._ledger.ending(within):
            end, money = channel.terms.claim_end, self._session.assets.show(channel.remaining, channel.asset)
            if (channel.digest, end) in self._warned:
                continue
            self._warned.add((channel.digest, end))
            self._session.emit(channel=channel.digest.hex(), remaining=str(channel.remaining), claimable_until=end)
            payee = named(channel.payee, names)
            self._session.note(f"channel {short(channel.digest)}: {payee} may claim {money} until {clock(end)}")


def _party(where: dict[str, str]) -> str:
    """A device, a broker and a bundle of one name are three."""
    return " ".join(next(iter(where.items()), ()))


def _settled(settled: int, refunded: int) -> str:
    return f"{number(settled, 'message')} settled, {number(refunded, 'channel')} refunded"
