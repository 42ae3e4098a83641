"""The published examples of RFC 8949 Appendix A: what the profile admits round-trips, the rest is refused."""

import cbor2
import pytest
from sealwright.errors import Malformed, NotDeterministic
from sealwright.wire import cbor
from sealwright.wire.sequence import item_end

from tests.vectors.rfc8949_appendix_a import ROWS


@pytest.mark.parametrize("text,value", [(text, value) for text, admitted, value in ROWS if admitted])
def test_admitted_items_round_trip(text, value):
    raw = bytes.fromhex(text)
    decoded = cbor.decode(raw)
    assert decoded == value
    assert type(decoded) is type(value)
    assert cbor.encode(value) == raw
    assert cbor2.loads(raw) == value


@pytest.mark.parametrize("text", [text for text, admitted, _ in ROWS if not admitted])
def test_the_rest_is_refused(text):
    with pytest.raises((Malformed, NotDeterministic)):
        cbor.decode(bytes.fromhex(text))


def test_the_table_is_whole():
    # RFC 7049's table had one row more, simple(24), which is not well-formed any more
    assert len(ROWS) == 81
    assert sum(admitted for _, admitted, _ in ROWS) == 37


@pytest.mark.parametrize("text", [row[0] for row in ROWS])
def test_a_sequence_splits_at_the_end_of_any_of_them(text):
    raw = bytes.fromhex(text)
    assert item_end(raw + b"\x00") == len(raw)
    for cut in range(len(raw)):
        assert item_end(raw[:cut]) is None
