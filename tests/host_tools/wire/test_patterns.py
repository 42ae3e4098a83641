"""The patterns of messages take only what the strict reader takes, and give the same messages: held against it, both
ways. `make campaign-mutations` changes ten million messages in place of the sample here.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealwright.wire import cbor
from sealwright.wire.messages import BODIES, parse_message, sign_message
from sealwright.wire.messages.bodies import by_pattern, parse_strictly

from tests.host_tools.mutate import HEADS
from tests.host_tools.wire.mutations import PLAIN, READERS, by_a_pattern, changed, in_longer_forms
from tests.host_tools.wire.test_messages_round_trip import SIGNER, bodies

SAMPLE = 12_000


@pytest.mark.parametrize("name", PLAIN)
def test_usual_messages_are_read_by_a_pattern(name):
    assert by_a_pattern(PLAIN[name].raw)


@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.NAME)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_pattern_reads_any_body_as_the_strict_reader_does(cls, data):
    message = sign_message(SIGNER, data.draw(bodies(cls)))
    by_a_pattern(message.raw)
    assert parse_message(message.raw) == parse_strictly(message.raw)


@pytest.mark.parametrize("name", PLAIN)
def test_no_byte_of_a_message_may_be_another_head(name):
    """Each byte in turn as the head of another item, one more and one less, and left out."""
    raw = PLAIN[name].raw
    for at in range(len(raw) - 64):
        for byte in {*HEADS, (raw[at] + 1) & 255, (raw[at] - 1) & 255, raw[at] ^ 0x20}:
            by_a_pattern(raw[:at] + bytes((byte,)) + raw[at + 1 :])
        by_a_pattern(raw[:at] + raw[at + 1 :])


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


def test_changed_messages_are_never_taken_where_the_strict_reader_refuses():
    taken = changed("a sample", SAMPLE)
    assert all(taken[name] > SAMPLE // 100 for name in READERS), taken
