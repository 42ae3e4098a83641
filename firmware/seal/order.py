"""The owner's order to buy: what is wanted, and how far it got, as a record of the journal.

An order says where, from whom, what and for how much at most. It stays until it is over.
"""

from . import channel, messages
from .compat import const
from .errors import Refused
from .records import ORDER_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Item, Record, Table

# keys of an order, in the owner's command and in the journal
ADDRESS = const(1)
PAYEE = const(2)
ASSET = const(3)
UNIT = const(4)
BUDGET = const(5)
SECONDS = const(6)
PAUSE_MS = const(7)
# and of its progress
STATUS = const(8)
CODE = const(9)
DIGEST = const(10)
NUMBER = const(11)  # the command's: two orders alike are still two
# and of the command again
MAX_PRICE = const(12)

ACTIVE = const(0)
DONE = const(1)
STOPPED = const(2)
FAILED = const(3)

DEFAULT_SECONDS = const(86400)
DEFAULT_PAUSE_MS = const(1000)
_TABLE: "Table" = {
    ADDRESS: (True, messages.text),
    PAYEE: (False, messages.hash32),
    ASSET: (True, messages.text),
    UNIT: (True, messages.text),
    BUDGET: (True, messages.amount),
    SECONDS: (False, messages.up_to(channel.MAX_SECONDS)),
    PAUSE_MS: (False, messages.up_to(3600000)),
    MAX_PRICE: (False, messages.amount),
}


def start(value: "Item", device: "Device", number: int) -> "Record":
    """A new order from the arguments of command `number`. Raises Malformed, Refused while another is active."""
    messages.fit(value, _TABLE)
    current = device.journal.get(ORDER_RECORD)
    if current is not None and current[STATUS] == ACTIVE:
        raise Refused("another trade is in progress: stop it first")
    order = dict(value)
    order[STATUS], order[NUMBER] = ACTIVE, number
    return order


def finish(device: "Device", status: int, code: int | None = None, number: int | None = None) -> None:
    """Mark the order as ended; nothing happens when none is active, or another than `number` where one is given."""
    current = device.journal.get(ORDER_RECORD)
    if current is not None and current[STATUS] == ACTIVE and number in (None, current[NUMBER]):
        order = dict(current)
        order[STATUS] = status
        if code is not None:
            order[CODE] = code
        device.journal.put(ORDER_RECORD, order)
        device.trade_fault = None
