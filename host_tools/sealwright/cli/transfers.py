"""`sealwright ledger deposit` and `withdraw`: money in and out, each by an owner's signature."""

from typing import Annotated, Final

import typer

from ..operate import owner
from .commands import Command, command
from .options import NamedDevice, TestOption
from .session import Session
from .settle import open_ledger
from .words import amount, named


@command(
    "deposit",
    "Credit a device with outside money.",
    """
    sealwright ledger deposit charger --asset nEUR --amount 100000
    """,
)
def deposit(
    session: Session,
    device: NamedDevice,
    asset: Annotated[str, typer.Option("--asset", metavar="ASSET", help="What, such as nEUR.")],
    value: Annotated[int, typer.Option("--amount", metavar="N", min=1, max=2**63 - 1, help="In its smallest unit.")],
) -> int:
    """Credit a device with money that came in from outside, by the owner's signature: the only way in."""
    identifier = session.home.identify(device)
    with open_ledger(session.home) as ledger:
        verdict = ledger.deposit(owner.deposit(session.home, identifier, asset, value).raw)
        held = [one.amount for one in ledger.balances() if (one.name, one.asset) == (identifier, asset)]
    session.emit(
        ok=verdict.ok, code=verdict.code, device=identifier.hex(), asset=asset, amount=value, balance=sum(held)
    )
    if not verdict.ok:
        session.note(f"{verdict.code}: {verdict.why}")
        return 1
    name = named(identifier, session.names())
    session.say(f"{amount(value, asset)} for {name}, which has {amount(sum(held), asset)} now")
    return 0


@command(
    "withdraw",
    "Pay a device's money out.",
    """
    sealwright ledger withdraw solar --asset nEUR --amount 20000
    sealwright ledger withdraw solar --asset nEUR --amount 20000 --reference "invoice 12"
    """,
)
def withdraw(
    session: Session,
    device: NamedDevice,
    asset: Annotated[str, typer.Option("--asset", metavar="ASSET", help="What, such as nEUR.")],
    value: Annotated[int, typer.Option("--amount", metavar="N", min=1, max=2**63 - 1, help="In its smallest unit.")],
    *,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="What the payment out is to name.")
    ] = None,
    allow_test: TestOption = False,
) -> int:
    """Take money of a device out of the ledger, by the signature of the owner that its grant names: the only way out.

    What its channels hold stays there until their claims end.
    """
    identifier = session.home.identify(device, retired=True)
    grant = session.home.grant(identifier)
    order = owner.withdrawal(session.home, identifier, asset, value, reference)
    with open_ledger(session.home, allow_test=allow_test) as ledger:
        verdicts = list(ledger.settle([*([] if grant is None else [grant]), order.raw]))
        held = [one.amount for one in ledger.balances() if (one.name, one.asset) == (identifier, asset)]
    verdict = next(one for one in verdicts if one.digest == order.digest)
    session.emit(
        ok=verdict.ok, code=verdict.code, device=identifier.hex(), asset=asset, amount=value, balance=sum(held)
    )
    if not verdict.ok:
        session.note(f"{verdict.code}: {verdict.why}")
        return 1
    name = named(identifier, session.names())
    session.say(f"{amount(value, asset)} left from {name}, which has {amount(sum(held), asset)} now")
    return 0


COMMANDS: Final[tuple[Command, ...]] = (deposit, withdraw)
