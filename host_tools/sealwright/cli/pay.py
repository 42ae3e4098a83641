"""`sealwright pay`: one trade between two devices. They trade directly; the host only orders and watches."""

import time
from typing import Annotated

import typer

from ..bookkeeping import open_ledger
from ..errors import RefusedByDevice, Unreachable
from ..ledger import bring_funding
from ..link import Client
from ..money import Assets, Price, parse_price, read_number
from ..operate import trading
from ..operate.trading import Progress
from .commands import ledger_command
from .money import AMOUNT, home_assets, positive
from .session import Advance, Session
from .words import short

_LOOK_SECONDS = 2.0
_OPEN_SECONDS = 15.0  # that a payer may take to reach its seller and open a channel


@ledger_command(
    "pay",
    "Have one device buy from another.",
    """
    sealwright pay --payer charger --payee solar --amount 0.50EUR
    sealwright pay --payer charger --payee solar --amount 20000 --pause-ms 100
    sealwright pay --payer tcp:10.0.0.7:7000 --payee tcp:10.0.0.8:7000 --amount 500 --no-wait
    sealwright pay --payer tcp:10.0.0.7:7000 --payee tcp:127.0.0.1:7002 --at tcp:10.0.0.5:7001 --amount 500
    """,
)
def pay(
    session: Session,
    *,
    payer: Annotated[str, typer.Option("--payer", metavar="DEVICE", help="The device that buys.")],
    payee: Annotated[str, typer.Option("--payee", metavar="DEVICE", help="The device that sells; it has an offer.")],
    value: Annotated[str, typer.Option("--amount", metavar="AMOUNT", help=f"The most to spend. {AMOUNT}")],
    seconds: Annotated[
        int,
        typer.Option(
            "--seconds", metavar="S", min=1, max=34_560_000, help="How long the channel is good; its claim ends later."
        ),
    ] = 86400,
    pause_ms: Annotated[
        int, typer.Option("--pause-ms", metavar="MS", min=0, max=3_600_000, help="Between two payments.")
    ] = 1000,
    max_price: Annotated[
        str | None,
        typer.Option("--max-price", metavar="PRICE", help='The most for one unit, as "0.30 EUR/kWh"; else as offered.'),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="ADDRESS", help="Where the payer finds the payee: tcp:HOST:PORT of a relay."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until the trade is over.")] = True,
) -> None:
    """Have one device buy what another one offers, until the amount is used up.

    The seller wants to see that a ledger has locked the money: this command settles the payer's channel-open in the
    home's ledger and brings the payer the ledger's word, so deposit first. From then on the order stays on the payer:
    the trade goes on when this command ends, and after a reset of either device. Exits 4 if the ledger does not fund
    the channel, or the payer's policy or its owner ends the trade.
    """
    for text in (value, max_price or "0"):
        read_number(text)  # what is no amount need not reach a device
    home, assets = session.home, home_assets(session)
    with session.connect(payee) as seller, session.connect(payer) as buyer:
        offer = trading.offer_of(seller)
        budget = positive(assets.parse(value, offer.asset), value).value
        limit = _limit(max_price, offer, assets)
        asset, unit = trading.order(
            *(home, buyer, seller, budget),
            seconds=seconds,
            pause_ms=pause_ms,
            max_price=limit,
            address=at,
            offer=offer,
            assets=assets,
        )
        if not wait:
            fund_when_open(session, buyer)
            session.emit(ok=True, state="active", asset=asset, unit=unit, amount="0", vouchers=0)
            most = assets.show(budget, asset)
            session.say(f"{payer} buys {unit} for up to {most}; `sealwright info` shows how far it is.")
            return
        try:
            with session.progress(f"buying {unit}", budget) as advance:
                last = _follow(session, buyer, seller, asset, advance)
        except KeyboardInterrupt:
            session.note(f"The trade goes on without this command; `sealwright owner stop --device {payer}` ends it.")
            raise
    _outcome(session, last, asset, unit)


def _limit(text: str | None, offer: Price, assets: Assets) -> int | None:
    """A price's limit for the unit that is sold. No whole price lies between it and the next lower whole number."""
    return None if text is None else parse_price(text, assets, asset=offer.asset, unit=offer.unit, limit=True).value


def _follow(session: Session, buyer: Client, seller: Client, asset: str, advance: Advance) -> Progress:
    """Watch the order until it is over. Raises Unreachable where either device has gone."""
    last: Progress | None = None
    looked = time.monotonic()
    while True:
        now = _progress(buyer, seller)
        if now != last and not now.over:
            shown = {"amount": str(now.amount), "vouchers": now.vouchers, "trouble": now.trouble}
            session.emit(ok=True, state=now.state, asset=asset, **shown)
            if now.trouble and (last is None or now.trouble != last.trouble):
                session.note(f"The payer tries again: {now.trouble}.")
        last = now
        if now.state == trading.WAITING:
            _fund(session, buyer)
        advance(now.amount, f"{session.assets.show(now.amount, asset)} in {now.vouchers} vouchers")
        if now.over:
            return now
        if time.monotonic() - looked > _LOOK_SECONDS:
            looked = time.monotonic()
            _check_alive(seller)
        time.sleep(trading.POLL_SECONDS)


def fund_when_open(session: Session, buyer: Client) -> None:
    """Stay until the payer's channel is open, and fund it where the seller wants that."""
    for now in trading.watch(buyer, _OPEN_SECONDS):
        if now.state == trading.WAITING:
            _fund(session, buyer)
            return
        if now.vouchers:
            return


def _fund(session: Session, buyer: Client) -> None:
    """Lock the capacity of the payer's new channel in the home's ledger, and bring the payer its funding."""
    network = buyer.info().raw.get("network")
    test = network == session.home.network_id(test=True)
    with open_ledger(session.home, allow_test=test) as ledger:
        for brought in bring_funding(ledger, buyer):
            if brought.refused is not None:
                remedy = f"The order waits on the payer. Then run this again: {brought.refused.why}"
                raise RefusedByDevice("the ledger did not fund the channel", remedy=remedy, code=brought.refused.code)
            session.note(f"channel {short(brought.channel)} is funded")


def _progress(buyer: Client, seller: Client) -> Progress:
    try:
        return trading.progress(buyer, seller.url)
    except Unreachable as error:
        remedy = "Nothing is lost: the order is in its flash, and the trade goes on once it runs again."
        raise Unreachable(f"the payer is gone: {error}", remedy=remedy) from error


def _check_alive(seller: Client) -> None:
    try:
        seller.info()
    except Unreachable as error:
        remedy = "Nothing is lost: the payer goes on trying, and the trade goes on once the payee runs again."
        raise Unreachable(f"the payee is gone: {error}", remedy=remedy) from error


def _outcome(session: Session, last: Progress, asset: str, unit: str) -> None:
    promised = f"{session.assets.show(last.amount, asset)} promised in {last.vouchers} vouchers"
    if last.state != "done":
        why = last.reason or "its owner stopped it"
        raise RefusedByDevice(
            f"the trade ended early: {why}; {promised}",
            remedy=last.remedy or "Order again when it may pay.",
            code=f"trade_{last.state}",
        )
    session.emit(ok=True, state=last.state, asset=asset, unit=unit, amount=str(last.amount), vouchers=last.vouchers)
    session.say(f"Done: {promised}, for {unit}.")
    session.say("Next: `sealwright collect` from both, then `sealwright verify` and `sealwright settle`.")
