"""The owner's order to buy, and its progress: the journal's record "order".

A trade gives the address, the payee, the goods and the budget. A standing order (see `standing_order`) gives neither
address nor payee. The record stays active until the order ends.
"""

from . import channel, messages, protection
from .compat import const
from .errors import Refused, Unfunded
from .records import ORDER_RECORD, PAYER_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .journal import Journal
    from .ports import Item, Record, Table

# Keys of an order, in the owner's command and in the journal
ADDRESS = const(1)  # text, for PeerLink.connect
PAYEE = const(2)  # bytes, 32; absent: any device
ASSET = const(3)  # text
UNIT = const(4)  # text
BUDGET = const(5)  # amount
SECONDS = const(6)  # uint: lifetime of the channel
PAUSE_MS = const(7)  # uint: between two payments
MAX_PRICE = const(12)  # amount for one unit
MOST_UNITS = const(13)  # uint: metered units in one second
MOST_FIRST = const(14)  # amount, metered: in the first bill
EVERY = const(16)  # uint, standing: seconds of a period; absent: the budget is for good
SELLERS = const(17)  # [bytes, 32, ...], standing: the sellers that it names
# Keys of its progress, in the journal alone
STATUS = const(8)  # ACTIVE to FAILED
CODE = const(9)  # uint: the error that ended the order
DIGEST = const(10)  # bytes, 32: the channel
NUMBER = const(11)  # uint, the command's: distinguishes two equal orders
IS_BY_SELLER = const(15)  # true: the seller answered with CODE
# Of a standing order; its ADDRESS, PAYEE, BUDGET and MAX_PRICE are those of the seller and the channel that it is at
TOTAL = const(18)  # amount: the budget
LIMIT = const(19)  # amount: the most for one unit
SPENT = const(20)  # amount: in channels that have ended
CHANNELS = const(21)  # [bytes, 32, ...]: the others
START = const(22)  # uint: unix seconds when the period began
MARK = const(23)  # amount: what was spent before it
BARRED = const(24)  # [[bytes, 32, uint], ...]: sellers, and the error code that barred each

ACTIVE = const(0)
DONE = const(1)
STOPPED = const(2)
FAILED = const(3)
WAITING = const(4)  # shown, never stored: active, and the channel waits for the ledger's funding

DEFAULT_SECONDS = const(86400)
DEFAULT_PAUSE_MS = const(1000)
DEFAULT_UNITS = const(1000)  # in a second and in the first bill, or a tenth of the budget if that is more
_TABLE: "Table" = {
    ADDRESS: (True, messages.text),
    PAYEE: (False, messages.hash32),
    ASSET: (True, messages.text),
    UNIT: (True, messages.text),
    BUDGET: (True, messages.amount),
    SECONDS: (False, messages.up_to(protection.MAX_SECONDS)),
    PAUSE_MS: (False, messages.up_to(3600000)),
    MAX_PRICE: (False, messages.amount),
    MOST_UNITS: (False, messages.uint),
    MOST_FIRST: (False, messages.amount),
}


def start(value: "Item", device: "Device", number: int) -> "Record":
    """A new order from the arguments of command `number`. Raises Malformed, Refused if an order is active."""
    messages.fit(value, _TABLE)
    require_free(device)
    order = dict(value)
    order[STATUS], order[NUMBER] = ACTIVE, number
    return order


def require_free(device: "Device") -> None:
    """Raise Refused if an order is active."""
    current = device.journal.get(ORDER_RECORD)
    if current is not None and current[STATUS] == ACTIVE:
        raise Refused("another trade is in progress: stop it first")


def is_standing(order: "Record | None") -> bool:
    """Whether this is a standing order in progress."""
    return order is not None and TOTAL in order and order[STATUS] == ACTIVE


def fold(journal: "Journal", digest: bytes, amount: int) -> None:
    """Count a channel of a standing order that has ended, or that the device forgets, in SPENT: `amount` was promised
    there. Idempotent."""
    current = journal.get(ORDER_RECORD)
    if current is None or TOTAL not in current or digest not in current[CHANNELS] + [current.get(DIGEST)]:
        return
    order = without_seller(current) if current.get(DIGEST) == digest else dict(current)
    order[SPENT] += amount
    order[CHANNELS] = [other for other in order[CHANNELS] if other != digest]
    journal.put(ORDER_RECORD, order)


def without_seller(order: "Record") -> "Record":
    """A copy of a standing order that is at no seller."""
    return {key: value for key, value in order.items() if key not in (ADDRESS, PAYEE, DIGEST, BUDGET, MAX_PRICE)}


def most_first(order: "Record", price: int) -> int:
    """The amount that the first bill of a metered channel may reach."""
    return order.get(MOST_FIRST, max(DEFAULT_UNITS * price, _budget(order) // 10))


def most_a_second(order: "Record", price: int) -> int:
    """The amount that one second may add to a metered channel."""
    if MOST_UNITS in order:
        return order[MOST_UNITS] * price
    return max(DEFAULT_UNITS * price, _budget(order) // 10)


def _budget(order: "Record") -> int:
    """Of the trade, or of the standing order: its channels may be for more."""
    return order[TOTAL] if TOTAL in order else order[BUDGET]


def goods(order: "Record | None") -> "list[Item] | None":
    """[payee or None, asset, unit, budget] of an active order."""
    if order is None or order[STATUS] != ACTIVE:
        return None
    return [order.get(PAYEE), order[ASSET], order[UNIT], _budget(order)]


def is_waiting(device: "Device", order: "Record") -> bool:
    """Whether the seller refused the order's channel until the ledger funds it, and no funding has come since."""
    digest = order.get(DIGEST)
    if order[STATUS] != ACTIVE or digest is None or device.trade_fault != Unfunded.code:
        return False
    record = channel.find_record(device.journal, PAYER_ROLE, digest)
    return record is not None and channel.FUNDING not in record


def finish(
    device: "Device",
    status: int,
    code: int | None = None,
    number: int | None = None,
    digest: bytes | None = None,
    is_by_seller: bool = False,
) -> None:
    """End the active order. number: end that order only; digest: the order of that channel only. is_by_seller: the
    code was the seller's answer. Idempotent."""
    current = device.journal.get(ORDER_RECORD)
    if current is None or current[STATUS] != ACTIVE or (digest is not None and current.get(DIGEST) != digest):
        return
    if number in (None, current[NUMBER]):
        order = dict(current)
        order[STATUS] = status
        if code is not None:
            order[CODE] = code
            order[IS_BY_SELLER] = is_by_seller
        device.journal.put(ORDER_RECORD, order)
        device.trade_fault = None
