"""A flash that was put back to an earlier state: a payer pays nothing more, until its owner's signed word.

The proof is a voucher of its own that a payee shows and the device no longer remembers: its number was on flash before
it was signed. What else was lost is unknown, in other channels and of the day's limit, so every payment waits, and not
the channel's alone. The voucher becomes the channel's record, so that its number is never signed for another amount.

An owner's ack that names a reading's digest shows it too: nothing is pruned that another copy of the log had.
"""

from . import channel, cose, labels, messages, voucher
from .channel import AMOUNT, ITEM, RESERVED, SEQ, SPENT, TICKS
from .compat import const
from .errors import Forked, Malformed, RolledBack
from .records import LOCKED_RECORD, PAYER_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cose import Message
    from .journal import Journal
    from .ports import Item
    from .reading import ReadingLog

ACK_SEQ = const(1)  # uint: the last reading that the owner has
_ACK_CHANNELS = const(2)  # [bytes, 32, ...]: digests of channels to forget
_ACK_DIGEST = const(3)  # bytes, 32: of the reading ACK_SEQ


def check(journal: "Journal") -> None:
    """Raise RolledBack on a locked device."""
    if journal.get(LOCKED_RECORD):
        raise RolledBack("the flash was put back to an earlier state: nothing is paid until the owner unlocks it")


def is_locked(journal: "Journal") -> bool:
    """Whether the device pays nothing until it is unlocked."""
    return bool(journal.get(LOCKED_RECORD))


def lock(journal: "Journal", message: "Message") -> None:
    """Lock the device. message: its own voucher, in a channel that it knows, which it does not remember. Idempotent."""
    if not is_locked(journal):
        journal.put(LOCKED_RECORD, message.raw)
    claims = message.payload
    record = channel.find_record(journal, PAYER_ROLE, claims[voucher.CHANNEL])
    if record is None or claims[voucher.SEQ] <= record[SEQ]:
        return
    new_record = dict(record)
    reserved = record.get(RESERVED, record[AMOUNT])
    new_record[RESERVED] = max(reserved, voucher.worth(claims))
    new_record[SEQ], new_record[AMOUNT] = claims[voucher.SEQ], max(record[AMOUNT], claims[voucher.AMOUNT])
    new_record[SPENT] = record.get(SPENT, 0) + new_record[RESERVED] - reserved
    new_record.pop(TICKS, None)
    if voucher.TICKS in claims:
        new_record[TICKS] = claims[voucher.TICKS]
    new_record[ITEM] = claims.get(voucher.ITEM)
    journal.put(channel.record_name(PAYER_ROLE, claims[voucher.CHANNEL]), new_record)


def lock_generation(journal: "Journal") -> None:
    """Lock the device: its chip counted further than its flash knows, see `generation`. Idempotent."""
    if not is_locked(journal):
        journal.put(LOCKED_RECORD, b"generation")


def unlock(journal: "Journal") -> None:
    """Let the device pay again. Idempotent."""
    journal.remove(LOCKED_RECORD)


def check_ack(log: "ReadingLog", value: "Item") -> list[bytes]:
    """The channels (digests) that an owner's ack lets the device forget. Raises Malformed, and Forked as `check_copy`
    does."""
    if not isinstance(value, dict) or not messages.uint(value.get(ACK_SEQ)):
        raise Malformed("an ack names the last reading to prune")
    digests = value.get(_ACK_CHANNELS, [])
    if not isinstance(digests, list) or not all(messages.hash32(digest) for digest in digests):
        raise Malformed("an ack names channels by digest")
    if _ACK_DIGEST in value and not messages.hash32(value[_ACK_DIGEST]):
        raise Malformed("an ack names the reading by digest")
    check_copy(log, value[ACK_SEQ], value.get(_ACK_DIGEST))
    return digests


def check_copy(log: "ReadingLog", seq: int, digest: bytes | None) -> None:
    """Raise Forked unless a copy of the log up to `seq` can be one of this log: a flash that was put back has another
    reading with this number, or none yet. digest: of the reading `seq`, or None if the owner names none."""
    if seq > log.seq:
        raise Forked("the log ends before the reading that is acknowledged")
    if digest is None or seq <= log.acknowledged:
        return
    found = log.since(seq - 1, 1)
    message = cose.parse(found[0], labels.READING) if found else None
    if message is None or message.header[labels.CWT_CLAIMS][labels.SEQ] != seq or message.digest != digest:
        raise Forked("reading %d is another one here" % seq)
