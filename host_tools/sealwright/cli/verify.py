"""`sealwright verify`: what of a bundle holds, checked offline."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Rejected, SealwrightError, Usage
from ..files import held
from ..home import locate
from ..verify import BundleMemory, Policy, Verdict, Verifier
from ..verify.policy import EACH
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Message
from . import options
from .commands import command
from .kept import Kept
from .options import ProofOption, SecretOption, TestOption, TickOption, VerboseOption
from .problems import Problems
from .receipts import ReceiptOption, check_receipts
from .rooted import AtOption, CustodyOption, RootOption, home_roots
from .session import Session
from .tally import Tally
from .verdicts import show, summary

_EVERY: Final = 64  # messages between two moves of the progress bar

BundlesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="BUNDLE...", help="Bundle files; - is standard input.", show_default=False)
]
NetworkOption = Annotated[
    str | None, typer.Option("--network", metavar="HEX", help="Accept this network only (its id).")
]
OwnerOption = Annotated[
    list[Path] | None,
    typer.Option("--owner", metavar="PEM", help="An owner's public key, for commands in it; may be repeated."),
]


StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Remember in FILE the newest reading of each device, and report another one with its number.",
        show_default=False,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No text: the exit code says it.")]
ForksOption = Annotated[
    Path | None,
    typer.Option(
        "--forks",
        metavar="BUNDLE",
        help="Write the pairs of messages that contradict each other, with what shows it.",
        show_default=False,
    ),
]


@command(
    "verify",
    "Check bundles offline.",
    """
    sealwright verify readings.bundle --root root.pem
    sealwright verify readings.bundle --root root.pem --custody 1 --json
    sealwright collect --device emulated:solar --out - | sealwright verify - --allow-test
    sealwright verify old.bundle --root root.pem --at 2026-03-18T12:00:00Z
    sealwright verify new.bundle --root root.pem --state heads.json --forks forks.bundle
    sealwright verify year.bundle --root root.pem --proof chained
    sealwright verify monday.bundle tuesday.bundle --root root.pem -v
    sealwright verify --receipt toll.receipt --root root.pem
    """,
)
def verify(
    session: Session,
    *,
    bundle: BundlesArgument = None,
    root: RootOption = None,
    network: NetworkOption = None,
    custody: CustodyOption = 0,
    at: AtOption = None,
    allow_test: TestOption = False,
    secret: SecretOption = None,
    tick: TickOption = None,
    owner: OwnerOption = None,
    state: StateOption = None,
    forks: ForksOption = None,
    proof: ProofOption = EACH,
    receipt: ReceiptOption = None,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Check every message of bundles, offline: the sum of what holds, and what does not, with its cause.

    Needs a root and nothing else. Each bundle is checked by itself, but a log goes on from one to the next: give them
    in the order in which they were collected. With -v and --json, verdicts on messages that wait for another one come
    last. With --proof chained a long log is checked many times faster, and verdicts on readings come with the reading
    whose signature proves them; SECURITY.md says what that proves. With --receipt: that a ledger's log has a message.
    Exits 1 if a message is rejected.
    """
    if verbose and quiet:
        raise Usage("-v and -q want different things", remedy="Leave out one of them.")
    if not bundle and not receipt:
        raise Usage(
            "there is nothing to check",
            remedy="Name a bundle, or a file with --receipt: see `sealwright verify --help`.",
        )
    owners = [options.owner_key(path) for path in owner or ()]
    policy = Policy(
        network=None if network is None else options.octets(network, "the network id", 32),
        custody_floor=custody,
        at=None if at is None else options.moment(at),
        allow_test=allow_test,
        secrets=options.secrets(secret),
        ticks=options.ticks(tick),
        proof=proof,
        owners=tuple(owners if root else [*owners, *home_owner(session)]),
    )
    roots = options.roots(root) if root else home_roots(session)
    names = {} if root else session.names()
    refused = check_receipts(session, receipt or (), roots, policy, names, quiet=quiet)
    if not bundle:
        return 1 if refused else 0
    with held(state) if state is not None else nullcontext() as keep:
        kept = Kept(state, forks, keep)
        run = _Run(session, names, kept, verbose=verbose, quiet=quiet, several=len(bundle) > 1)
        for source in bundle:
            run.check(source, roots, policy)
        return run.finish() or (1 if refused else 0)


class _Run:
    """The bundles of one call. Of their messages only what is shown at the end is kept."""

    def __init__(
        self,
        session: Session,
        names: Mapping[bytes, str],
        kept: Kept,
        *,
        verbose: bool = False,
        quiet: bool = False,
        several: bool = False,
    ) -> None:
        self._session, self._names, self._kept = session, names, kept
        self._lines, self._quiet, self._several = verbose or session.as_json, quiet, several
        self._tally, self._problems = Tally(), Problems()
        self._counts: Counter[str] = Counter()
        self._refused = 0
        self._failure: SealwrightError | None = None

    def check(self, source: str, roots: list[Message[Certificate]], policy: Policy) -> None:
        """Check one bundle. Raises Usage and Rejected for what is none, if it is the only one."""
        memory = BundleMemory(self._kept.heads.as_known())
        try:
            self._take(source, Verifier(roots, policy, memory).run(options.whole_bundle(source)))
        except (Usage, Rejected) as error:
            if not self._several:
                raise
            self._failure = self._failure or error
            self._session.fail(error, bundle=source)
        self._tally.note_channels(memory.channels())

    def _take(self, source: str, verdicts: Iterator[Verdict]) -> None:
        if self._several and self._lines:
            self._say(source)
        with self._session.progress("verifying", streams=self._lines) as advance:
            for verdict in verdicts:
                if self._lines:
                    show(self._session, verdict, self._names, source)
                self._kept.note(verdict)
                self._tally.note(verdict)
                self._problems.note(source, verdict)
                self._counts[verdict.code] += 1
                self._refused += not verdict.ok
                if verdict.n % _EVERY == 0:
                    advance(verdict.n, f"{verdict.n} messages")

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._session.say(text)

    def finish(self) -> int:
        """Show the sum, write what is kept, and return the exit code."""
        if not self._quiet:
            called = self._tally.called(self._names)
            self._tally.show(self._session, called)
            self._problems.show(self._session, called, several=self._several)
        self._kept.write(self._session, quiet=self._quiet)
        code = 1 if self._refused else 0
        if not self._quiet:
            summary(self._session, self._counts, self._refused)
        return self._failure.exit_code if self._failure is not None else code


def home_owner(session: Session) -> list[PublicKey]:
    """The key of the home's owner, where there is a home."""
    path = locate(session.folder) / "owner.key"
    return [session.home.key("owner").public] if path.exists() else []
