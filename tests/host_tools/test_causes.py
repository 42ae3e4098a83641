"""What people read is our own words: `cause_of` for every kind of exception that reaches an error's text."""

import json
import socket

import pytest
from sealwright.errors import SealwrightError, cause_of
from sealwright.operate.spending import load_policy, parse_policy
from sealwright.wire.certificates import load_roots
from sealwright.wire.keys import PrivateKey, PublicKey

PYTHON = ("Errno", "codec", "object", "Expecting", "char ", "argument", "NoneType", "'int'", "OpenSSL", "ValueError")


def raised(call, *arguments):
    with pytest.raises(Exception) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("call", "arguments", "said"),
    [
        (json.loads, ("{",), "line 1, column 2 is no JSON"),
        (b"a\xff".decode, (), "byte 1 is not of UTF-8"),
        (open, ("/nowhere/at/all",), "No such file or directory"),
        (socket.create_connection, (("a..b", 1),), "a part of the name is empty or too long"),
        (int, ("x",), "it failed"),
    ],
)
def test_a_cause_in_our_words(call, arguments, said):
    assert cause_of(raised(call, *arguments)) == said
    assert cause_of(TimeoutError()) == "no answer in time"


def test_errors_of_files_are_in_our_words(tmp_path):
    path = tmp_path / "file"
    for content in (
        b"{",
        b"\xff",
        b"[1]",
        b'{"assets": 5}',
        b'{"assets": {"x": 3}}',
        b'{"assets": {"x": {}}, "payees": 4}',
    ):
        path.write_bytes(content)
        told(raised(load_policy, path))
        told(raised(PrivateKey.load, path))
    armour = b"-----BEGIN %s-----\nA\n-----END %s-----\n"
    for label in (b"EC PRIVATE KEY", b"PRIVATE KEY", b"SEALWRIGHT CERTIFICATE"):
        path.write_bytes(armour % (label, label))
        told(raised(PrivateKey.load, path))
        told(raised(load_roots, path))
    for did in ("", "did:key:z0", "did:key:zzz", "did:key:zDnaexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"):
        told(raised(PublicKey.from_did, did))
    told(raised(parse_policy, None))


def told(error):
    assert isinstance(error, SealwrightError) and error.remedy, error
    assert not [word for word in PYTHON if word in str(error)], error
