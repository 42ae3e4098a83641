"""`sealwright verify`: an offline verdict on every message of a bundle."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Usage
from ..files import write_whole
from ..home import locate
from ..verify import BundleMemory, Policy, Verdict, Verifier
from ..verify.heads import Fork, Forks, Heads
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Message
from . import options
from .commands import command
from .describe import describe
from .options import BundleArgument, SecretOption, TestOption, TickOption
from .session import Session
from .words import named

_EVERY: Final = 64  # messages between two moves of the progress bar

RootOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--root",
        metavar="PEM",
        help="A root to trust; may be repeated [default: the home's roots].",
        show_default=False,
    ),
]
NetworkOption = Annotated[
    str | None, typer.Option("--network", metavar="HEX", help="Accept this network only (its id).")
]
CustodyOption = Annotated[
    int, typer.Option("--custody", metavar="N", min=0, max=2, help="The least custody: 0 open, 1 sealed, 2 element.")
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Judge as of then: unix seconds or ISO 8601 [default: now].", show_default=False
    ),
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
ProofOption = Annotated[
    Path | None,
    typer.Option(
        "--proof",
        metavar="BUNDLE",
        help="Write the pairs of messages that contradict each other, with what shows it.",
        show_default=False,
    ),
]


@command(
    "verify",
    "Check a bundle offline.",
    """
    sealwright verify readings.bundle --root root.pem
    sealwright verify readings.bundle --root root.pem --custody 1 --json
    sealwright collect --device emulated:solar --out - | sealwright verify - --allow-test
    sealwright verify old.bundle --root root.pem --at 2026-03-18T12:00:00Z
    sealwright verify new.bundle --root root.pem --state heads.json --proof forks.bundle
    """,
)
def verify(
    session: Session,
    *,
    bundle: BundleArgument,
    root: RootOption = None,
    network: NetworkOption = None,
    custody: CustodyOption = 0,
    at: AtOption = None,
    allow_test: TestOption = False,
    secret: SecretOption = None,
    tick: TickOption = None,
    owner: OwnerOption = None,
    state: StateOption = None,
    proof: ProofOption = None,
) -> int:
    """Check every message of a bundle, offline, and say for each what holds and what does not.

    Needs a root and nothing else. Verdicts on messages that wait for another one of the bundle come last. Exits 1 if a
    message is rejected.
    """
    owners = [options.owner_key(path) for path in owner or ()]
    policy = Policy(
        network=None if network is None else options.octets(network, "the network id", 32),
        custody_floor=custody,
        at=None if at is None else options.moment(at),
        allow_test=allow_test,
        secrets=options.secrets(secret),
        ticks=options.ticks(tick),
        owners=tuple(owners if root else [*owners, *_home_owner(session)]),
    )
    roots = options.roots(root) if root else _home_roots(session)
    names = {} if root else session.names()
    kept = _Kept(state, proof)
    verifier = Verifier(roots, policy, BundleMemory(kept.heads.as_known()))
    code = _check(session, verifier.run(options.whole_bundle(bundle)), names, kept)
    kept.write(session)
    return code


class _Kept:
    """What `--state` remembers and `--proof` writes. Raises Usage for a damaged file of heads."""

    def __init__(self, state: Path | None, proof: Path | None) -> None:
        self._state, self._proof = state, proof
        self.heads = Heads.read(state.read_bytes()) if state is not None and state.exists() else Heads()
        self._forks = Forks(self.heads.messages())
        self._found: list[Fork] = []

    def note(self, verdict: Verdict) -> None:
        """Remember what a verdict shows."""
        if self._proof is not None:
            fork = self._forks.note(verdict)
            self._found += [] if fork is None else [fork]
        if self._state is not None:
            self.heads.note(verdict)

    def write(self, session: Session) -> None:
        """Replace the files, each whole or not at all."""
        if self._proof is not None and self._found:
            write_whole(self._proof, b"".join(fork.bundle() for fork in self._found))
            session.say(f"{self._proof} shows messages that contradict each other: {len(self._found)} times two.")
        if self._state is not None:
            write_whole(self._state, self.heads.dump())


def _check(session: Session, verdicts: Iterator[Verdict], names: Mapping[bytes, str], kept: _Kept) -> int:
    counts: Counter[str] = Counter()
    refused = 0
    with session.progress("verifying", streams=True) as advance:
        for verdict in verdicts:
            show(session, verdict, names)
            kept.note(verdict)
            counts[verdict.code] += 1
            refused += not verdict.ok
            if verdict.n % _EVERY == 0:
                advance(verdict.n, f"{verdict.n} messages")
    return summary(session, counts, refused)


def _home_roots(session: Session) -> list[Message[Certificate]]:
    if not (locate(session.folder) / "home.json").exists():
        remedy = "Give the network's root with --root ROOT.pem, or name a home with --home."
        raise Usage("there is no root to check against", remedy=remedy, code="no_root")
    return [*session.home.roots(), *options.roots(session.home.config.roots)]


def _home_owner(session: Session) -> list[PublicKey]:
    path = locate(session.folder) / "owner.key"
    return [session.home.key("owner").public] if path.exists() else []


def show(session: Session, verdict: Verdict, names: Mapping[bytes, str]) -> None:
    """One verdict: a JSON object, or a line for people and its reason."""
    if session.as_json:
        session.emit(**verdict.as_dict())
        return
    kind = verdict.type or "unreadable"
    said = describe(verdict.message, names, session.assets) if verdict.message else ""
    style = "" if verdict.ok else "red"
    session.say(
        f"{verdict.n:>5}  {verdict.code:<15} {kind:<13} {named(verdict.device, names):<16} {said}".rstrip(), style
    )
    if verdict.why:
        session.say(f"       {verdict.why}", style)


def summary(session: Session, counts: Mapping[str, int], refused: int) -> int:
    """The count of each code, a hint where one helps, and the exit code. refused: messages that do not hold."""
    total = sum(counts.values())
    fine = total - refused
    others = ", ".join(f"{count} {code}" for code, count in counts.items() if code != "ok")
    session.say(f"{fine} of {total} messages hold" + (f": {others}" if others else "."))
    if counts.get("test_root"):
        session.say("Emulated boards sign under a test root: give --allow-test if that is what you want to check.")
    return 1 if refused else 0
