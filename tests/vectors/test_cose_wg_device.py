"""The COSE Working Group's Sign1 examples against the device's envelope, under CPython and under MicroPython.

The examples are other people's messages. Their signatures must verify over the device's own Sig_structure wherever
they are ES256 over P-256 without external data; and as messages every one must be refused, for want of our type.
"""

import base64
import json
from pathlib import Path

import cbor2
import pytest
from interpreters import ALL, ask

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "cose-wg"

# What asking the device about the signature comes to.
GOOD, BAD, OTHER_KEY = ["ok", True], ["ok", False], ["BadKey"]
EXAMPLES = {
    "CWT__A_3.json": GOOD,
    "RFC8152__Appendix_C_2_1.json": GOOD,
    "ecdsa-examples__ecdsa-sig-01.json": GOOD,
    "ecdsa-examples__ecdsa-sig-02.json": OTHER_KEY,  # ES384
    "ecdsa-examples__ecdsa-sig-03.json": OTHER_KEY,  # ES512
    "ecdsa-examples__ecdsa-sig-04.json": BAD,  # SHA-512 with P-256
    "sign1-tests__sign-fail-01.json": GOOD,  # only the tag was changed, which nobody signs
    "sign1-tests__sign-fail-02.json": BAD,  # content changed
    "sign1-tests__sign-fail-03.json": BAD,  # algorithm -999
    "sign1-tests__sign-fail-04.json": BAD,  # algorithm "unknown"
    "sign1-tests__sign-fail-06.json": BAD,  # header added
    "sign1-tests__sign-fail-07.json": BAD,  # header removed
    "sign1-tests__sign-pass-01.json": BAD,  # protected is a map of nothing, signed as no bytes: the profile has neither
    "sign1-tests__sign-pass-02.json": BAD,  # external data, which the profile has empty
    "sign1-tests__sign-pass-03.json": GOOD,  # untagged
}
NO_CURVE = "hashsig__hsssig-sig-01.json"  # HSS-LMS: there is no point to ask about


def _case(name):
    path = FOLDER / name
    if not path.is_file():
        pytest.skip("the COSE Working Group's examples are not beside this checkout (../shared/vectors/cose-wg)")
    return json.loads(path.read_text(encoding="utf-8"))


def _raw(name):
    return bytes.fromhex(_case(name)["output"]["cbor"])


def _coordinate(key, name):
    if name + "_hex" in key:
        return bytes.fromhex(key[name + "_hex"])
    return base64.urlsafe_b64decode(key[name] + "=" * (-len(key[name]) % 4))


def _public(name):
    key = _case(name)["input"]["sign0"]["key"]
    return _coordinate(key, "x") + _coordinate(key, "y")


def _parts(raw):
    item = cbor2.loads(raw)
    return item.value if isinstance(item, cbor2.CBORTag) else item


@pytest.mark.parametrize("interpreter", ALL)
def test_signatures_verify_over_the_devices_sig_structure(interpreter, tmp_path):
    questions = []
    for name in EXAMPLES:
        protected, _, payload, signature = _parts(_raw(name))
        questions.append(["verify", *(part.hex() for part in (_public(name), protected, payload, signature))])
    answers = dict(zip(EXAMPLES, ask(interpreter, questions, tmp_path), strict=True))
    assert answers == EXAMPLES


@pytest.mark.parametrize("interpreter", ALL)
def test_the_sig_structure_is_the_published_one(interpreter, tmp_path):
    names = [name for name, verdict in EXAMPLES.items() if verdict == GOOD]
    questions = [["structure", *(part.hex() for part in _parts(_raw(name))[:3:2])] for name in names]
    published = [["ok", _case(name)["intermediates"]["ToBeSign_hex"].lower()] for name in names]
    assert ask(interpreter, questions, tmp_path) == published


@pytest.mark.parametrize("interpreter", ALL)
def test_none_of_them_is_a_message_of_ours(interpreter, tmp_path):
    questions = []
    for name in (*EXAMPLES, NO_CURVE):
        protected, _, *rest = _parts(_raw(name))
        questions.append(["parse", _raw(name).hex()])
        # nor with the unprotected header emptied, which nobody signed
        questions.append(["parse", cbor2.dumps(cbor2.CBORTag(18, [protected, {}, *rest])).hex()])
    assert ask(interpreter, questions, tmp_path) == [["Malformed"]] * len(questions)


def test_every_sign1_example_is_asked_about():
    if not FOLDER.is_dir():
        pytest.skip("the COSE Working Group's examples are not beside this checkout (../shared/vectors/cose-wg)")
    there = {path.name for path in FOLDER.glob("*.json") if "sign0" in json.loads(path.read_text())["input"]}
    assert there == {*EXAMPLES, NO_CURVE}
