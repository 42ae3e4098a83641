"""`sealwright owner order`: a device's standing order to buy from whoever sells cheapest."""

from typing import Annotated

import typer

from ..errors import Usage
from ..money import Price, parse_price, read_number
from ..operate import market, owner
from ..operate.pinning import prove
from .commands import command
from .money import AMOUNT, AssetOption, home_assets, positive
from .options import DeviceOption
from .pay import fund_when_open
from .session import Session


@command(
    "order",
    "Have it buy from whoever sells cheapest.",
    """
    sealwright owner order --device car --max-price "0.36 EUR/kWh" --budget 0.50EUR
    sealwright owner order --device car --unit J --asset nEUR --max-price 90 --budget 20000 --every 3600
    sealwright owner order --device car --max-price "0.36 EUR/kWh" --budget 0.50EUR --seller roof --seller barn
    sealwright owner order --device car --fund
    sealwright owner order --device car --stop
    """,
)
def order(
    session: Session,
    *,
    device: DeviceOption,
    asset: AssetOption = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="UNIT", help="What it buys, such as J, or reading [default: J].")
    ] = None,
    max_price: Annotated[
        str | None, typer.Option("--max-price", metavar="PRICE", help='The most for one unit, as "0.30 EUR/kWh".')
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="AMOUNT", help=f"The most to spend, over all sellers. {AMOUNT}")
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(
            "--every", metavar="S", min=market.LEAST_PERIOD, max=34_560_000, help="The budget is for each S seconds."
        ),
    ] = None,
    sellers: Annotated[
        list[str] | None, typer.Option("--seller", metavar="DEVICE", help="Buy from this one alone; may be repeated.")
    ] = None,
    seconds: Annotated[
        int, typer.Option("--seconds", metavar="S", min=1, max=34_560_000, help="How long a channel is good.")
    ] = 86400,
    pause_ms: Annotated[
        int, typer.Option("--pause-ms", metavar="MS", min=0, max=3_600_000, help="Between two payments.")
    ] = 1000,
    max_rate: Annotated[
        int | None,
        typer.Option(
            "--max-rate", metavar="UNITS", min=1, help="The most that a seller's meter may count in a second."
        ),
    ] = None,
    fund: Annotated[
        bool, typer.Option("--fund", help="Have the home's ledger fund the channel that it waits with.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the order; what it promised stays promised.")] = False,
) -> None:
    """Give a device a standing order: it finds sellers by itself, buys from the cheapest that its owner's policy and
    this order allow, and moves to another when one fails. It goes on after a reset, until the budget is spent, and with
    --every in the next period again. `sealwright market` shows what it sees and why it chose.

    A seller that gives no credit (`owner protect --credit`) waits for the ledger's funding: deposit, and add --fund. A
    channel of an order with --every is for all periods until the channel expires. `pay` is for a single trade: a device
    has one order or the other.
    """
    home = session.home
    if stop or (fund and max_price is None and budget is None):
        if stop and (fund or max_price is not None or budget is not None):
            raise Usage("--stop stands alone", remedy="Leave out the other options.")
        with session.connect(device) as client:
            if stop:
                owner.stop_trade(home, client)
            else:
                fund_when_open(session, client)
        session.emit(ok=True, device=device, state="stopped" if stop else "active")
        session.say(f"{device} has ended its order" if stop else f"{device}: `sealwright market` shows how it goes on")
        return
    limit, most = _terms(session, max_price, budget, asset, unit)
    named = [home.identify(text) for text in sellers or ()]
    with session.connect(device) as client:
        prove(home, client)
        market.order(
            *(home, client, limit, most),
            every=every,
            sellers=named,
            seconds=seconds,
            pause_ms=pause_ms,
            most_units=max_rate,
            assets=session.assets,
        )
        if fund:
            fund_when_open(session, client)
    shown = {"asset": limit.asset, "unit": limit.unit, "max_price": str(limit.value), "budget": str(most)}
    session.emit(ok=True, device=device, state="active", every=every, sellers=named or None, **shown)
    period = "" if every is None else f" in each {every} s"
    session.say(f"{device} buys {limit.unit} from whoever sells cheapest, for {session.assets.show(most, limit.asset)}")
    session.say(f"at most{period}: `sealwright market --device {device}` shows what it sees, and how it chose.")


def _terms(
    session: Session, max_price: str | None, budget: str | None, asset: str | None, unit: str | None
) -> tuple[Price, int]:
    """(the most for one unit, the budget in smallest units). Raises Usage."""
    if not max_price or not budget:
        remedy = 'Give --max-price "0.36 EUR/kWh" and --budget 0.50EUR, or --stop.'
        raise Usage("a standing order wants --max-price and --budget", remedy=remedy)
    for text in (max_price, budget):
        read_number(text)  # what is no amount need not reach a device
    assets = home_assets(session)
    if asset is not None:
        assets.known(asset)
    limit = parse_price(max_price, assets, asset=asset, unit=unit, limit=True)
    return limit, positive(assets.parse(budget, limit.asset), budget).value
