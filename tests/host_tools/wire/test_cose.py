"""The envelope: what is taken, what is refused, and the COSE Working Group's examples."""

import json
from hashlib import sha256
from pathlib import Path

import cbor2
import pytest
from sealwright.errors import BadSignature, Malformed, NotDeterministic
from sealwright.wire import cose
from sealwright.wire.cbor import Tag, encode
from sealwright.wire.keys import PublicKey

from tests.host_tools.factory import key

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "cose-wg"
KEY = key("signer")
PROTECTED = {1: -7, 4: KEY.public.kid, 16: 65001}


def envelope(protected=PROTECTED, unprotected=None, payload=b"payload", signature=None, number=18):
    raw = protected if isinstance(protected, (bytes, str, list)) else encode(protected)
    digest = sha256(encode(["Signature1", raw, b"", payload])).digest()
    parts = [
        raw,
        {} if unprotected is None else unprotected,
        payload,
        KEY.sign(digest) if signature is None else signature,
    ]
    return encode(Tag(number, parts) if number else parts)


def test_what_is_signed_parses_to_the_same():
    made = cose.sign(KEY, {16: 65001}, b"payload")
    read = cose.parse(made.raw)
    assert read == made
    assert read.raw == envelope()
    assert (read.typ, read.kid, read.payload) == (65001, KEY.public.kid, b"payload")
    assert read.signed_by(KEY.public) and not read.signed_by(key("other").public)
    read.require(KEY.public)
    with pytest.raises(BadSignature):
        read.require(key("other").public)


def test_the_digest_is_that_of_the_sig_structure():
    made = cose.sign(KEY, {16: 65001}, b"payload")
    structure = cbor2.dumps(["Signature1", made.protected, b"", b"payload"])
    assert cose.sig_structure(made.protected, b"payload") == structure
    assert made.digest == sha256(structure).digest()


def test_the_other_signature_of_the_same_message_has_the_same_digest():
    made = cose.sign(KEY, {16: 65001}, b"payload")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = order - int.from_bytes(made.signature[32:], "big")
    twin = cose.parse(envelope(signature=made.signature[:32] + s.to_bytes(32, "big")))
    assert twin.raw != made.raw and twin.signed_by(KEY.public)
    assert twin.digest == made.digest


REFUSED = {
    "untagged": lambda: envelope(number=None),
    "another tag": lambda: envelope(number=4),
    "three parts": lambda: encode(Tag(18, [b"", {}, b""])),
    "five parts": lambda: encode(Tag(18, [encode(PROTECTED), {}, b"", bytes(64), b""])),
    "a map": lambda: encode(Tag(18, {0: 0, 1: 1, 2: 2, 3: 3})),
    "protected as a map": lambda: encode(Tag(18, [PROTECTED, {}, b"", bytes(64)])),
    "protected empty": lambda: envelope(protected=b""),
    "protected an empty map": lambda: envelope(protected={}),
    "protected no map": lambda: envelope(protected=encode([1, -7])),
    "protected with bytes after it": lambda: envelope(protected=encode(PROTECTED) + b"\x00"),
    "unprotected with a kid": lambda: envelope(unprotected={4: KEY.public.kid}),
    "unprotected no map": lambda: envelope(unprotected=[]),
    "payload detached": lambda: encode(Tag(18, [encode(PROTECTED), {}, None, bytes(64)])),
    "payload text": lambda: encode(Tag(18, [encode(PROTECTED), {}, "payload", bytes(64)])),
    "signature short": lambda: envelope(signature=bytes(63)),
    "signature long": lambda: envelope(signature=bytes(65)),
    "signature text": lambda: envelope(signature="s" * 64),
    "no algorithm": lambda: envelope({4: KEY.public.kid, 16: 65001}),
    "another algorithm": lambda: envelope({**PROTECTED, 1: -35}),
    "algorithm as text": lambda: envelope({**PROTECTED, 1: "ES256"}),
    "bytes after it": lambda: envelope() + b"\x00",
    "cut": lambda: envelope()[:-1],
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_envelopes_are_malformed(name):
    with pytest.raises(Malformed):
        cose.parse(REFUSED[name]())


def test_an_envelope_in_another_form_is_not_deterministic():
    raw = envelope()
    assert raw[:2] == b"\xd2\x84"
    with pytest.raises(NotDeterministic):
        cose.parse(b"\xd8\x12" + raw[1:])
    with pytest.raises(NotDeterministic):
        cose.parse(b"\xd2\x98\x04" + raw[2:])
    with pytest.raises(NotDeterministic):
        cose.parse(b"\xd2\x9f" + raw[2:] + b"\xff")
    unsorted = b"\xa2" + encode(4) + encode(KEY.public.kid) + encode(1) + encode(-7)
    with pytest.raises(NotDeterministic):
        cose.parse(envelope(protected=unsorted))


# What the examples come to once their unprotected header, which nobody signed, is emptied: verified (True), parsed but
# not signed by the example's key (False), or refused by the profile (None).
EXAMPLES = {
    "CWT__A_3.json": True,
    "RFC8152__Appendix_C_2_1.json": True,
    "ecdsa-examples__ecdsa-sig-01.json": True,
    "ecdsa-examples__ecdsa-sig-02.json": None,  # ES384
    "ecdsa-examples__ecdsa-sig-03.json": None,  # ES512
    "ecdsa-examples__ecdsa-sig-04.json": None,  # SHA-512 with P-256
    "hashsig__hsssig-sig-01.json": None,  # HSS-LMS
    "sign1-tests__sign-fail-01.json": None,  # tag 998
    "sign1-tests__sign-fail-02.json": False,  # content changed
    "sign1-tests__sign-fail-03.json": None,  # algorithm -999
    "sign1-tests__sign-fail-04.json": None,  # algorithm "unknown"
    "sign1-tests__sign-fail-06.json": False,  # header added
    "sign1-tests__sign-fail-07.json": False,  # header removed
    "sign1-tests__sign-pass-01.json": None,  # algorithm not protected
    "sign1-tests__sign-pass-02.json": False,  # external data, which the profile has empty
    "sign1-tests__sign-pass-03.json": None,  # untagged
}
AS_THEY_ARE = ("CWT__A_3.json",)  # all others carry a kid in the unprotected header


def example(name):
    path = VECTORS / name
    if not path.is_file():
        pytest.skip("the COSE Working Group's examples are not beside this checkout (../shared/vectors/cose-wg)")
    case = json.loads(path.read_text(encoding="utf-8"))
    return case, bytes.fromhex(case["output"]["cbor"])


def coordinate(given, name):
    if name + "_hex" in given:
        return bytes.fromhex(given[name + "_hex"])
    import base64

    return base64.urlsafe_b64decode(given[name] + "=" * (-len(given[name]) % 4))


def emptied(raw):
    """The example with an empty unprotected header."""
    item = cbor2.loads(raw)
    parts = item.value if isinstance(item, cbor2.CBORTag) else item
    parts = [parts[0], {}, *parts[2:]]
    return cbor2.dumps(cbor2.CBORTag(item.tag, parts) if isinstance(item, cbor2.CBORTag) else parts)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_working_groups_examples(name):
    case, raw = example(name)
    if EXAMPLES[name] is None:
        with pytest.raises(Malformed):
            cose.parse(emptied(raw))
        return
    read = cose.parse(emptied(raw))
    given = case["input"]["sign0"]["key"]
    public = PublicKey(coordinate(given, "x") + coordinate(given, "y"))
    assert read.signed_by(public) is EXAMPLES[name]
    if EXAMPLES[name]:
        signed = bytes.fromhex(case["intermediates"]["ToBeSign_hex"])
        assert cose.sig_structure(read.protected, read.payload) == signed


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_unprotected_header_is_refused_however_good_the_signature(name):
    _, raw = example(name)
    if name in AS_THEY_ARE:
        assert cose.parse(raw)
        return
    with pytest.raises(Malformed):
        cose.parse(raw)


def test_every_sign1_example_is_in_the_table():
    if not VECTORS.is_dir():
        pytest.skip("the COSE Working Group's examples are not beside this checkout (../shared/vectors/cose-wg)")
    there = {path.name for path in VECTORS.glob("*.json") if "sign0" in json.loads(path.read_text())["input"]}
    assert there == set(EXAMPLES)
