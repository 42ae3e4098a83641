"""What a judge finds: the fault of a message, or who signed it and what it does."""

from typing import NamedTuple

from ..wire.certificates import Fault
from .memory import Lane, Terms


class Finding(NamedTuple):
    """What `judge` found beside the verdict. lane: a voucher's lane as it is afterwards, where it rises. terms: of a
    channel-open. owner: the device id of the owner's key that a granted device of a command has."""

    fault: Fault | None = None
    device: bytes | None = None
    signer: bytes | None = None
    note: Fault | None = None
    lane: Lane | None = None
    terms: Terms | None = None
    owner: bytes | None = None
