"""What an auditor asks first: the log's end, contradictions, and verdicts by code."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from ...errors import Rejected, Usage
from ...ledger import Head
from ...wire.messages import parse_message
from .sources import Sources

MOST: Final = 100


class Contradiction(NamedTuple):
    """Two messages of one signer that cannot both be true. where: "ledger", "readings" or the name of a bundle."""

    where: str
    kind: str
    first: str
    second: str
    device: bytes | None


class Audit(NamedTuple):
    """anchor: the last row that this home noted when it settled; None where it has noted none. grown: whether the log
    still has that row."""

    head: Head | None
    anchor: Head | None
    grown: bool | None
    contradictions: Sequence[Contradiction]
    verdicts: dict[str, int]
    readings: int | None


def audit(sources: Sources) -> Audit:
    """What is known without checking all of it again. Raises what its sources raise."""
    ledger, store, noticed = sources.ledger(), sources.readings(), sources.fleet()
    head = None if ledger is None else ledger.head()
    anchor = _anchor(sources)
    grown = None
    if ledger is not None and anchor is not None:
        grown = anchor.n == 0 or ledger.row_hash(anchor.n) == anchor.hash
    return Audit(
        head=head,
        anchor=anchor,
        grown=grown,
        contradictions=_contradictions(sources),
        verdicts={} if noticed is None else dict(sorted(noticed.verdicts().items())),
        readings=None if store is None else sources.memo.get("readings", store.count),
    )


def _anchor(sources: Sources) -> Head | None:
    try:
        return Head.parse(sources.home.ledger_head_path.read_text("ascii"))
    except (OSError, ValueError, Usage):
        return None


def _contradictions(sources: Sources) -> list[Contradiction]:
    found: list[Contradiction] = []
    ledger, store = sources.ledger(), sources.readings()
    if ledger is not None:
        for first, second in islice(ledger.each_equivocation(), MOST):
            found.append(_pair(first, second))
    if store is not None:
        for device, seq in islice(sorted(store.doubtful().items()), MOST):
            found.append(Contradiction("readings", "reading", f"from number {seq} on", "", device))
    with suppress(OSError):
        for path in islice(sorted((sources.home.folder / "forks").glob("*.bundle")), MOST):
            found.append(Contradiction(f"forks/{path.name}", "proof in a bundle", "", "", _device(path.name)))
    return found


def _pair(first: bytes, second: bytes) -> Contradiction:
    try:
        one, other = parse_message(first), parse_message(second)
    except Rejected:
        return Contradiction("ledger", "damaged", "", "", None)
    return Contradiction("ledger", one.body.NAME, one.digest.hex(), other.digest.hex(), None)


def _device(name: str) -> bytes | None:
    try:
        return bytes.fromhex(name.split("-", maxsplit=1)[0])
    except ValueError:
        return None
