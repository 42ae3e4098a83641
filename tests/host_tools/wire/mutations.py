"""Changed messages, held against the strict reader: no fast reader takes one that it refuses, or reads another thing.

`make campaign-mutations N=10000000` changes N messages, in a process for each core. A part of the campaign is drawn
from the seed and its own number, so a campaign that was broken off goes on at a part: FROM=123.
Limits: form alone; signatures are drawn, not made, because no reader looks at one.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from multiprocessing import get_context

import cbor2
from sealwright.wire import cbor, cose
from sealwright.wire.messages import Reading, Record
from sealwright.wire.messages.bodies import by_pattern, parse_strictly
from sealwright.wire.messages.payment import Voucher
from sealwright.wire.messages.plain import plain_voucher
from sealwright.wire.messages.shapes import HASH_HEAD, NULL, Shape, expression_of, glimpse, in_usual_place, time_in
from sealwright.wire.messages.unread import UnreadReading, UnreadVoucher, number_and_time

from tests.host_tools.factory import hash32
from tests.host_tools.mutate import HEADS, Mutator
from tests.host_tools.wire.schema_messages import DEVICE, MESSAGES, OPEN, PEER

PART = 20_000  # messages of one seed
USUAL = ("channel-open", "peer-proof", "funding", "refund", "status", "revocation", "offer")
SHAPED = (  # readings of shapes that a chain's expressions are made for
    DEVICE.reading(seq=70_000),
    DEVICE.reading(seq=1, prev=None),
    DEVICE.reading(records=(Record(name="t", value=1, flag=True, data=b"x" * 30), Record(text="y" * 40, time=-5))),
    DEVICE.reading(records=(Record(name="n\u00e4me", unit="\u00b0C", value=-(2**63)),), firmware="a longer one" * 3),
)
PLAIN = {  # what devices and ledgers send most, in its usual form
    **{name: MESSAGES[name] for name in USUAL},
    "reading": MESSAGES["reading"],
    "first reading": DEVICE.reading(seq=1, prev=None),
    "short reading": DEVICE.reading(records=(Record(name="t", value=1),)),
    "voucher": DEVICE.voucher(OPEN, 7),
    "voucher for an item": DEVICE.voucher(OPEN, 2**40, seq=300, lane=63, item=hash32("item")),
    "voucher for the most": DEVICE.voucher(OPEN, 2**63 - 1),
    "receipt": PEER.receipt(DEVICE.voucher(OPEN, 7)),
    "channel-close": DEVICE.close(OPEN),
}
READERS = ("pattern", "shape", "plain")


class Unsigned:
    """Signs nothing: a reader of form does not look."""

    def __init__(self, draw):
        self.sign = lambda digest: draw.randbytes(64)


class Changes:
    """Draws changed messages from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self._mutator = Mutator(self.random.random(), {"device": Unsigned(self.random)})
        usual = [message.raw for message in (*PLAIN.values(), *SHAPED)]
        self._raws = [raw for raw in usual for _ in range(3)] + [message.raw for message in MESSAGES.values()]
        self._kinds = (self._mutator.message, self._inside, self._inside, self._longer, self._head)

    def next(self):
        """One changed message; never empty."""
        raw = self.random.choice(self._kinds)(self.random.choice(self._raws), "device")
        if raw and self.random.random() < 0.2:
            raw = self._mutator.bytes(raw, None)
        return raw or b"\xf6"

    def _inside(self, raw, _):
        """Bytes of header or payload changed, and every length around them put right."""
        parts = self._parts(raw)
        at = self.random.choice((0, 2))
        change = self._mutator.bytes if self.random.random() < 0.5 else self._one_byte
        parts[at] = change(parts[at], None)
        return whole(parts)

    def _one_byte(self, raw, _):
        at = self.random.randrange(len(raw))
        byte = self.random.choice((self.random.choice(HEADS), raw[at] ^ 0x20, (raw[at] + 1) & 255, (raw[at] - 1) & 255))
        return raw[:at] + bytes((byte,)) + raw[at + 1 :]

    def _longer(self, raw, _):
        """One head of header or payload in a longer form, and every length around it put right."""
        parts = self._parts(raw)
        at = self.random.choice((0, 2))
        parts[at] = self.random.choice([parts[at], *in_longer_forms(parts[at])])
        return whole(parts)

    def _head(self, raw, _):
        """A head in the envelope itself for another one."""
        at = self.random.randrange(24) if self.random.random() < 0.5 else len(raw) - 64 - self.random.randrange(1, 4)
        at = min(at, len(raw) - 1)
        byte = self.random.choice((*HEADS, raw[at] ^ 1, self.random.randrange(256)))
        return raw[:at] + bytes((byte,)) + raw[at + 1 :]

    def _parts(self, raw):
        sign1 = cose.parse(raw)
        return [sign1.protected, {}, sign1.payload, sign1.signature]


def whole(parts):
    """An envelope of these parts, whatever is in them."""
    return cbor2.dumps(cbor2.CBORTag(18, parts))


def heads(data, at=0, end=None):
    """Where each item of a CBOR sequence has its head: (offset, major type, argument, offset after the head)."""
    while at < (len(data) if end is None else end):
        major, _, number, after = cbor.head(data, at)
        yield at, major, number, after
        at = after + number if major in (2, 3) else after


def in_longer_forms(data):
    """The item with the head of one item in it in each longer form (RFC 8949 section 3), all else as it was."""
    for at, major, number, after in heads(data):
        for width in (1, 2, 4, 8):
            if width > (after - at - 1) and major != 7:
                longer = bytes((major << 5 | 24 + width.bit_length() - 1,)) + number.to_bytes(width, "big")
                yield data[:at] + longer + data[after:]


# what each fast reader takes, beside what the strict one reads; all raise where that refuses, and AssertionError where
# it reads something else


def by_a_pattern(raw):
    found = by_pattern(raw)
    if found is None:
        return False
    strict = parse_strictly(raw)
    assert found == strict and found.sign1.header == strict.sign1.header, raw.hex()
    assert type(found.body) is type(strict.body) and found.digest == strict.digest, raw.hex()
    return True


def by_a_shape(raw, shapes):
    seen = glimpse([raw], shapes)
    if seen is None:
        return False
    strict = parse_strictly(raw)
    body = strict.body
    assert isinstance(body, Reading) and in_usual_place(raw), raw.hex()
    before = NULL if body.prev is None else HASH_HEAD + body.prev
    assert (time_in(seen.times[0]), seen.numbers, seen.before) == (body.sampled_at, [body.seq], (before,)), raw.hex()
    assert (seen.qualities, seen.digests) == ((bytes((body.clock_quality,)),), [strict.digest]), raw.hex()
    unread = UnreadReading(raw, seen.digests[0], (seen.numbers[0], seen.times[0]))
    assert number_and_time(unread) == (body.seq, body.sampled_at), raw.hex()
    assert (unread.kid, unread.type, unread.body, unread.sign1) == (strict.kid, strict.type, body, strict.sign1)
    return True


def as_plain(raw):
    says = plain_voucher(raw)
    if says is None:
        return False
    strict = parse_strictly(raw)
    body = strict.body
    assert isinstance(body, Voucher) and body == Voucher(*says[:4], item=body.item), raw.hex()
    unread = UnreadVoucher(raw, says.digest)
    assert (unread.kid, unread.digest, unread.body) == (strict.kid, strict.digest, body), raw.hex()
    return True


def shapes_of(messages=SHAPED):
    """The shapes of these readings."""
    return [Shape(expression_of(message)) for message in messages]


def changed(seed, number):
    """How many of `number` changed messages each reader takes; raises where the strict one differs."""
    changes, shapes, taken = Changes(seed), shapes_of(), Counter()
    for _ in range(number):
        raw = changes.next()
        taken["pattern"] += by_a_pattern(raw)
        taken["shape"] += by_a_shape(raw, shapes)
        taken["plain"] += as_plain(raw)
    return taken


def _part(job):
    seed, part, number = job
    try:
        return part, changed(f"{seed} {part}", number), None
    except Exception as error:  # whatever it is, it is this part's, and the campaign says which
        return part, Counter(), f"{type(error).__name__}: {error}"


def campaign(number, seed, jobs, start):
    """Run all parts from `start` on, side by side; the exit code."""
    began, done, taken = time.monotonic(), 0, Counter()
    parts = [(seed, at // PART, min(PART, number - at)) for at in range(start * PART, number, PART)]
    with get_context("spawn").Pool(jobs) as pool:
        for count, (part, found, wrong) in enumerate(pool.imap(_part, parts), 1):
            if wrong is not None:
                print(f"part {part} of seed {seed}: {wrong}", file=sys.stderr, flush=True)
                return 1
            done += parts[count - 1][2]
            taken += found
            if count % 10 == 0 or count == len(parts):
                sums = ", ".join(f"{name} {taken[name]:,}" for name in READERS)
                print(f"{done:,} changed messages, up to part {part}; taken, all as the strict reader: {sums}; "
                      f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int, help="how many messages")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--from", dest="start", type=int, default=0, metavar="PART", help="the part to go on at")
    given = parser.parse_args()
    sys.exit(campaign(given.number, given.seed, given.jobs, given.start))
