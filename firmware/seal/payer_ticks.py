"""The payer's ticks: the chain of the last voucher, revealed tick by tick.

What a payer risks: all that its journal reserved for the channel (`channel.RESERVED`), and no more. That is the amount
of the last voucher and its whole chain; the owner's limits counted both before the signature. Of that, what a payee may
take without a signed reading is one chain.

The seed is in RAM alone, so a copy of the flash reveals no tick, and no tick costs a write. A power cut loses the
chain: the payer promises the next voucher instead, and counts the whole lost chain as spent, because it no longer knows
how much of it was revealed.
"""

from . import voucher
from .errors import Malformed
from .ticks import Chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Claims


class OpenChain:
    """The chain of a channel's last voucher. digest: the channel's; floor: what all earlier vouchers may be worth."""

    def __init__(self, digest: bytes, seed32: bytes, count: int, value: int, floor: int) -> None:
        self.digest = digest
        self.count = count
        self.value = value
        self.floor = floor
        self.revealed = 0
        self._chain = Chain(seed32, count)

    def ticks(self) -> "Claims":
        """As in a voucher: {root, value of one, count}."""
        return {voucher.ROOT: self._chain.root, voucher.VALUE: self.value, voucher.COUNT: self.count}

    def is_spent(self) -> bool:
        """Whether every tick is revealed."""
        return self.revealed == self.count

    def reveal(self, index: int) -> bytes:
        """Tick `index`, 32 bytes; it counts as revealed from now on. 0: the root. Raises Malformed."""
        if index == 0:
            return self._chain.root
        if index > self.count:
            raise Malformed("this chain has %d ticks" % self.count)
        self.revealed = max(self.revealed, index)
        return self._chain.reveal(index)
