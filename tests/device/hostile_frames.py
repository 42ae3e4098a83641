"""Frames that nobody honest sends: real ones changed, and rubbish of every kind. The same for the same seed.

A frame is bytes with its delimiter, where it has one. `item` frames pass the CRC, so that what is in them meets the
decoder, the handlers' checks and their signatures' checks. `KINDS` names every way; `Frames.next` takes one at random.
"""

import random

from seal import cbor, link, rpc
from seal.compat import crc32
from seal.errors import SealError

EDGES = (0, 1, 23, 24, 255, 256, 65535, 65536, (1 << 31) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -1)
ODD = (None, True, False, b"", "", [], {}, -(1 << 64), bytes(32), "a" * 70, [[]], {0: 0})
SLOW = (rpc.SELFTEST, rpc.BENCH)  # one in so many: each is some signatures' time
SELDOM = 400
OF_PEER = (rpc.OPEN, rpc.BILL, rpc.PAY, rpc.TICK, rpc.CLOSE)
MAX_PLAIN = 600
DAMAGED = 1 << 20  # or more: the number of a request that comes in no whole frame, and must get no answer


def some(count):
    """Random bytes."""
    return bytes([random.getrandbits(8) for _ in range(count)])


def pick(items):
    return items[random.randrange(len(items))]


def framed(body):
    """A frame whose CRC holds, whatever the body is."""
    frame = link.cobs_encode(body + crc32(body).to_bytes(4, "big"))
    frame.append(0)
    return bytes(frame)


def head(kind, mark=0):
    return cbor.encode([link.VERSION, mark | random.getrandbits(20), kind])


def changed(raw):
    """`raw` with one to four changes: a bit, a byte, a piece doubled, left out, or cut off."""
    data = bytearray(raw)
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(data) + 1)
        way = random.randrange(6)
        if way == 0 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif way == 1 and at < len(data):
            data[at] = pick((0, 0xFF, 0x1B, 0x5B, 0x7B, 0x9F, 0xBB, 0xFB, random.getrandbits(8)))
        elif way == 2:
            data = data[:at] + some(random.randrange(1, 5)) + data[at:]
        elif way == 3:
            data = data[:at] + data[at + random.randrange(1, 9) :]
        elif way == 4:
            data = data[:at] + data[max(0, at - random.randrange(1, 40)) :]
        else:
            data = data[: max(1, at)]
    return bytes(data)


def altered(item):
    """The item with another value in one place. What is CBOR in a byte string may be changed inside."""
    if isinstance(item, list) and item and random.randrange(8):
        at = random.randrange(len(item))
        return item[:at] + [altered(item[at])] + item[at + 1 :]
    if isinstance(item, dict) and item and random.randrange(8):
        key = pick(list(item))
        copy = dict(item)
        copy[key] = altered(copy[key])
        return copy
    if isinstance(item, cbor.Tag) and random.randrange(8):
        return cbor.Tag(item.number, altered(item.value))
    if isinstance(item, bytes) and len(item) > 32 and random.randrange(8):
        try:
            return cbor.encode(altered(cbor.decode(item)))
        except SealError:
            return changed(item)
    return pick(ODD) if random.randrange(2) else pick(EDGES)


def loose(depth):
    """CBOR without its rules: lengths that lie, keys doubled and unsorted, arguments too long, everything nested."""
    major = random.randrange(8)
    count = random.randrange(5)
    if depth == 0 or major in (0, 1, 7):
        info = random.randrange(32)
        return bytes((major << 5 | info,)) + some((0, 1, 2, 4, 8)[max(0, min(info, 27) - 23)])
    if major in (2, 3):
        return cbor.head(major, count) + some(count)
    body = b"".join([loose(depth - 1) for _ in range(count * 2 if major == 5 else 1 if major == 6 else count)])
    if major == 6:
        return pick((b"\xc4", b"\xd2", b"\xc2", b"\xd8\x3d")) + body
    if random.randrange(4):
        return cbor.head(major, count) + body
    return pick((bytes((major << 5 | 31,)) + body + b"\xff", bytes((major << 5 | 24, count)) + body))


class Frames:
    """Hostile frames out of `real` ones: a list of (kind, item as bytes)."""

    def __init__(self, real, seed):
        self.real = real
        self.is_of_peer = False  # whether the connection has proved itself: a hello would end that
        self._plain = [pair for pair in real if pair[0] not in SLOW]
        self._of_peer = [pair for pair in real if pair[0] in OF_PEER]
        random.seed(seed)

    def next(self):
        """(name of its kind, frame)."""
        name = pick(NAMES)
        return name, KINDS[name](self)

    def _one(self):
        if self.is_of_peer:
            return pick(self._of_peer)
        return pick(self._plain if random.randrange(SELDOM) else self.real)

    def random(self):
        return some(random.randrange(1, MAX_PLAIN)) + b"\x00"

    def zeros(self):
        return bytes(random.randrange(1, 300))

    def bits(self):
        """A real frame with changes that its CRC finds."""
        frame = self.again(DAMAGED)
        found = bytes([byte or 1 for byte in changed(frame[:-1])])  # a zero before it would leave it whole
        return (found if found != frame[:-1] else b"") + b"\x00"

    def again(self, mark=0):
        """A real frame, of an earlier connection."""
        kind, item = self._one()
        return framed(head(kind, mark) + item)

    def truncated(self):
        frame = self.again(DAMAGED)
        return frame[: random.randrange(1, len(frame) - 1)] + b"\x00"

    def joined(self):
        """Two frames without the delimiter between them."""
        return self.again(DAMAGED)[:-1] + self.again(DAMAGED)

    def item(self):
        """A real request whose item has wrong bytes."""
        kind, item = self._one()
        return framed(head(kind) + changed(item))

    def value(self):
        """A real request with another value in one place."""
        kind, item = self._one()
        return framed(head(kind) + cbor.encode(altered(cbor.decode(item))))

    def rubbish(self):
        return framed(head(self._one()[0]) + some(random.randrange(1, MAX_PLAIN)))

    def lengths(self):
        """An item that says it is as long as no memory."""
        major = pick((2, 3, 4, 5))
        size = pick((pick(EDGES[:-1]), random.getrandbits(16), 1025, 16385))
        return framed(head(self._one()[0]) + cbor.head(major, size) + some(random.randrange(40)))

    def deep(self):
        depth = random.randrange(1, 2000)
        return framed(
            head(self._one()[0]) + pick((b"\x81", b"\xa1\x01", b"\xd2", b"\xc4\x82\x01", b"\x82\x80")) * depth
        )

    def keys(self):
        """Maps with keys that come twice, out of order, or are none."""
        keys = [pick((b"\x01", b"\x02", b"\x20", b"\x61a", b"\x41a", b"\xf5", b"\x80", b"\x18\x01")) for _ in range(3)]
        body = b"\xa3" + b"".join([key + b"\x00" for key in keys])
        return framed(head(self._one()[0]) + pick((body, b"\x81" + body, cbor.encode([cbor.encode(body), body]))))

    def loose(self):
        return framed(head(self._one()[0]) + loose(4))

    def heads(self):
        """Frames that do not begin as they must."""
        ways = (pick(EDGES), pick(ODD), link.VERSION, random.getrandbits(8))
        return framed(cbor.encode([pick(ways), pick(ways), pick(ways)][: random.randrange(4)]) + self._one()[1])

    def kinds(self):
        return framed(head(random.getrandbits(pick((6, 9, 30)))) + self._one()[1])

    def long(self):
        """More than a frame may have."""
        return pick((b"\x01", b"\xff", some(1))) * random.randrange(link.MAX_FRAME - 3, link.MAX_FRAME + 500) + b"\x00"

    def half(self):
        """A real frame's beginning: what comes next must not be taken for its end."""
        frame = self.again(DAMAGED)
        return frame[: random.randrange(1, len(frame) - 1)]


KINDS = {
    "random": Frames.random,
    "zeros": Frames.zeros,
    "bits": Frames.bits,
    "again": Frames.again,
    "truncated": Frames.truncated,
    "joined": Frames.joined,
    "item": Frames.item,
    "value": Frames.value,
    "rubbish": Frames.rubbish,
    "lengths": Frames.lengths,
    "deep": Frames.deep,
    "keys": Frames.keys,
    "loose": Frames.loose,
    "heads": Frames.heads,
    "kinds": Frames.kinds,
    "long": Frames.long,
    "half": Frames.half,
}
# those that reach furthest come oftener
NAMES = sorted(KINDS) + ["item", "value"] * 6
