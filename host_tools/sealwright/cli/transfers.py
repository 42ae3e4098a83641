"""`sealwright ledger deposit` and `withdraw`: money in and out, each by an owner's signature."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ..bookkeeping import open_ledger
from ..files import write_output
from ..ledger import Ledger
from ..money import Amount, Assets, check_name
from ..operate import owner
from ..verify import Verdict
from ..wire.messages import Grant, parse_message
from .commands import Command, ledger_command
from .money import AmountOption, AssetOption, NewAssetOption, begun, home_assets, keep_new, positive
from .options import NamedDevice, TestOption
from .session import Session
from .verdicts import TEST_HINT
from .words import named


@ledger_command(
    "deposit",
    "Credit a device with outside money.",
    """
    sealwright ledger deposit charger --amount 1.50EUR
    sealwright ledger deposit charger --asset nEUR --amount 100000
    """,
)
def deposit(
    session: Session,
    device: NamedDevice,
    value: AmountOption,
    asset: AssetOption = None,
    new_asset: NewAssetOption = False,
) -> int:
    """Credit a device with money that came in from outside, by the owner's signature: the only way in."""
    identifier = session.home.identify(device)
    new = begun(asset) if new_asset else []
    given = _given(value, asset, home_assets(session, *new), known=True)
    with open_ledger(session.home) as ledger:
        verdict = ledger.deposit(owner.deposit(session.home, identifier, given.asset, given.value).raw)
        held = _held(ledger, identifier, given.asset)
    if verdict.ok:
        keep_new(session, *new)
    moved, left = _emit(session, verdict, identifier, given, held)
    if verdict.ok:
        session.say(f"{moved} for {named(identifier, session.names())}, which has {left} now")
    return 0 if verdict.ok else 1


@ledger_command(
    "withdraw",
    "Pay a device's money out.",
    """
    sealwright ledger withdraw solar --amount 0.50EUR
    sealwright ledger withdraw solar --asset nEUR --amount 20000 --reference "invoice 12"
    sealwright ledger withdraw solar --amount 0.50EUR --order solar.order
    """,
)
def withdraw(
    session: Session,
    device: NamedDevice,
    value: AmountOption,
    asset: AssetOption = None,
    *,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="What the payment out is to name.")
    ] = None,
    order_file: Annotated[
        Path | None,
        typer.Option("--order", metavar="FILE", help="Write the order, for the ledger of the home that issued it."),
    ] = None,
    allow_test: TestOption = False,
) -> int:
    """Take money of a device out of the ledger, by the signature of its owner: the only way out.

    What its channels hold stays there until their claims end.
    """
    identifier = session.home.identify(device, retired=True)
    given = _given(value, asset, home_assets(session), known=False)
    grant = session.home.grant(identifier)
    rights = [*([] if grant is None else [grant]), *session.home.transfers(identifier)]
    if order_file is not None:
        return _write_order(session, order_file, rights, identifier, given, reference=reference)
    order = owner.withdrawal(session.home, identifier, given.asset, given.value, reference)
    with open_ledger(session.home, allow_test=allow_test) as ledger:
        verdicts = list(ledger.settle([*rights, order.raw]))
        held = _held(ledger, identifier, given.asset)
    verdict = next(one for one in verdicts if one.digest == order.digest)
    if not verdict.ok:  # a grant that is refused for its root is the cause: to the order it is as if there were none
        verdict = next((one for one in verdicts if one.code == "test_root"), verdict)
    moved, left = _emit(session, verdict, identifier, given, held)
    if verdict.ok:
        session.say(f"{moved} left from {named(identifier, session.names())}, which has {left} now")
    elif verdict.code == "not_the_owner" and not allow_test:
        session.note("The grant of an emulated board counts only with --allow-test.")
    return 0 if verdict.ok else 1


def _write_order(
    session: Session, path: Path, rights: list[bytes], device: bytes, given: Amount, *, reference: str | None
) -> int:
    """An order for the ledger that the device's grant names, with what shows who its owner is; settled there."""
    grants = [one.body for one in map(parse_message, rights) if isinstance(one.body, Grant)]
    chain = grants[0].ledger_chain if grants else None
    ledger = chain[0].body.key.device_id if chain else session.home.ledger_id
    order = owner.withdrawal(session.home, device, given.asset, given.value, reference, ledger=ledger)
    write_output(path, b"".join([*rights, order.raw]))
    session.emit(ok=True, device=device.hex(), ledger=ledger.hex(), file=str(path))
    session.say(f"Have it settled within ten minutes, at the ledger {ledger.hex()[:16]}: `sealwright settle {path}`.")
    return 0


def _given(text: str, asset: str | None, assets: Assets, *, known: bool) -> Amount:
    """The amount. known: only of an asset that is declared; money that is there may leave, whatever it is called."""
    if asset is not None:
        assets.known(asset) if known else check_name(asset)
    return positive(assets.parse(text, asset), text)


def _held(ledger: Ledger, device: bytes, asset: str) -> int:
    return sum(one.amount for one in ledger.balances() if (one.name, one.asset) == (device, asset))


def _emit(session: Session, verdict: Verdict, device: bytes, given: Amount, held: int) -> tuple[str, str]:
    """The outcome for programs, and why it is refused; returns (what moved, what is left), as people write them."""
    session.emit(
        ok=verdict.ok,
        code=verdict.code,
        device=device.hex(),
        asset=given.asset,
        amount=str(given.value),
        balance=str(held),
    )
    if not verdict.ok:
        session.note(f"{verdict.code}: {verdict.why}")
        if verdict.code == "test_root":
            session.note(TEST_HINT)
    return session.assets.show(given.value, given.asset), session.assets.show(held, given.asset)


COMMANDS: Final[tuple[Command, ...]] = (deposit, withdraw)
