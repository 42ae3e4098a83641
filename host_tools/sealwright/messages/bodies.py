"""Every body a message can have: the union, and the classes in the order of their type numbers."""

from typing import Final, TypeAlias

from .identity import Certificate, Command, Evidence, Grant, PeerProof
from .measurement import Reading
from .payment import ChannelClose, ChannelOpen, Receipt, Voucher

Body: TypeAlias = (
    Certificate | Reading | ChannelOpen | Voucher | Receipt | Evidence | Grant | Command | ChannelClose | PeerProof
)
BODIES: Final[tuple[type[Body], ...]] = (
    Certificate, Reading, ChannelOpen, Voucher, Receipt, Evidence, Grant, Command, ChannelClose, PeerProof,
)  # fmt: skip
