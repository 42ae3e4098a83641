"""The reader against the schema itself: an independent CDDL validator takes and refuses the same messages.

Both are stricter or laxer than the other nowhere but here: CDDL cannot say that a key must be a point on the curve or
that the lanes of claims rise, and the validator does not look at the form of CBOR inside byte strings.
"""

from pathlib import Path

import pytest
from cddl_verifier import Validator
from sealwright.errors import Malformed, NotDeterministic, WrongType
from sealwright.wire.messages import parse_message

from tests.host_tools.wire.schema_cases import MAPS, message_with, without
from tests.host_tools.wire.schema_messages import MESSAGES
from tests.host_tools.wire.schema_wrong import CHAIN_WRONG, CLAIMS_ORDER_WRONG, KEY_WRONG

SCHEMA = Path(__file__).resolve().parents[3] / "firmware" / "schema" / "sealwright.cddl"
OFF_CURVE = KEY_WRONG[-1]
NOT_DETERMINISTIC_INSIDE = CHAIN_WRONG[7]
BEYOND_CDDL = (OFF_CURVE, {1: OFF_CURVE}, NOT_DETERMINISTIC_INSIDE, *CLAIMS_ORDER_WRONG)


@pytest.fixture(scope="module")
def cddl():
    return Validator(SCHEMA)


def agree(cddl, raw):
    by_schema = cddl.validate(raw, "message", require_deterministic=True).valid
    try:
        parse_message(raw)
    except (Malformed, NotDeterministic, WrongType):
        return not by_schema
    return by_schema


@pytest.mark.parametrize("name", MESSAGES)
def test_good_messages_fit_the_schema(cddl, name):
    assert cddl.validate(MESSAGES[name].raw, "message", require_deterministic=True).valid


@pytest.mark.parametrize("name", MAPS)
def test_reader_and_schema_refuse_the_same(cddl, name):
    for label, (wrong_values, _) in MAPS[name].items():
        assert agree(cddl, message_with(name, without(label))), label
        for wrong in wrong_values:
            raw = message_with(name, lambda given: {**given, label: wrong})
            assert agree(cddl, raw) != (wrong in BEYOND_CDDL), (label, wrong)
    for extra in (100, -1000, "x", b"x"):
        assert agree(cddl, message_with(name, lambda given: {**given, extra: 0})), extra
