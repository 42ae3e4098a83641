"""Other people's libraries read what a device signed: COSE libraries, plain ECDSA libraries, and a CDDL validator."""

import cwt
import ecdsa
import pytest
from cddl_verifier import Validator
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from pycose.messages import CoseMessage, Sign1Message
from sealwright.wire.cbor import Tag, decode, encode

from tests.host_tools.wire.test_other_verifiers import as_cwt, as_pycose
from tests.parity.spoken import TYPES
from tests.vectors.interpreters import ROOT


@pytest.fixture(params=TYPES)
def some(request, made):
    """Every message of one type."""
    found = [one for one in made if one.message.type == request.param]
    assert found
    return found


def damaged(data):
    """With the last bit flipped: of an envelope, that is the signature's."""
    return data[:-1] + bytes((data[-1] ^ 1,))


def test_pycose_verifies_them(some):
    for one in some:
        read = CoseMessage.decode(one.bytes)
        assert isinstance(read, Sign1Message)
        assert read.payload == one.message.sign1.payload
        read.key = as_pycose(one.signer)
        assert read.verify_signature()
        read.payload = damaged(read.payload)
        assert not read.verify_signature()


def test_cwt_verifies_them(some):
    for one in some:
        key = as_cwt(one.signer)
        header, unprotected, payload = cwt.COSE.new(verify_kid=True).decode_with_headers(one.bytes, key)
        assert (header, unprotected) == (decode(one.message.sign1.protected), {})
        assert payload == one.message.sign1.payload
        with pytest.raises(cwt.exceptions.VerifyError):
            cwt.COSE.new().decode(damaged(one.bytes), key)


def test_ecdsa_verifies_the_digests(some):
    for one in some:
        key = ecdsa.VerifyingKey.from_string(one.signer.xy, ecdsa.NIST256p)
        digest, signature = bytes.fromhex(one.digest), one.message.sign1.signature
        assert key.verify_digest(signature, digest)
        with pytest.raises(ecdsa.BadSignatureError):
            key.verify_digest(signature, damaged(digest))


def test_cryptography_verifies_the_digests(some):
    for one in some:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + one.signer.xy)
        digest, signature = bytes.fromhex(one.digest), one.message.sign1.signature
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        key.verify(der, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        with pytest.raises(InvalidSignature):
            key.verify(der, damaged(digest), ec.ECDSA(Prehashed(hashes.SHA256())))


@pytest.fixture(scope="module")
def cddl():
    return Validator(ROOT / "firmware" / "schema" / "sealwright.cddl")


def rule_of(name):
    """The schema's name of a message type: rpc.cddl has rules `status` and `offer` of its own."""
    return f"{name}-message" if name in ("status", "offer") else name


def fits(cddl, raw, rule):
    return cddl.validate(raw, rule, require_deterministic=True).valid


def test_they_fit_the_schema(cddl, some):
    for one in some:
        result = cddl.validate(one.bytes, rule_of(one.message.type), require_deterministic=True)
        assert result.valid, result.format()
        assert fits(cddl, one.bytes, "message")
        assert not any(fits(cddl, one.bytes, rule_of(other)) for other in TYPES if other != one.message.type)


def test_what_is_changed_fits_it_no_more(cddl, some):
    for one in some:
        rule = rule_of(one.message.type)
        for changed in changes(one.message.sign1):
            assert not fits(cddl, encode(changed), rule), changed


def changes(sign1):
    """The message in forms that its rule must refuse: envelope, header and payload, one departure at a time."""
    protected, payload, signature = sign1.protected, sign1.payload, sign1.signature
    header, content = decode(protected), decode(payload)
    yield [protected, {}, payload, signature]
    yield Tag(4, [protected, {}, payload, signature])
    yield Tag(18, [protected, {4: header[4]}, payload, signature])
    yield Tag(18, [protected, {}, payload, signature[:-1]])
    yield Tag(18, [protected, {}, payload, signature, b""])
    yield Tag(18, [protected, {}, None, signature])
    for wrong in ({5: b""}, {1: -35}, {4: header[4][:-1]}, {16: header[16] + 1}):
        yield Tag(18, [encode({**header, **wrong}), {}, payload, signature])
    for missing in header:
        yield Tag(18, [encode({key: value for key, value in header.items() if key != missing}), {}, payload, signature])
    for wrong in wrong_contents(content):
        yield Tag(18, [protected, {}, encode(wrong), signature])


def wrong_contents(content):
    yield None
    if isinstance(content, list):
        yield from ([], {}, [*content, {99: 0}], [{0: b"name"}])
        return
    yield content | {99: 0}
    for key in list(content)[:2]:  # in every map of the schema the first two keys are required
        yield {other: value for other, value in content.items() if other != key}
        yield content | {key: None}
