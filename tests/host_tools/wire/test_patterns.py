"""The patterns of messages take only what the strict reader takes, and give the same messages: held against it, both
ways. `make fast-path N=10000000` changes N messages in place of the sample here.
"""

import random
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealwright.wire import cbor
from sealwright.wire.messages import BODIES, Record, parse_message, sign_message
from sealwright.wire.messages.bodies import by_pattern, parse_strictly

from tests.host_tools.mutate import HEADS, Mutator
from tests.host_tools.wire.schema_messages import DEVICE, MESSAGES, OPEN, PEER
from tests.host_tools.wire.test_messages_round_trip import SIGNER, bodies

SAMPLE = 6_000
USUAL = ("channel-open", "peer-proof", "funding", "refund", "status", "revocation", "offer")
PLAIN = {  # what devices and ledgers send most, in its usual form
    **{name: MESSAGES[name] for name in USUAL},
    "reading": MESSAGES["reading"],
    "first reading": DEVICE.reading(seq=1, prev=None),
    "short reading": DEVICE.reading(records=(Record(name="t", value=1),)),
    "voucher": DEVICE.voucher(OPEN, 7),
    "receipt": PEER.receipt(DEVICE.voucher(OPEN, 7)),
    "channel-close": DEVICE.close(OPEN),
}  # fmt: skip
SIGNERS = {"device": DEVICE.key}


def held(raw):
    """Whether a pattern takes `raw`; then the strict reader must take it too, as the same message."""
    found = by_pattern(raw)
    if found is None:
        return False
    strict = parse_strictly(raw)
    assert found == strict and found.sign1.header == strict.sign1.header, raw.hex()
    assert type(found.body) is type(strict.body) and found.digest == strict.digest, raw.hex()
    return True


@pytest.mark.parametrize("name", PLAIN)
def test_usual_messages_are_read_by_a_pattern(name):
    assert held(PLAIN[name].raw)


@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.NAME)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_pattern_reads_any_body_as_the_strict_reader_does(cls, data):
    message = sign_message(SIGNER, data.draw(bodies(cls)))
    held(message.raw)
    assert parse_message(message.raw) == parse_strictly(message.raw)


@pytest.mark.parametrize("name", PLAIN)
def test_no_byte_of_a_message_may_be_another_head(name):
    """Each byte in turn as the head of another item, one more and one less, and left out."""
    raw = PLAIN[name].raw
    for at in range(len(raw) - 64):
        for byte in {*HEADS, (raw[at] + 1) & 255, (raw[at] - 1) & 255, raw[at] ^ 0x20}:
            held(raw[:at] + bytes((byte,)) + raw[at + 1 :])
        held(raw[:at] + raw[at + 1 :])


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


@pytest.mark.parametrize("name", PLAIN)
def test_no_head_may_be_in_a_longer_form(name):
    """The lengths around it are right: it is the form alone that is wrong."""
    sign1 = PLAIN[name].sign1
    protected, payload = sign1.protected, sign1.payload
    others = [(other, payload) for other in in_longer_forms(protected)]
    others += [(protected, other) for other in in_longer_forms(payload)]
    for one, two in others:
        raw = cbor.encode(cbor.Tag(18, [one, {}, two, sign1.signature]))
        assert by_pattern(raw) is None
    for raw in in_longer_forms(PLAIN[name].raw):
        assert by_pattern(raw) is None


def changed(seed, number):
    """How many of `number` changed messages a pattern takes. Raises AssertionError where the strict reader differs."""
    mutator, draw, taken = Mutator(seed, SIGNERS), random.Random(seed), 0
    raws = [message.raw for message in (*PLAIN.values(), *MESSAGES.values())]
    for _ in range(number):
        raw = mutator.message(draw.choice(raws), "device")
        if raw and draw.random() < 0.3:
            raw = mutator.bytes(raw, None)
        taken += held(raw)
    return taken


def test_changed_messages_are_never_taken_where_the_strict_reader_refuses():
    assert changed(1, SAMPLE) > SAMPLE // 50


if __name__ == "__main__":
    whole, began = int(sys.argv[1]), time.monotonic()
    for part in range(0, whole, 100_000):
        count = changed(part, min(100_000, whole - part))
        print(f"{part + 100_000:,} of {whole:,} changed messages; {count:,} of these taken, all equal; "
              f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
