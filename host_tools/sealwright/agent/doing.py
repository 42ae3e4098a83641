"""How each act is carried out: by the same functions as the command of its name, from the act's own fields."""

from collections.abc import Callable

from ..bookkeeping import open_ledger
from ..errors import RefusedByDevice, Rejected, SealwrightError
from ..home import Home, Registered
from ..link import Client
from ..operate import owner, renewing
from ..operate.validity import Barred, ended, kept_certificate, lasting
from ..verify import Verdict
from ..wire.messages import Grant, Message, Revocation, parse_as
from ..wire.times import utc
from .acts import Act, Pause, Renew, Revoke, Withdraw

Connect = Callable[[str], Client]  # to a device, by its id in hexadecimal


def carry_out(home: Home, act: Act, connect: Connect, *, allow_test: bool) -> str:
    """Do it; what was done, in a sentence. Raises a SealwrightError where it could not be."""
    entry = home.find(bytes.fromhex(act.device))
    if entry is None:
        raise RefusedByDevice("this home has no such device", remedy="See `sealwright devices --all`.")
    match act:
        case Renew():
            return _renew(home, entry, connect)
        case Revoke():
            verdict = settle_revocation(home, entry, renewing.revoke(home, entry, act.reason))
            said = "the ledger has it" if verdict.ok else f"the ledger refused it: {verdict.code}"
            return f"{entry.name} is revoked; {said}"
        case Pause():
            with connect(act.device) as client:
                owner.pause(home, client)
            return f"{entry.name} is paused"
        case Withdraw():
            return _withdraw(home, entry, act, allow_test=allow_test)


def _renew(home: Home, entry: Registered, connect: Connect) -> str:
    one = lasting(entry, kept_certificate(home, bytes.fromhex(entry.device)))
    why = Barred(home).why(entry) or (None if one is None else ended(one, home.now()))
    if why is not None:
        raise why
    with connect(entry.device) as client:
        made = renewing.renew(home, client, again=None if one is None else one.certificate.body)
    end = "has no end" if made.body.expires is None else f"ends at {utc(made.body.expires)}"
    return f"{entry.name} has a new certificate, which {end}"


def settle_revocation(home: Home, entry: Registered, message: Message[Revocation]) -> Verdict:
    """Have the home's ledger take a revocation at once; its verdict. Raises LedgerError."""
    raw = home.grant(bytes.fromhex(entry.device))  # a ledger may not have seen the device's certificates yet
    chain = [] if raw is None else [link.raw for link in reversed(parse_as(raw, Grant).body.chain)]
    with open_ledger(home, allow_test=True) as ledger:
        settled = list(ledger.settle([*chain, message.raw]))
    return next(one for one in settled if one.digest == message.digest)


def _withdraw(home: Home, entry: Registered, act: Withdraw, *, allow_test: bool) -> str:
    device = bytes.fromhex(act.device)
    grant = home.grant(device)
    rights = [*([] if grant is None else [grant]), *home.transfers(device)]
    order = owner.withdrawal(home, device, act.asset, int(act.amount), act.reference or None)
    with open_ledger(home, allow_test=allow_test) as ledger:
        verdicts = list(ledger.settle([*rights, order.raw]))
    verdict = next(one for one in verdicts if one.digest == order.digest)
    if not verdict.ok:
        raise Rejected(
            f"the ledger refused it: {verdict.why.rstrip('.')}", remedy="See `sealwright ledger`.", code=verdict.code
        )
    return f"{act.amount} smallest units of {act.asset} left from {entry.name}"


def failure(error: SealwrightError) -> str:
    """An error with its remedy, on one line."""
    return f"{error}. {error.remedy}".strip()
