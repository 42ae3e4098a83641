"""What a judge finds: the fault of a message, or who signed it and what it does."""

from typing import NamedTuple

from ..wire.certificates import Fault
from .memory import Lane, Terms


class Finding(NamedTuple):
    """A fault, or none; and what is known of the message beside it.

    device: whom it speaks of or for, 32 bytes. signer: the device id of the key that signed, where the signature
    holds. note: for people, on an accepted message. lane: a voucher's lane as it is afterwards, where it rises: an
    `equivocation` may raise it all the same, because the higher amount counts. terms: of a channel-open. owner: the
    device id of the owner's key that a granted device of a command has. mark: of a reading's time, see `readings`.
    by_earlier_key: of a close, which then opens the window and gives nothing up.
    """

    fault: Fault | None = None
    device: bytes | None = None
    signer: bytes | None = None
    note: Fault | None = None
    lane: Lane | None = None
    terms: Terms | None = None
    owner: bytes | None = None
    mark: str = ""
    by_earlier_key: bool = False
