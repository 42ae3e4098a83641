"""What devices say over their links fits firmware/schema/rpc.cddl, and what does not fit is refused by both."""

import re

import pytest
import talks
from cddl_verifier import Validator
from seal import errors, policy, rpc
from seal.seller import Seller
from seal.service import Service
from sealwright.link.codes import CODES
from sealwright.wire.cbor import encode
from wire import NAMES

from tests.parity.seen import Call
from tests.parity.variants import ODD, variants
from tests.vectors.interpreters import NAMES as INTERPRETERS
from tests.vectors.interpreters import ROOT, run

SCHEMA = ROOT / "firmware" / "schema" / "rpc.cddl"


@pytest.fixture(scope="module")
def cddl():
    return Validator(SCHEMA, strict_modules=True)


@pytest.fixture(scope="module", params=INTERPRETERS)
def calls(request):
    """Everything that was asked and answered in talks.py, under one interpreter."""
    script = ROOT / "tests" / "parity" / "talks.py"
    return [Call.from_line(line) for talk in talks.TALKS for line in run(request.param, script, talk)]


def check(cddl, body, rule):
    # as the schema has it: the body is a byte string that holds a sequence
    return cddl.validate(encode(body), rule, require_deterministic=True)


def test_the_schema_has_the_kinds_that_devices_handle():
    handled = {*Service(None).handlers(), *Seller(None).handlers()}
    written = dict(re.findall(r"^([\w-]+)-request += call<(\d+),", SCHEMA.read_text(), re.MULTILINE))
    assert {int(number): name for name, number in written.items()} == NAMES
    assert handled == set(NAMES)


def test_requests_fit(cddl, calls):
    assert {call.name for call in calls} == set(NAMES.values())
    for call in calls:
        result = check(cddl, call.request.body, f"{call.name}-request")
        assert result.valid, (call, result.format())
        assert check(cddl, call.request.body, "request").valid
        assert not check(cddl, call.request.body, "reply").valid


def test_replies_fit(cddl, calls):
    answered = {call.name for call in calls if not call.refused}
    assert answered == set(NAMES.values()), "every kind has been answered with a result"
    for call in calls:
        result = check(cddl, call.reply.body, "error-reply" if call.refused else f"{call.name}-reply")
        assert result.valid, (call, call.reply.parsed, result.format())
        assert check(cddl, call.reply.body, "reply").valid
        assert call.reply.parsed.id == call.request.parsed.id


def test_every_state_and_shape_was_seen(calls):
    report = [call.reply.parsed.item for call in calls if call.name == "info"]
    assert {item["state"] for item in report} == {"blank", "keyed", "provisioned", "wiped", "damaged"}
    for name in {name for item in report for name in item} - {"heap_free"}:  # null on one interpreter alone
        assert {item[name] is None for item in report if name in item} == {False, name in NULLABLE} | {False}, name
    found = {len(call.reply.parsed.item) for call in calls if call.name == "channels" and not call.refused}
    assert found == {1, 4}
    outcomes = [call.reply.parsed.item for call in calls if call.name == "selftest"]
    damage = {errors.SensorFailed.code, errors.StateDamaged.code}
    assert {value for item in outcomes for value in item.values()} == {True} | damage


NULLABLE = {
    "buying",
    "fault",
    "device",
    "peer",
    "policy",
    "offer",
    "bought",
    "order",
    "sensor_fault",
    "trade_fault",
    "uplink",
    "clock_fault",
    "ticks",
}


def test_the_codes_are_those_of_the_device(cddl):
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.SealError)]
    codes = {cls.code for cls in classes} | {rpc.INTERNAL}
    codes |= {value for name, value in vars(policy).items() if name.isupper() and 40 <= value < 50}
    assert codes == {code for code in range(-1, 300) if cddl.validate(encode(code), "error-code").valid}
    assert codes - {0} == set(CODES)


def test_other_frames_do_not_fit(cddl, calls):
    for name in NAMES.values():
        call = next(call for call in calls if call.name == name and not call.refused)
        identifier, kind, item = call.request.parsed
        for head in (
            [2, identifier, kind],
            [1, -1, kind],
            [1, identifier, kind, 0],
            [1, identifier],
            [1, identifier, 99],
        ):
            assert not check(cddl, encode(head) + encode(item), "request").valid, head
        for rest in (b"", encode(item) + b"\x00"):
            assert not check(cddl, encode([1, identifier, kind]) + rest, "request").valid


# what is in ODD and yet a good reply
GOOD = {"grant": [True], "command": [True], "prove": [True], "revoke": [True], "readings": [[]], "channels": [[0]]}
GOOD |= {"chain": [[]]}
GOOD |= {"ledger": [True], "element": [True], "update-lock": [True], "update-commit": [True], "owners": [[0]]}
GOOD |= {"tick": [0, 1, 2, 255, 256]}
GOOD |= {"update-write": [0, 1, 2, 255, 256, 2**63, 2**64 - 1], "update-begin": [0, 1, 2, 255, 256]}
GOOD |= {"update-manifest": [0, 1, 2, 255, 256, [0]]}


def test_other_replies_do_not_fit(cddl, calls):
    for name in NAMES.values():
        call = next(call for call in calls if call.name == name and not call.refused)
        good = [odd for odd in ODD if check(cddl, encode([1, 0, 0]) + encode(odd), f"{name}-reply").valid]
        assert [repr(odd) for odd in good] == [repr(odd) for odd in GOOD.get(name, [])], name
        item = call.reply.parsed.item
        if isinstance(item, dict):
            less = {key: item[key] for key in item if key != "state"}
            for changed in ({**item, "x": 0}, {**item, 1: 0}, less):
                assert not check(cddl, encode([1, 0, 0]) + encode(changed), f"{name}-reply").valid


def test_other_error_replies_do_not_fit(cddl):
    for wrong in (*ODD, [1, 1], [-1], [35], [50], [256], ["1"]):
        if wrong != [0]:
            assert not check(cddl, encode([1, 0, 255]) + encode(wrong), "error-reply").valid, wrong


IGNORED = ("info", "selftest", "bill")  # for the null of these, devices take anything
WITH_ITEMS = [name for name in NAMES.values() if name not in IGNORED]


@pytest.mark.parametrize("name", WITH_ITEMS)
def test_a_device_refuses_what_does_not_fit(cddl, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where slots are made
    kind = {name: number for number, name in NAMES.items()}[name]
    wire, item = talks.ready_for(kind)
    refused = 0
    for _, changed in variants(item):
        if not check(cddl, encode([1, 0, kind]) + encode(changed), f"{name}-request").valid:
            refused += 1
            answer = rpc.answer(wire.handlers, kind, changed)
            assert answer[0] == rpc.ERROR, changed
            assert answer[1] != [rpc.INTERNAL], changed
    assert refused > 10
    assert rpc.answer(wire.handlers, kind, item)[0] == rpc.REPLY, "nothing of all this did any harm"
