"""Device and host are two implementations of one schema, and the device's has two interpreters: all three make the same
bytes of the same content, for every message type and every key."""

from dataclasses import fields, is_dataclass
from hashlib import sha256

from sealwright import sign_message
from sealwright.wire import cbor, cose

from tests.parity.made import Made
from tests.parity.spoken import KEYS_TO_LEARN, SPOKEN, TYPES


def test_both_interpreters_make_the_same_bytes(made_by):
    here, there = made_by("cpython"), made_by("micropython")
    assert len(here) == len(there)
    for ours, theirs in zip(here, there, strict=True):
        assert ours == theirs, ours.message.type


def test_every_type_is_made(made):
    assert {one.message.type for one in made} == set(TYPES)


def _parts(value):
    """Every dataclass within a message's body, itself included."""
    if is_dataclass(value):
        yield value
        value = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _parts(item)


def test_every_key_is_made_and_every_optional_one_left_out(made):
    present, absent = set(), set()
    for one in made:
        for part in _parts(one.message.body):
            for field in fields(part):
                key = (type(part), field.name, field.default is None)
                (absent if getattr(part, field.name) is None else present).add(key)
    assert {cls for cls, _, _ in present} > set(SPOKEN)
    absent -= {(cls, field, True) for cls in SPOKEN for field in KEYS_TO_LEARN.get(cls.NAME, {}).values()}
    assert absent <= present, absent - present
    optional = {key for key in present if key[2]}
    assert optional <= absent, optional - absent


def _says_null(one):
    """Whether a command's arguments are null, which to the host is the same as none at all."""
    payload = cbor.decode(one.message.sign1.payload)
    return one.message.type == "command" and payload.get(4, ...) is None


def _has_first_versions_asset(one):
    """Whether its asset is text that the host reads and no longer builds. This one has none at all."""
    return one.message.type == "channel-open" and one.message.body.asset == ""


def test_the_host_makes_the_same_bytes_of_what_it_read(made):
    """Content, header, digest, and with the same key the signature as well: both sides have RFC 6979."""
    exact = [one for one in made if one.key is not None and not _says_null(one) and not _has_first_versions_asset(one)]
    assert {one.message.type for one in exact} == set(TYPES)
    for one in exact:
        again = sign_message(one.private, one.message.body)
        assert again.raw == one.bytes, one.message.type
        assert again.digest == one.message.digest == bytes.fromhex(one.digest)
        assert one.private.public == one.signer


def test_added_entropy_changes_the_signature_and_nothing_else(made):
    random = [one for one in made if one.key is None]
    assert {one.message.type for one in random} == {"channel-close", "peer-proof", "evidence"}
    for one in random:
        assert one.message.signed_by(one.signer)
    (drawn,) = [one for one in random if one.message.type == "peer-proof"]
    plain = sign_message(Made(0, "", "", "", "by hand").private, drawn.message.body)
    assert (plain.digest, plain.sign1.protected) == (drawn.message.digest, drawn.message.sign1.protected)
    assert plain.sign1.signature != drawn.message.sign1.signature


def test_the_digest_is_of_the_bytes_that_were_signed(made):
    for one in made:
        sign1 = one.message.sign1
        structure = cbor.encode(["Signature1", sign1.protected, b"", sign1.payload])
        assert sha256(structure).hexdigest() == one.digest
        assert cose.sig_structure(sign1.protected, sign1.payload) == structure
