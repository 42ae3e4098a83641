"""`sealwright settle`: vouchers of a bundle into the home's ledger."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import SealwrightError, Usage
from ..home import Home
from ..ledger import Head, Ledger, LedgerIdentity, Moved
from . import options
from .anchoring import check_head, note_head
from .claims import Claims
from .commands import command
from .options import BundleArgument, SecretOption, TestOption, TickOption
from .session import Session
from .verify import show, summary


@command(
    "settle",
    "Enter a bundle into the ledger.",
    """
    sealwright settle trades.bundle
    sealwright collect --device emulated:solar --out - | sealwright settle - --allow-test
    """,
)
def settle(
    session: Session,
    bundle: BundleArgument,
    allow_test: TestOption = False,
    secret: SecretOption = None,
    tick: TickOption = None,
) -> int:
    """Verify a bundle and enter what it moves into the ledger: deposits, channels, vouchers, closes.

    The order of its messages decides nothing, and the same bundle may come again: nothing is paid twice. It ends with
    what moved, from whom to whom, and what each channel of the bundle has left, and until when that may be claimed.
    Exits 1 if a message is rejected; the others are settled.
    """
    names = session.names()
    secrets, ticks = options.secrets(secret), options.ticks(tick)
    with open_ledger(session.home, allow_test=allow_test) as ledger:
        messages = options.whole_bundle(bundle)
        counts: Counter[str] = Counter()
        refused = 0
        claims, moved = Claims(), Moved()
        with session.progress("settling", streams=True) as advance:
            for verdict in ledger.settle(messages, secrets=secrets, ticks=ticks, moved=moved):
                show(session, verdict, names)
                counts[verdict.code] += 1
                refused += not verdict.ok
                claims.note(verdict)
                advance(verdict.n, f"{verdict.n} messages")
        code = summary(session, counts, refused)
        claims.show(session, ledger, names, moved)
    return code


@contextmanager
def open_ledger(home: Home, *, allow_test: bool = False, check: bool = True) -> Iterator[Ledger]:
    """The home's ledger, checked against the head that the home noted; at the end a new head is noted.

    check: False to examine a log whatever the home noted. Raises LogCutOff, and Usage where the ledger is missing: a
    new one in its place would forget what was paid.
    """
    if not home.ledger_path.exists():
        raise Usage(
            f"the ledger {home.ledger_path} is missing",
            remedy=f"Put it back from a copy; to begin anew, run `sealwright init --home {home.folder}`.",
            code="ledger_missing",
        )
    with known_ledger(home, allow_test=allow_test) as ledger:
        if not check:
            yield ledger
            return
        check_head(home, ledger)
        before = ledger.head()
        try:
            yield ledger
        except BaseException:
            with suppress(SealwrightError):  # the first error tells more
                _note_news(home, ledger, before)
            raise
        _note_news(home, ledger, before)


def _note_news(home: Home, ledger: Ledger, before: Head) -> None:
    if ledger.head() != before:  # readers write nothing
        note_head(home, ledger)


def known_ledger(home: Home, *, allow_test: bool = False) -> Ledger:
    """The home's ledger with its identity, unchecked."""
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    owners = [home.key("owner").public]
    return Ledger(home.ledger_path, home.roots(), owners, identity=identity, allow_test=allow_test)
