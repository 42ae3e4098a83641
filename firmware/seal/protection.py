"""The owner's numbers that protect the device as a party to channels; each has a default.

least_left          seconds that a channel must still last, to open it and to take or to promise a voucher
longest             seconds until a channel expires, at most
least_window        seconds of a channel's dispute window, at least; also of the channels that this device opens
channels_per_payer  channels of one payer that the device stores
credit              amount that one payer may owe without funding, over all its channels
voucher_every       units, as ticks, that one voucher of this device may promise, or one that it takes; 0: no ticks
"""

from . import shapes
from .compat import const
from .errors import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Item

LEAST_LEFT = "least_left"
LONGEST = "longest"
LEAST_WINDOW = "least_window"
CHANNELS_PER_PAYER = "channels_per_payer"
CREDIT = "credit"
VOUCHER_EVERY = "voucher_every"

MAX_SECONDS = const(34560000)  # 400 days: maximum lifetime of a channel
_MAX_CHANNELS = const(8)
MAX_TICKS = const(512)  # a wrong tick costs the seller so many hashes: 100 ms

_RULES = {  # name: (default, least, check)
    LEAST_LEFT: (3600, 0, shapes.up_to(MAX_SECONDS)),
    LONGEST: (MAX_SECONDS, 1, shapes.up_to(MAX_SECONDS)),
    LEAST_WINDOW: (86400, 0, shapes.up_to(MAX_SECONDS)),
    CHANNELS_PER_PAYER: (2, 1, shapes.up_to(_MAX_CHANNELS)),
    CREDIT: (0, 0, shapes.amount),
    VOUCHER_EVERY: (64, 0, shapes.up_to(MAX_TICKS)),
}


def numbers(owner_set: "dict[str, int] | None") -> "dict[str, int]":
    """Every number by name: the owner's where `owner_set` has it, else the default."""
    values = {name: rule[0] for name, rule in _RULES.items()}
    values.update(owner_set or {})
    return values


def fit(value: "Item") -> "dict[str, int]":
    """The numbers that the owner sets: {name: number}. Raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed("protect wants {name: number}")
    for name, number in value.items():
        rule = _RULES.get(name) if isinstance(name, str) else None
        if rule is None or not rule[2](number) or number < rule[1]:
            raise Malformed("no number %s, or not in its range" % name)
    return value
