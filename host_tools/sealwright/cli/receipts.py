"""`sealwright ledger checkpoint`, `ledger receipt` and `verify --receipt`: what a ledger's log proves to anybody."""

import string
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ..bookkeeping import open_ledger
from ..errors import Rejected, Usage
from ..files import write_output
from ..verify import Policy, ReceiptFile, ReceiptVerdict, Verdict, Verifier
from ..wire.messages import Certificate, Checkpoint, LogEnd, Message, parse_message
from . import options
from .commands import ledger_command
from .describe import describe
from .session import Session
from .verdicts import TEST_HINT, show
from .words import clock, short

_LEAST_DIGITS: Final = 8  # of a digest's beginning

ReceiptOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--receipt",
        metavar="FILE",
        help="Check what `ledger receipt` or `ledger checkpoint` wrote; may be repeated, with bundles or without.",
        show_default=False,
    ),
]


@ledger_command(
    "checkpoint",
    "Sign the end of the log.",
    """
    sealwright ledger checkpoint --out monday.checkpoint
    sealwright ledger checkpoint --since monday.checkpoint --out tuesday.checkpoint
    """,
)
def checkpoint(
    session: Session,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="FILE", help="An earlier checkpoint: prove that the log goes on from it."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it, for `verify --receipt`.")] = None,
) -> None:
    """Sign the number of rows, the hash of the last and the root of the tree over all messages.

    Give it to those who rely on the ledger. A log that is cut or changed afterwards contradicts it, and two checkpoints
    that contradict each other are proof against the ledger. With --since the file also has the earlier checkpoint and a
    COSE Receipt (RFC 9942) that the log only grew. Exits 1 where it did not.
    """
    earlier = None if since is None else _newest_of(since)
    with open_ledger(session.home) as ledger, session.progress("reading the log"):
        made, grown = ledger.checkpoint(earlier)
    parts = [made.raw] if earlier is None or grown is None else [earlier.raw, made.raw, grown]
    if out is not None:
        write_output(out, _evidence(session, parts))
    body = made.body
    heads = [f"{end.rows}:{end.head.hex()}" for end in body.ends()]
    session.emit(
        ok=True, rows=body.rows, head=",".join(heads), root=body.root and body.root.hex(), digest=made.digest.hex(),
        at=body.signed_at, since=None if earlier is None else earlier.body.rows, out=None if out is None else str(out),
        **({} if body.shards is None else {"shards": [_end(*one) for one in enumerate(body.ends())]}),
    )  # fmt: skip
    session.say(f"checkpoint {','.join(heads)}")
    if earlier is not None:
        session.say(f"The log of {earlier.body.rows} rows is its beginning.", "green")
    if out is not None:
        session.say(f"Anybody can check it: sealwright verify --receipt {out} --root ROOT.pem")


@ledger_command(
    "receipt",
    "Prove that a message is in the log.",
    """
    sealwright ledger receipt 3fa80c12e7 --out toll.receipt
    sealwright ledger receipt 3fa80c12e7 77ab03d2c9 --out day.receipt --json
    """,
)
def receipt(
    session: Session,
    digest: Annotated[
        list[str],
        typer.Argument(metavar="DIGEST...", help="Digests of messages, or how they begin.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to.")],
) -> None:
    """Write for each message a COSE Receipt (RFC 9942): it is in the log, under a checkpoint that is signed now.

    The file also has the messages, the checkpoint and the ledger's certificates, so that it can be checked offline by
    `sealwright verify --receipt`.
    """
    wanted = [_beginning(one) for one in digest]
    with open_ledger(session.home) as ledger, session.progress("reading the log"):
        signed, entered = ledger.prove(wanted)
    write_output(out, _evidence(session, [signed.raw, *(raw for one in entered for raw in (one.message, one.receipt))]))
    names = session.names()
    for one in entered:
        message = parse_message(one.message)
        placed = {} if one.shard is None else {"shard": one.shard}
        session.emit(ok=True, digest=message.digest.hex(), type=message.type, row=one.row, rows=one.rows, **placed)
        where = f"{one.rows}" if one.shard is None else f"{one.rows} of shard {one.shard}"
        session.say(f"row {one.row} of {where}: {describe(message, names, session.assets)}")
    session.say(f"Anybody can check it: sealwright verify --receipt {out} --root ROOT.pem")


def _end(shard: int, end: LogEnd) -> dict[str, Any]:
    return {"shard": shard, "rows": end.rows, "head": end.head.hex(), "root": end.root and end.root.hex()}


COMMANDS: Final = (checkpoint, receipt)


def check_receipts(
    session: Session,
    files: Iterable[Path],
    roots: list[Message[Certificate]],
    policy: Policy,
    names: Mapping[bytes, str],
    *,
    quiet: bool,
) -> int:
    """Show what the receipts of files prove; how many items do not hold. Raises Usage and Rejected for a file that is
    none."""
    refused, checked = 0, ReceiptFile(Verifier(roots, policy))  # one for all: two files may contradict each other
    for path in files:
        found = list(checked.run(options.whole_bundle(str(path))))
        if not any(isinstance(one, ReceiptVerdict) or one.type == Checkpoint.NAME for one in found):
            raise Rejected(f"there is no receipt and no checkpoint in {path}", remedy="Write one: `ledger receipt`.")
        for one in found:
            _show(session, one, names, str(path), quiet=quiet)
        refused += sum(not one.ok for one in found)
        if any(one.code == "test_root" for one in found) and not quiet:
            session.say(TEST_HINT)
    return refused


def _show(
    session: Session, one: Verdict | ReceiptVerdict, names: Mapping[bytes, str], source: str, *, quiet: bool
) -> None:
    if isinstance(one, Verdict):
        if session.as_json or not (one.ok or quiet):
            show(session, one, names, source)
        return
    session.emit(**one.as_dict(), bundle=source)
    if quiet:
        return
    if not one.ok:
        session.say(f"{one.code}: {one.why}", "red")
    elif one.checkpoint is not None:
        rests = one.checkpoint
        what = describe(one.message, names, session.assets) if one.message else f"the log of {one.row} rows"
        where = f"is in row {one.row}" if one.message else "is the beginning"
        size = f"{one.end.rows if one.end else 0}" + ("" if one.shard is None else f" of shard {one.shard}")
        when = clock(rests.signed_at)
        session.say(f"{what} {where} of {size} of the ledger {short(rests.ledger)}, as it signed {when}", "green")


def _evidence(session: Session, parts: list[bytes]) -> bytes:
    """The ledger's certificates, then `parts`."""
    return b"".join([*(certificate.raw for certificate in session.home.ledger_certificates()), *parts])


def _newest_of(path: Path) -> Message[Checkpoint]:
    """The checkpoint with most rows in a file. Raises Usage where there is none."""
    found = []
    for raw in options.whole_bundle(str(path)):
        try:
            message = parse_message(raw)
        except Rejected:
            continue  # a receipt; what else is no message helps nobody here
        if isinstance(message.body, Checkpoint):
            found.append(Message(message.sign1, message.body))
    if not found:
        raise Usage(f"there is no checkpoint in {path}", remedy="Name a file that `ledger checkpoint --out` wrote.")
    return max(found, key=lambda one: one.body.rows)


def _beginning(text: str) -> bytes:
    """A digest or its first bytes. Raises Usage for what is too short or no hexadecimal."""
    digits = text.strip().lower()[: len(text.strip()) & ~1]
    if not _LEAST_DIGITS <= len(digits) <= 64 or set(digits) - set(string.hexdigits):
        remedy = f"Give {_LEAST_DIGITS} to 64 hexadecimal digits, as `verify --json` shows them."
        raise Usage(f"{text!r} is no digest and no beginning of one", remedy=remedy)
    return bytes.fromhex(digits)
