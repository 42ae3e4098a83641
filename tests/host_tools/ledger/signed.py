"""Plain histories as signed messages, and as calls of the tiny model."""

from functools import cache

from sealwright.verify import hash_times
from sealwright.wire.messages import Ticks

from tests.host_tools.factory import NOW, Network, hash32
from tests.host_tools.ledger import histories

NETWORK = Network()
DEVICES = [NETWORK.device(f"device {number}") for number in range(histories.DEVICES)]
OWNERS = [NETWORK.owner(f"owner {number}") for number in range(histories.OWNERS)]
CERTIFICATES = [device.certificate.raw for device in DEVICES]
OWNER_KEYS = [owner.key.public for owner in OWNERS]


class Signed:
    """One history: `messages[i]`, taken at `times[i]` with `reveals[i]`, does `calls[i](model)`."""

    def __init__(self, steps):
        self._opens = {}
        for step in steps:
            if step[0] == "open":
                self._opens.setdefault(step[1], step)
        self.messages, self.times, self.reveals, self.calls = [], [], [], []
        for step in steps:
            message, call, reveal, at = getattr(self, "_" + step[0])(*step[1:])
            self.messages.append(message.raw)
            self.calls.append(
                lambda model, kind=step[0], digest=message.digest, call=call: getattr(model, kind)(digest, *call)
            )
            self.reveals.append(reveal)
            self.times.append(at)

    def channel(self, number):
        return _open(*self._opens.get(number, ("open", number, 0, 1, "never sent", 0))[1:])

    def _deposit(self, owner, device, seq, asset, amount):
        message = OWNERS[owner].deposit(DEVICES[device], amount, asset, seq=seq)
        return message, (OWNERS[owner].key.public.device_id, DEVICES[device].id, seq, asset, amount), {}, NOW

    def _open(self, number, *_):
        message = self.channel(number)
        body = message.body
        return message, (body.payer, body.payee, body.asset, body.capacity, body.expires), {}, NOW

    def _voucher(self, number, lane, seq, amount, merges, count, revealed):
        channel = self.channel(number)
        more, reveal = {}, {}
        if count:
            seed = hash32(f"{number, lane, seq, amount, merges}")
            root = hash_times(seed, count)
            more = {"ticks": Ticks(root, 1, count)}
            reveal = {root: (revealed, hash_times(seed, count - revealed))}
        payer = next(device for device in DEVICES if device.id == channel.body.payer)
        message = payer.voucher(channel, amount, seq=seq, lane=lane, merges=merges or None, **more)
        return message, (channel.digest, lane, seq, amount, merges, count, revealed), reveal, NOW

    def _close(self, number, signer, at):
        channel = self.channel(number)
        return DEVICES[signer].close(channel), (channel.digest, DEVICES[signer].id, NOW + at), {}, NOW + at


@cache
def _open(number, payer, payee, asset, capacity):
    nonce = hash32(f"channel {number}")[:16]
    terms = {"asset": asset, "expires": NOW + histories.EXPIRES, "nonce": nonce}
    return DEVICES[payer].open(DEVICES[payee], capacity, **terms)
