"""`sealwright prove`: the smallest bundle that proves a row of the home's readings to anyone who has the root."""

import string
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Usage
from ..files import write_output
from ..readings import ReadingStore
from ..readings.proof import Proof
from ..readings.proof import prove as proof_of
from ..readings.tables import Stored
from ..verify import Policy
from . import options
from .commands import command
from .describe import describe
from .options import STDIN, TestOption
from .readings_asked import device_of, store_of
from .rooted import AtOption, CustodyOption, RootOption, home_roots
from .session import Session
from .words import named, number

_LEAST: Final = 8  # digits of a digest

RowArgument = Annotated[
    str,
    typer.Argument(
        metavar="ROW", help="A reading: its digest, or how that begins; or DEVICE:NUMBER.", show_default=False
    ),
]


@command(
    "prove",
    "Prove a row of the readings to anybody.",
    """
    sealwright prove 1495360d072c --out roof.bundle
    sealwright prove roof:1440 --out roof.bundle
    sealwright prove roof:1440 --out - | sealwright verify - --root root.pem
    """,
)
def prove(
    session: Session,
    *,
    row: RowArgument,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="BUNDLE", help="Write the proof; - is standard output.", show_default=False),
    ] = None,
    root: RootOption = None,
    custody: CustodyOption = 0,
    at: AtOption = None,
    allow_test: TestOption = False,
) -> int:
    """Find the reading of a row, check it again, and write the least that proves it offline.

    That is the reading, the certificates of its signer, its rotations and revocations. Where a later reading's
    signature proved it when it was taken, and its own does not hold, the readings up to that one are with it. What does
    not hold any more is not written; a certificate that has ended since holds as of then: --at TIME. Exits 1 for it.
    """
    if out == STDIN:
        if session.as_json or sys.stdout.isatty():
            raise Usage("a bundle on standard output is for a pipe alone", remedy="Give --out FILE.")
        session.out = session.err
    roots = options.roots(root) if root else home_roots(session)
    moment = None if at is None else options.moment(at)
    policy = Policy(custody_floor=custody, at=moment, allow_test=allow_test)
    with store_of(session) as store:
        found = _find(session, store, row)
        proof = proof_of(found, store, roots, policy)
        least = store.doubtful().get(store.device_of(found))
    _write(out, b"".join(proof.raws))
    _show(session, found, proof, out, doubtful=least is not None and found.seq >= least)
    if out is not None:
        chained = " --proof chained" if proof.chain else ""
        test = " --allow-test" if allow_test else ""
        session.say(f"Anybody can check it: sealwright verify {out} --root ROOT.pem{chained}{test}")
    return 0


def _write(out: str | None, bundle: bytes) -> None:
    if out == STDIN:
        sys.stdout.buffer.write(bundle)
        sys.stdout.buffer.flush()
    elif out is not None:
        write_output(Path(out), bundle)


def _find(session: Session, store: ReadingStore, row: str) -> Stored:
    """The reading that a text means. Raises Usage where there is none, or more than one."""
    device, colon, digits = row.rpartition(":")
    if colon and digits.isascii() and digits.isdigit() and len(digits) < 20:
        found = store.find(device_of(session, store, device), int(digits))
        if found is not None:
            return found
        raise Usage(f"the store has no reading {digits} of {device}", remedy=_LIST, code="no_row")
    text = row.strip().lower()
    if not _LEAST <= len(text) <= 64 or set(text) - set(string.hexdigits):
        remedy = f"Give {_LEAST} to 64 hexadecimal digits of its digest, or DEVICE:NUMBER."
        raise Usage(f"{row!r} is no row", remedy=remedy, code="no_row")
    all_found = [one for one in store.named(bytes.fromhex(text[: len(text) & ~1])) if one.digest.hex().startswith(text)]
    if len(all_found) == 1:
        return all_found[0]
    if all_found:
        listed = ", ".join(one.digest.hex()[: _LEAST * 2] for one in all_found[:5])
        raise Usage(f"{row} begins {len(all_found)} digests", remedy=f"Give more of it: {listed}.", code="no_row")
    raise Usage(f"no reading in the store has a digest that begins {row}", remedy=_LIST, code="no_row")


_LIST: Final = "`sealwright readings` lists the rows; the digest is in the column `row`."


def _show(session: Session, found: Stored, proof: Proof, out: str | None, *, doubtful: bool) -> None:
    names: Mapping[bytes, str] = session.names()
    verdict, size = proof.verdict, sum(map(len, proof.raws))
    device = verdict.device or b""
    session.emit(
        ok=True, digest=found.digest.hex(), device=device.hex(), name=names.get(device), seq=found.seq, out=out,
        messages=len(proof.raws), bytes=size, proof="chained" if proof.chain else "signed", doubtful=doubtful,
    )  # fmt: skip
    if verdict.message is not None:
        session.say(f"{named(device, names)} {describe(verdict.message, names, session.assets)}")
    by = f"by the signature of reading {found.seq + proof.chain}" if proof.chain else "by its own signature"
    where = f", in {out}" if out not in (None, STDIN) else ""
    session.say(f"It holds, {by}: {number(len(proof.raws), 'message')}, {size:,} bytes{where}.", "green")
    if doubtful:
        session.note("Its device contradicts itself in this reading or an earlier one: the store keeps both.")
