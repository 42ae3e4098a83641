"""Messages of the store, read again: anyone who can write the home can have changed them."""

from ..errors import Rejected
from ..wire.messages import Body, Message, Reading, parse_message
from .faults import ReadingsDamaged
from .tables import Stored


def parsed(raw: bytes) -> Message[Body]:
    """What was a message when it was taken. Raises ReadingsDamaged."""
    try:
        return parse_message(raw)
    except Rejected as error:
        raise ReadingsDamaged(f"readings.db has a message that is none any more: {error}") from error


def reading_of(stored: Stored) -> Message[Reading]:
    """The reading of a row, as signed. Raises ReadingsDamaged where the row is not what it says."""
    message = parsed(stored.raw)
    if not isinstance(message.body, Reading) or (message.body.seq, message.digest) != (stored.seq, stored.digest):
        raise ReadingsDamaged(f"row {stored.seq} of a device in readings.db has another message: it was edited")
    return Message(message.sign1, message.body)
