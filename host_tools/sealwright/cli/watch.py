"""`sealwright watch`: claim for payees that sleep, and warn before a claim ends."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Usage
from ..ledger import Ledger
from ..operate import watching
from ..operate.collecting import Source
from ..wire.bundle import read_bundle
from .anchoring import note_head
from .commands import command
from .ending import Ending
from .options import AnyDevices, SecondsOption, TestOption
from .session import Session
from .settle import open_ledger
from .words import clock, named, short

_WARN_HOURS: Final = 24.0


@command(
    "watch",
    "Claim for payees, and warn before a claim ends.",
    """
    sealwright watch roof car --allow-test
    sealwright watch --group sellers
    sealwright watch --bundles inbox/ --warn-hours 48
    sealwright watch --device serial:/dev/ttyACM0 --seconds 0        one round, for a timer
    """,
)
def watch(
    session: Session,
    *,
    device: AnyDevices,
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

    Goes on until Ctrl-C, or for --seconds, and ends with its sum. What it did is in the ledger: it may stop and begin
    again at any moment.
    """
    if not device and bundles is None:
        raise Usage("nothing to watch", remedy="Name a device, --all, --group, or a folder with --bundles.")
    if bundles is not None and not bundles.is_dir():
        raise Usage(f"{bundles} is no folder", remedy="Make it, or name the one that bundles come into.")
    end = None if seconds is None else time.monotonic() + seconds
    with Ending() as ending, open_ledger(session.home, allow_test=allow_test) as ledger:
        watcher = _Watcher(session, ledger, device, bundles)
        while True:
            watcher.round(int(warn_hours * 3600))
            if (end is not None and time.monotonic() + every > end) or ending.wait(every):
                watcher.show_sum()
                return 0


class _Watcher:
    def __init__(self, session: Session, ledger: Ledger, urls: list[str], bundles: Path | None) -> None:
        self._session, self._ledger, self._urls, self._bundles = session, ledger, urls, bundles
        self._done: dict[Path, float] = {}
        self._warned: set[bytes] = set()
        self._rounds = self._settled = self._refunded = 0

    def round(self, within: int) -> None:
        """One look at everything."""
        settled = self._settle(self._gather())
        for path in sorted(self._bundles.glob("*.bundle")) if self._bundles is not None else ():
            at = path.stat().st_mtime
            if self._done.get(path) != at:
                settled += self._settle(list(read_bundle(path)))
                self._done[path] = at
        refunded = self._ledger.refund_ended()
        if settled or refunded:
            note_head(self._session.home, self._ledger)
        self._rounds += 1
        self._settled += settled
        self._refunded += refunded
        self._session.emit(ok=True, settled=settled, refunded=refunded)
        if settled or refunded:
            self._session.say(f"{settled} messages settled, {refunded} channels refunded")
        self._warn(within)

    def show_sum(self) -> None:
        """What all rounds came to."""
        rounds = f"{self._rounds} round{'s' * (self._rounds != 1)}"
        self._session.say(f"{rounds}: {self._settled} messages settled, {self._refunded} channels refunded in all.")

    def _gather(self) -> list[bytes]:
        with ExitStack() as stack:
            sources = []
            for url in self._urls:
                try:
                    sources.append(Source(stack.enter_context(self._session.connect(url)), url))
                except watching.OF_DEVICE as error:
                    self._fail(watching.Failure(url, error))
            return watching.gather(sources, self._fail)

    def _fail(self, failure: watching.Failure) -> None:
        self._session.fail(failure.error, device=failure.name)

    def _settle(self, messages: list[bytes]) -> int:
        """How many rows the log grew by."""
        before = self._ledger.head().n
        for verdict in self._ledger.settle(messages):
            if not verdict.ok:
                self._session.note(f"{verdict.type or 'message'} {verdict.code}: {verdict.why}")
        return self._ledger.head().n - before

    def _warn(self, within: int) -> None:
        names = self._session.names()
        for channel in self._ledger.ending(within):
            if channel.digest in self._warned:
                continue
            self._warned.add(channel.digest)
            end, money = channel.terms.claim_end, self._session.assets.show(channel.remaining, channel.asset)
            self._session.emit(channel=channel.digest.hex(), remaining=str(channel.remaining), claimable_until=end)
            payee = named(channel.payee, names)
            self._session.note(f"channel {short(channel.digest)}: {payee} may claim {money} until {clock(end)}")
