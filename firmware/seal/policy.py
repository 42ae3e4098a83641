"""The owner's spending policy, checked before every signature over money.

The policy is `policy` of the schema: {1: {asset: {1: max per voucher, 2: max per day}}, ?2: payees, ?3: button above,
?4: not after}. "Per voucher" limits the increase over the voucher before. Without a policy the device spends nothing.
Days are those of trusted time, see `days`: a limit per day errs on the strict side.
"""

from . import labels
from .compat import const
from .errors import PolicyRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .ports import Claims, Clock

OVER_VOUCHER = const(40)
OVER_DAY = const(41)
NOT_A_PAYEE = const(42)
NEEDS_BUTTON = const(43)
ENDED = const(44)
PAUSED = const(45)
NO_ASSET = const(46)
CLOCK_UNSET = const(47)
OVER_PRICE = const(48)  # a limit of the order
OVER_RATE = const(49)  # a limit of the order: the meter counts faster

# Keys of the policy
_ASSETS = const(1)  # {asset: {_PER_VOUCHER: amount, _PER_DAY: amount}}
_PER_VOUCHER = const(1)
_PER_DAY = const(2)
_PAYEES = const(2)  # [device id, ...]
_BUTTON_ABOVE = const(3)  # amount
_NOT_AFTER = const(4)  # unix seconds


class Limit(PolicyRefused):
    """A voucher beyond a limit; `code` names the limit, 40 to 49."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def check(policy: "Claims | None", spending: "Spending", clock: "Clock", pressed: "Callable[[], bool]") -> None:
    """Raise Limit unless `policy` allows `spending`.

    pressed: called only if the policy demands the button.
    """
    if spending.is_paused:
        raise Limit(PAUSED, "paused by the owner: resume first")
    cap = (policy or {_ASSETS: {}})[_ASSETS].get(spending.asset)
    if cap is None:
        raise Limit(NO_ASSET, "the policy allows nothing in %s" % spending.asset)
    if _PAYEES in policy and spending.payee not in policy[_PAYEES]:
        raise Limit(NOT_A_PAYEE, "this payee is not on the owner's list")
    if _NOT_AFTER in policy:
        if clock.quality < labels.CLOCK_HOST:
            raise Limit(CLOCK_UNSET, "the policy ends at a time and the clock is not set")
        if clock.now() > policy[_NOT_AFTER]:
            raise Limit(ENDED, "the policy has ended: the owner must give a new one")
    if spending.amount > cap[_PER_VOUCHER]:
        raise Limit(OVER_VOUCHER, "%d is over the limit of %d for one voucher" % (spending.amount, cap[_PER_VOUCHER]))
    if spending.spent_today + spending.amount > cap[_PER_DAY]:
        raise Limit(OVER_DAY, "%d more would be over the limit of %d a day" % (spending.amount, cap[_PER_DAY]))
    if spending.amount > policy.get(_BUTTON_ABOVE, spending.amount) and not pressed():
        raise Limit(NEEDS_BUTTON, "an amount this high wants the button pressed")


def room(policy: "Claims | None", asset: str, spent_today: int) -> int:
    """The largest amount of `asset` that one voucher may add by the limits, and without the button; below 0: none."""
    cap = (policy or {_ASSETS: {}})[_ASSETS].get(asset)
    if cap is None:
        return 0
    return min(cap[_PER_VOUCHER], cap[_PER_DAY] - spent_today, policy.get(_BUTTON_ABOVE, cap[_PER_VOUCHER]))


class Spending:
    """A payment before its signature: `amount` more of `asset` to `payee`, after `spent_today` earlier today."""

    def __init__(self, asset: str, payee: bytes, amount: int, spent_today: int, is_paused: bool) -> None:
        self.asset = asset
        self.payee = payee
        self.amount = amount
        self.spent_today = spent_today
        self.is_paused = is_paused
