"""What is at stake with a device, said before it is forgotten or wiped, and the question whether to go on."""

import sys
from dataclasses import dataclass, field

import typer

from ..bookkeeping import open_ledger
from ..errors import SealwrightError, Usage
from ..link import Info
from ..money import Assets
from .session import Session
from .words import SMALLEST, number


@dataclass(slots=True)
class Holdings:
    """What the home's ledger has of a device: per asset its balance, what its channels hold for it as their payer, and
    the most that it may still claim as a payee. fault: why the ledger cannot tell. assets: how to write amounts."""

    balances: dict[str, int] = field(default_factory=dict)
    locked: dict[str, int] = field(default_factory=dict)
    claimable: dict[str, int] = field(default_factory=dict)
    fault: str = ""
    assets: Assets = SMALLEST

    def __str__(self) -> str:
        if self.fault:
            return f"what it has in the ledger is not known ({self.fault})"
        parts = [f"{self.assets.show(value, asset)} in the ledger" for asset, value in self.balances.items()]
        parts += [
            f"{self.assets.show(value, asset)} in channels that it pays in" for asset, value in self.locked.items()
        ]
        parts += [f"up to {self.assets.show(value, asset)} to claim" for asset, value in self.claimable.items()]
        return "it has " + (", ".join(parts) or "nothing in the ledger")

    def as_dict(self) -> dict[str, str]:
        """The balances for programs, amounts as text."""
        return {asset: str(value) for asset, value in self.balances.items()}

    def ways_out(self, device: str) -> list[str]:
        """The commands that pay out the balances, one an asset. device: its id, as its name is free by then."""
        amounts = [self.assets.show(value, asset).replace(" ", "") for asset, value in self.balances.items()]
        return [
            f"`sealwright ledger withdraw {device[:16]} --amount {amount}` pays out what it has." for amount in amounts
        ]


def holdings(session: Session, device: bytes) -> Holdings:
    """What a device has in the home's ledger. Never raises SealwrightError."""
    found = Holdings(assets=session.assets)
    try:
        with open_ledger(session.home) as ledger:
            for balance in ledger.balances():
                if balance.kind == "device" and balance.name == device and balance.amount:
                    found.balances[balance.asset] = balance.amount
            for channel in ledger.channels():
                for party, sums in ((channel.payer, found.locked), (channel.payee, found.claimable)):
                    if party == device and channel.remaining:
                        sums[channel.asset] = sums.get(channel.asset, 0) + channel.remaining
    except SealwrightError as error:
        found.fault = str(error)
    return found


def on_board(info: Info) -> str:
    """What a device holds that is lost with it, in words; nothing for one that is not provisioned."""
    if not info.provisioned:
        return ""
    readings = info.raw["reading_seq"] - info.raw["acknowledged"]
    pays, paid = info.raw["channels"]
    waiting = number(max(readings, 0), "reading")
    return f"it holds {waiting} not acknowledged, {number(pays, 'channel')} it pays in and {paid} it is paid in"


def confirm(session: Session, what: str, remedy: str, yes: bool) -> None:
    """Go on only if --yes was given, or the person at the terminal says so. Raises Usage (not_confirmed)."""
    if yes:
        return
    asks = not session.as_json and sys.stdin is not None and sys.stdin.isatty() and session.err.is_terminal
    if asks:
        session.note(what)
        if typer.confirm("Go on?", err=True):
            return
        raise Usage("nothing was changed", remedy=remedy, code="not_confirmed")
    raise Usage(what, remedy=f"{remedy} Add --yes to go on.", code="not_confirmed")
