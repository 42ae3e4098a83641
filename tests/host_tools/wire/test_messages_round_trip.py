"""Any body that the schema allows, made from the table itself, is built and reads back as it was."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealwright import sign_message
from sealwright.errors import NotDeterministic
from sealwright.wire import cbor
from sealwright.wire.messages import BODIES, Claim, DecimalFraction, parse_message
from sealwright.wire.messages import schema as rules
from sealwright.wire.messages.asset import Asset
from sealwright.wire.messages.claims import ClaimsRule
from sealwright.wire.messages.cose_key import KeyRule
from sealwright.wire.messages.embedded import EmbeddedCertificate
from sealwright.wire.messages.factory import _Outcome
from sealwright.wire.messages.measurement import Reading, Record
from sealwright.wire.messages.row import Row

from tests.host_tools.factory import key
from tests.host_tools.wire.schema_messages import DEVICE, LEDGER_CERTIFICATE

SIGNER = key("any")
INTEGERS = st.integers(-(2**64), 2**64 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LEAVES = st.none() | st.booleans() | INTEGERS | st.binary(max_size=9) | TEXTS
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def values(rule):
    """A strategy for the Python values that `rule` allows."""
    match rule:
        case Asset():
            return st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=32)
        case rules.Unsigned():
            return st.sampled_from((rule.low, rule.high)) | st.integers(rule.low, rule.high)
        case rules.Text():
            return TEXTS
        case rules.Bytes():
            return st.binary(max_size=80) if rule.size is None else st.binary(min_size=rule.size, max_size=rule.size)
        case rules.Boolean():
            return st.booleans()
        case rules.Nullable():
            return st.none() | values(rule.rule)
        case rules.NumberRule():
            return INTEGERS | st.builds(DecimalFraction, INTEGERS, INTEGERS)
        case KeyRule():
            return st.sampled_from("abc").map(lambda label: key(label).public)
        case rules.ListOf():
            return st.lists(values(rule.rule), min_size=1, max_size=3).map(tuple)
        case rules.Pair():
            return st.tuples(values(rule.rule), values(rule.rule))
        case rules.MapOf():
            return st.dictionaries(TEXTS, values(rule.rule), min_size=1, max_size=3)
        case rules.Struct():
            return bodies(rule.cls)
        case Row():
            return st.tuples(*map(values, rule.rules)).map(lambda parts: rule.cls(*parts))
        case ClaimsRule():
            claim = st.builds(Claim, *map(values, (rules.UINT, rules.UINT, rules.AMOUNT, rules.HASH)))
            by_lane = st.lists(claim, max_size=8, unique_by=lambda one: one.lane)
            return by_lane.map(lambda claims: tuple(sorted(claims)))
        case EmbeddedCertificate():
            return st.sampled_from((DEVICE.certificate, LEDGER_CERTIFICATE))
        case _Outcome():
            return st.just(True) | st.integers(0, 255)
    assert rule is rules.ANY, rule
    return ANYTHING


def bodies(cls):
    """A strategy for `cls`, its optional fields there or not."""
    fields = {}
    for field in dataclasses.fields(cls):
        if "at" in field.metadata:
            _, rule, required = field.metadata["at"]
            optional = field.default is None and not required
            fields[field.name] = st.none() | values(rule) if optional else values(rule)
    if cls is Reading:
        fields["records"] = st.lists(bodies(Record), min_size=1, max_size=3).map(tuple)
    return st.builds(cls, **fields)


@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.NAME)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_body_reads_back(cls, data):
    body = data.draw(bodies(cls))
    message = sign_message(SIGNER, body)
    assert message.body == body
    read = parse_message(message.raw)
    assert (read, read.digest, read.signed_by(SIGNER.public)) == (message, message.digest, True)


@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.NAME)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_other_bytes_are_the_same_content(cls, data):
    """Keys in another order, and a count in a longer form: refused, with the content as it was."""
    sign1 = sign_message(SIGNER, data.draw(bodies(cls))).sign1
    header = dict(sign1.header)
    content = header[15] if cls is Reading else cbor.decode(sign1.payload)
    pairs = [cbor.encode(label) + cbor.encode(value) for label, value in content.items()]
    order = data.draw(st.permutations(range(len(pairs))))
    longer = bytes((0xB8, len(pairs))) + b"".join(pairs)
    others = [longer] if list(order) == sorted(order) else [longer, bytes((0xA0 | len(pairs),)) + _join(pairs, order)]
    for other in others:
        protected, payload = sign1.protected, sign1.payload
        if cls is Reading:
            protected = protected.replace(cbor.encode(content), other)
        else:
            payload = other
        raw = cbor.encode(cbor.Tag(18, [protected, {}, payload, bytes(64)]))
        with pytest.raises(NotDeterministic):
            parse_message(raw)


def _join(pairs, order):
    return b"".join(pairs[index] for index in order)
