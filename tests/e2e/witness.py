"""What left the devices, remembered by somebody who forgets nothing and signs nothing.

Any two things a device ever let out must fit each other: that is what a power cut at any moment must not break.
"""

import threading
from collections import defaultdict

from sealwright.wire.messages import ChannelClose, ChannelOpen, Message, Reading, Receipt, Voucher


class Witness:
    """Every distinct message seen, in order of first sight. `see` and `sent` raise AssertionError for a broken
    promise: `sent` is for what the payer sends of its own accord, `see` for what is shown, old or new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.readings: dict[tuple[bytes, int], bytes] = {}  # (kid, seq) -> digest
        self.vouchers: dict[tuple[bytes, int, int], Message[Voucher]] = {}
        self.highest: dict[tuple[bytes, int], tuple[int, int]] = defaultdict(lambda: (0, 0))  # lane -> seq, amount
        self.receipted: dict[bytes, int] = defaultdict(int)  # channel -> amount of the best receipt
        self.messages: dict[bytes, Message] = {}
        self.repeated = 0

    def sent(self, message: Message) -> None:
        """Take in a message on its way from the payer to the payee."""
        body = message.body
        if isinstance(body, Voucher):
            with self._lock:
                seq, amount = self.highest[body.channel, body.lane]
            assert body.seq >= seq, f"voucher {body.seq} was sent after {seq}"
            assert body.amount >= amount, f"amount {body.amount} was sent after {amount}"
        self.see(message)

    def see(self, message: Message) -> None:
        """Take in one message from any link."""
        with self._lock:
            if message.digest in self.messages:
                self.repeated += 1
            self.messages.setdefault(message.digest, message)
            body = message.body
            if isinstance(body, Reading):
                first = self.readings.setdefault((message.kid, body.seq), message.digest)
                assert first == message.digest, f"reading {body.seq} was signed with two contents"
            elif isinstance(body, Voucher):
                self._see_voucher(message, body)
            elif isinstance(body, Receipt):
                self.receipted[body.channel] = max(self.receipted[body.channel], body.amount)

    def _see_voucher(self, message: Message[Voucher], body: Voucher) -> None:
        first = self.vouchers.setdefault((body.channel, body.lane, body.seq), message)
        assert first.digest == message.digest, f"voucher {body.seq} was signed with two contents"
        lane = (body.channel, body.lane)
        seq, amount = self.highest[lane]
        rises = body.amount >= amount if body.seq > seq else body.amount <= amount
        assert rises, f"voucher {body.seq} over {body.amount} beside {seq} over {amount}"
        self.highest[lane] = max(seq, body.seq), max(amount, body.amount)

    def of(self, *kinds: type) -> list[Message]:
        """What was seen of these kinds, in order."""
        with self._lock:
            return [message for message in self.messages.values() if isinstance(message.body, kinds)]

    def history(self) -> list[bytes]:
        """Every channel's opening, vouchers, receipts and close, in an order that a verifier can follow."""
        place = {ChannelOpen: 0, Voucher: 1, Receipt: 1, ChannelClose: 2}
        found = self.of(*place)
        # a receipt comes right after its voucher: both carry the voucher's seq
        found.sort(key=lambda message: (place[type(message.body)], getattr(message.body, "seq", 0)))
        return [message.raw for message in found]
