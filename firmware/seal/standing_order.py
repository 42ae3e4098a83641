"""The owner's standing order: buy from whoever sells cheapest, up to a budget, or up to one in each period.

It is the journal's record "order" (see `order`), so that it and the trade of `pay` exclude each other. `shopping`
carries it out. What was spent is counted over all sellers: the promises in the channels of the order, which are on
flash before a voucher leaves, and SPENT for those that have ended. A period is one of trusted time (see `days`): no
step of the clock gives another budget.
"""

from . import channel, messages, policy, protection
from . import order as orders
from .compat import const
from .errors import Expired, Malformed, OverCapacity, WrongOffer
from .order import ACTIVE, ASSET, BARRED, BUDGET, CHANNELS, DEFAULT_SECONDS, DIGEST, EVERY, LIMIT, MARK, MAX_PRICE
from .order import MOST_FIRST, MOST_UNITS, NUMBER, PAUSE_MS, PAYEE, SECONDS, SELLERS, SPENT, START, STATUS, TOTAL, UNIT
from .order import is_standing, require_free, without_seller
from .records import ORDER_RECORD, OWNER_IS_PAUSED, OWNER_POLICY, PAYER_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .sightings import Seen
    from .ports import Item, Record, Table

CHOSEN = const(0)
DEARER = const(60)  # a cheaper offer is taken
NOT_NAMED = const(61)  # the order names other sellers
LEFT_ALONE = const(62)  # its seller failed a moment ago, and is left alone for a while
_MAX_SELLERS = const(8)
_MAX_BARRED = const(8)
_MAX_SECONDS = const(34560000)
_TABLE: "Table" = {
    ASSET: (True, messages.text),
    UNIT: (True, messages.text),
    BUDGET: (True, messages.amount),
    SECONDS: (False, messages.up_to(protection.MAX_SECONDS)),
    PAUSE_MS: (False, messages.up_to(3600000)),
    MAX_PRICE: (True, messages.amount),
    MOST_UNITS: (False, messages.uint),
    MOST_FIRST: (False, messages.amount),
    EVERY: (False, messages.up_to(_MAX_SECONDS)),
    SELLERS: (False, messages.list_of(messages.hash32)),
}


def start(value: "Item", device: "Device", number: int) -> "Record":
    """A new standing order from the arguments of command `number`. Raises Malformed, Refused if an order is active."""
    messages.fit(value, _TABLE)
    if value.get(EVERY, 60) < 60 or len(value.get(SELLERS, [])) > _MAX_SELLERS:
        raise Malformed("a period has 60 seconds at least, and an order names %d sellers at most" % _MAX_SELLERS)
    require_free(device)
    order = dict(value)
    order[TOTAL], order[LIMIT] = order.pop(BUDGET), order.pop(MAX_PRICE)
    order[STATUS], order[NUMBER] = ACTIVE, number
    order[SPENT] = order[MARK] = 0
    order[CHANNELS], order[BARRED], order[START] = [], [], device.days.now()
    return order


def channels(order: "Record") -> list[bytes]:
    """The digests of the order's channels whose promises are not in SPENT."""
    current = [order[DIGEST]] if DIGEST in order and order[DIGEST] not in order[CHANNELS] else []
    return order[CHANNELS] + current


def spent(device: "Device", order: "Record") -> int:
    """What the device has promised for the order, to all sellers."""
    total = order[SPENT]
    for digest in channels(order):
        if channel.find_record(device.journal, PAYER_ROLE, digest) is not None:
            total += device.payer.committed(digest)
    return total


def left(device: "Device", order: "Record") -> int:
    """What it may still promise, in this period where there are periods."""
    return order[TOTAL] - (spent(device, order) - order[MARK])


def new_period(device: "Device", order: "Record") -> int | None:
    """When the period began that has begun since the order's last one (unix seconds), or None."""
    if EVERY not in order:
        return None
    now, begun = device.days.now(), order[START]
    if now < begun:  # the owner has set the clock back: the period begins anew, and what was spent in it counts
        return now
    periods = (now - begun) // order[EVERY]
    return begun + periods * order[EVERY] if periods else None


def roll(device: "Device", order: "Record") -> "Record":
    """The order in the period of now; on flash where that is a new one."""
    begun = new_period(device, order)
    if begun is None:
        return order
    mark = order[MARK] if begun < order[START] else spent(device, order)
    new = dict(order)
    new[START], new[MARK] = begun, mark
    device.journal.put(ORDER_RECORD, new)
    return new


def leave(device: "Device", order: "Record", barred: int | None = None) -> "Record":
    """The order without a current seller; its channel stays one of the order's. barred: an error code that bars the
    seller for as long as the order lasts."""
    new = without_seller(order)
    new[CHANNELS] = channels(order)
    if barred is not None:
        new[BARRED] = order[BARRED][1 - _MAX_BARRED :] + [[order[PAYEE], barred]]
    device.journal.put(ORDER_RECORD, new)
    return new


def fold(device: "Device", digest: bytes) -> "Record":
    """The order after one of its channels has ended: what was promised there is in SPENT from now on."""
    record = channel.find_record(device.journal, PAYER_ROLE, digest)
    if record is not None:
        orders.fold(device.journal, digest, device.payer.committed(digest))
    return device.journal.get(ORDER_RECORD)


def capacity(device: "Device", order: "Record") -> int:
    """The capacity of a new channel: what is left, and the budgets of the periods that begin before it expires."""
    periods = order.get(SECONDS, DEFAULT_SECONDS) // order[EVERY] if EVERY in order else 0
    return min(left(device, order) + periods * order[TOTAL], 0x7FFFFFFFFFFFFFFF)


def open_channel(device: "Device", order: "Record", seller: bytes) -> "channel.Terms | None":
    """The order's channel with a seller that can still be paid in, or None."""
    now, least_left = device.now(), device.protection()[protection.LEAST_LEFT]
    for digest in channels(order):
        record = channel.find_record(device.journal, PAYER_ROLE, digest)
        if record is None or channel.CLOSE in record or channel.REFUND in record:
            continue
        terms = channel.terms(record[channel.OPEN])
        is_usable = terms.payee == seller and terms.price <= order[LIMIT] and now is not None
        is_usable = is_usable and now + least_left < terms.expires
        if is_usable and device.payer.committed(digest) + terms.price <= terms.capacity:
            return terms
    return None


def why_not(device: "Device", order: "Record | None", seen: "Seen") -> int:
    """Why the order does not take an offer: an error code, or CHOSEN. Without an active order: what the owner's policy
    says of it."""
    is_wanted = is_standing(order)
    if is_wanted:
        if seen.seller == order.get(PAYEE):
            return CHOSEN
        for seller, code in order[BARRED]:
            if seller == seen.seller:
                return code
    if seen.seller == device.device_id:
        return WrongOffer.code
    code = _check_order(device, order, seen) if is_wanted else CHOSEN
    if code == CHOSEN:
        code = _check_policy(device, seen)
    if code == CHOSEN and seen.is_paused():
        code = seen.code or LEFT_ALONE
    if code == CHOSEN and is_wanted and PAYEE in order:
        code = DEARER
    return code


def _check_order(device: "Device", order: "Record", seen: "Seen") -> int:
    if (seen.asset, seen.unit) != (order[ASSET], order[UNIT]):
        return WrongOffer.code
    if seen.seller not in order.get(SELLERS, [seen.seller]):
        return NOT_NAMED
    if seen.price > order[LIMIT]:
        return policy.OVER_PRICE
    if seen.is_over(device.now()):
        return Expired.code
    if seen.price > left(device, order):
        return OverCapacity.code
    return CHOSEN


def _check_policy(device: "Device", seen: "Seen") -> int:
    owner = device.owner_record()
    price = max(1, seen.price)
    spending = policy.Spending(
        seen.asset, seen.seller, price, device.payer.spent.today(seen.asset), owner[OWNER_IS_PAUSED]
    )
    try:
        policy.check(owner.get(OWNER_POLICY), spending, device.board.clock, lambda: True)
    except policy.Limit as limit:
        return limit.code
    return CHOSEN
