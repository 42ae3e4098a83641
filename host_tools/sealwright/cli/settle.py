"""`sealwright settle`: vouchers of a bundle into the home's ledger."""

import os
from collections import Counter
from typing import Annotated, Any, Final

import typer

from ..bookkeeping import open_ledger
from ..ledger import Ledger, Moved
from ..operate.granted import Granted
from ..operate.logs import Equivocation
from ..verify import Verdict
from ..wire.messages import Certificate, Message, Reading
from . import options
from .claims import Claims
from .commands import ledger_command
from .options import BundleArgument, SecretOption, TestOption, TickOption, VerboseOption
from .problems import Problems
from .session import Session
from .shard_options import ALL, ShardsOption, named_shards
from .verdicts import show, summary
from .words import number

_OF_STREAM: Final = 128  # messages that are looked at together, where more may be long in coming
KeepAllOption = Annotated[
    bool, typer.Option("--keep-all", help="Check every voucher, and keep each that paid something when it came.")
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs", metavar="N", min=1, max=64, help="Processes that check a file's signatures [default: cores]."
    ),
]


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@ledger_command(
    "settle",
    "Enter a bundle into the ledger.",
    """
    sealwright settle trades.bundle
    sealwright collect --device emulated:solar --out - | sealwright settle - --allow-test
    sealwright settle trades.bundle --ledger postgresql://anna@books.example/ledger
    sealwright settle trades.bundle --shards 0,2
    """,
)
def settle(
    session: Session,
    *,
    bundle: BundleArgument,
    allow_test: TestOption = False,
    secret: SecretOption = None,
    tick: TickOption = None,
    keep_all: KeepAllOption = False,
    jobs: JobsOption = None,
    shards: ShardsOption = ALL,
    verbose: VerboseOption = False,
) -> int:
    """Verify a bundle and enter what it moves into the ledger: deposits, channels, vouchers, closes.

    The order of its messages decides nothing, and the same bundle may come again: nothing is paid twice. It ends with
    what moved, from whom to whom, and what each channel of the bundle has left, and until when that may be claimed. A
    voucher that a better one of its lane makes worthless is `superseded`: it is neither checked nor kept. A
    reading that contradicts the newest one remembered of its device is `equivocation`, with the proof in the home.
    Exits 1 if a message is rejected; the others are settled. Whatever the bundle has, channels whose claim has ended
    are refunded. With --shards the messages of other shards are `other_shard`: left to who settles those.
    """
    names = session.names()
    secrets, ticks, owned = options.secrets(secret), options.ticks(tick), named_shards(shards)
    with open_ledger(session.home, allow_test=allow_test) as ledger:
        refund(session, ledger, owned)
        granted = Granted(session.home)
        messages = granted.before(options.whole_bundle(bundle))
        counts: Counter[str] = Counter()
        refused = 0
        claims, moved, heard, problems = Claims(), Moved(), _Heard(session), Problems()
        with session.progress("settling", streams=verbose or session.as_json) as advance:
            few = {"window": _OF_STREAM, "batch": _OF_STREAM} if bundle == options.STDIN else {}
            way: dict[str, Any] = {"newest_first": not keep_all, "jobs": jobs or cores(), "shards": owned, **few}
            verdicts = granted.without(ledger.settle(messages, secrets=secrets, ticks=ticks, moved=moved, **way))
            for verdict in map(heard.judge, verdicts):
                if verbose or session.as_json:
                    show(session, verdict, names, bundle)
                problems.note(bundle, verdict)
                counts[verdict.code] += 1
                refused += not verdict.ok
                claims.note(verdict)
                advance(verdict.n, f"{verdict.n} messages")
        problems.show(session, names, several=False)
        heard.keep()
        code = summary(session, counts, refused)
        claims.show(session, ledger, names, moved)
    return code


def refund(session: Session, ledger: Ledger, shards: list[int] | None = None) -> int:
    """Refund the channels whose claim has ended, say how many, and return it. shards: of these alone."""
    refunded = ledger.refund_ended(shards)
    if refunded:
        session.emit(ok=True, refunded=refunded)
        channels = number(refunded, "channel")
        session.say(f"{channels} whose claim has ended: the rest went back to the payer.")
    return refunded


class _Heard:
    """Holds a bundle's readings against the newest that the home remembers of each device."""

    def __init__(self, session: Session) -> None:
        self._session, self._logs = session, session.logs()
        self._certificates: dict[str, Message[Certificate]] = {}

    def judge(self, verdict: Verdict) -> Verdict:
        """The same verdict, or `equivocation` for another reading than one that is remembered."""
        message = verdict.message
        if not verdict.ok or message is None:
            return verdict
        if isinstance(message.body, Certificate):
            self._certificates[message.body.subject] = Message(message.sign1, message.body)
        if isinstance(message.body, Reading) and verdict.device is not None:
            try:
                self._logs.note_held(verdict.device, Message(message.sign1, message.body))
            except Equivocation as fork:
                self._logs.prove(fork, self._chain(message.kid))
                return verdict._replace(ok=False, code=fork.code, why=f"{fork}. {fork.remedy}", signer=None)
        return verdict

    def _chain(self, kid: bytes) -> list[Message[Certificate]]:
        found: list[Message[Certificate]] = []
        certificate = next((c for c in self._certificates.values() if c.body.key.kid == kid), None)
        while certificate is not None and certificate not in found:
            found.append(certificate)
            certificate = self._certificates.get(certificate.body.issuer)
        return found

    def keep(self) -> None:
        """Remember the newest readings."""
        self._logs.keep()
