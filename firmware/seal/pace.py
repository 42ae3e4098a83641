"""How often the device samples, signs and sleeps: the arguments of the owner's command "interval".

    seconds, or {1: seconds, ?2: samples in a signed reading, ?3: seconds awake after each reading}

What is left out is as on a new device: one sample in a reading, and no sleep.
"""

from . import batch, messages, rest
from .compat import const
from .records import OWNER_AWAKE, OWNER_BATCH, OWNER_INTERVAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Item, Record, Table

_SECONDS = const(1)
_SAMPLES = const(2)
_AWAKE = const(3)
_MAX_SECONDS = const(86400)


def _seconds(value: "Item") -> bool:
    return messages.uint(value) and 1 <= value <= _MAX_SECONDS


_TABLE: "Table" = {
    _SECONDS: (True, _seconds),
    _SAMPLES: (False, lambda value: messages.uint(value) and 1 <= value <= batch.MOST),
    _AWAKE: (False, lambda value: messages.uint(value) and rest.LEAST_WINDOW <= value <= rest.MOST_WINDOW),
}


def set_pace(value: "Item", record: "Record") -> None:
    """Put the pace into the owner's record. Raises Malformed."""
    settings = value if isinstance(value, dict) else {_SECONDS: value}
    messages.fit(settings, _TABLE)
    record[OWNER_INTERVAL] = settings[_SECONDS]
    for key, name in ((_SAMPLES, OWNER_BATCH), (_AWAKE, OWNER_AWAKE)):
        record.pop(name, None)
        if key in settings:
            record[name] = settings[key]
