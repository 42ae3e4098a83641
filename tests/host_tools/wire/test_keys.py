"""Keys: names that follow from a key, what is no key, signatures against an independent oracle, files."""

import os
import stat
from hashlib import sha256

import cbor2
import ecdsa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from sealwright.errors import BadKey, BadKeyFile
from sealwright.wire.keys import PrivateKey, PublicKey

from tests.host_tools.factory import hash32, key

KEY = key("a key")
DIGEST = hash32("something to sign")
ORDER = ecdsa.NIST256p.order


def oracle(public):
    return ecdsa.VerifyingKey.from_string(public.xy, ecdsa.NIST256p)


def test_the_device_id_is_the_rfc_9679_thumbprint():
    x, y = KEY.public.xy[:32], KEY.public.xy[32:]
    thumbprint = sha256(bytes.fromhex("a40102200121 5820".replace(" ", "")) + x + bytes.fromhex("225820") + y).digest()
    assert KEY.public.device_id == thumbprint
    assert KEY.public.kid == thumbprint[:8]
    assert KEY.public.ueid == b"\x01" + thumbprint


def test_a_thumbprint_from_elsewhere():
    """RFC 9679 section 6: the example key and the thumbprint it prints."""
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    expected = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert PublicKey(x + y).device_id.hex() == expected


def test_did_key_text_there_and_back():
    did = KEY.public.did
    assert did.startswith("did:key:zDn")
    assert PublicKey.from_did(did) == KEY.public


NO_DIDS = (
    "",
    "did:key:z",
    "did:web:example.org",
    "did:key:zDn0OIl",
    "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",  # Ed25519
    KEY.public.did + "1",
    KEY.public.did[:-1],
    KEY.public.did.replace("did:key:z", "did:key:u"),
)


@pytest.mark.parametrize("text", NO_DIDS)
def test_other_dids_are_refused(text):
    with pytest.raises(BadKey):
        PublicKey.from_did(text)


def test_cose_key_there_and_back():
    assert PublicKey.from_cose(cbor2.loads(cbor2.dumps(KEY.public.cose))) == KEY.public


@pytest.mark.parametrize(
    "change",
    [{1: 3}, {-1: 2}, {-1: True}, {-2: bytes(31)}, {-2: bytes(33)}, {-3: "y"}, {-3: True}, {3: -7}, {-2: bytes(32)}],
    ids=repr,
)
def test_other_cose_keys_are_refused(change):
    with pytest.raises(BadKey):
        PublicKey.from_cose({**KEY.public.cose, **change})


def test_what_is_no_map_and_what_lacks_a_part_is_refused():
    for value in (None, [], b"", {1: 2, -1: 1, -2: bytes(32)}):
        with pytest.raises(BadKey):
            PublicKey.from_cose(value)


P = 2**256 - 2**224 + 2**192 + 2**96 - 1


@pytest.mark.parametrize(
    "xy",
    [
        bytes(64),
        b"\xff" * 64,
        KEY.public.xy[:63],
        b"\x04" + KEY.public.xy,
        KEY.public.xy[32:] + KEY.public.xy[:32],
        bytes(63) + b"\x01",
        P.to_bytes(32, "big") + bytes(32),
        # a point of the curve with x raised by p: the same point in a form that is not its own
        (5 + P).to_bytes(32, "big") + bytes.fromhex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"),
    ],
)
def test_what_is_not_on_the_curve_is_refused(xy):
    with pytest.raises(BadKey):
        PublicKey(xy)


def test_x_5_itself_is_on_the_curve():
    y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"
    assert PublicKey((5).to_bytes(32, "big") + bytes.fromhex(y))


def test_signatures_verify_here_and_by_the_oracle():
    for number in range(16):
        digest = hash32(f"digest {number}")
        signature = KEY.sign(digest)
        assert len(signature) == 64
        assert KEY.public.verify(digest, signature)
        assert oracle(KEY.public).verify_digest(signature, digest)
        theirs = ecdsa.SigningKey.from_secret_exponent(number + 1, ecdsa.NIST256p).sign_digest(digest)
        assert PrivateKey.from_secret(number + 1).public.verify(digest, theirs)


def test_signing_is_rfc_6979():
    """RFC 6979 appendix A.2.5: P-256, SHA-256, message "sample"."""
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    expected = (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
    assert PrivateKey.from_secret(secret).sign(sha256(b"sample").digest()).hex() == expected


def test_wrong_signatures_are_no():
    good = KEY.sign(DIGEST)
    r, s = good[:32], good[32:]
    zero, n = bytes(32), ORDER.to_bytes(32, "big")
    wrong = (zero + s, r + zero, zero + zero, n + s, r + n, b"\xff" * 64, s + r, good[:63], good + b"\x00", b"")
    for signature in wrong:
        assert not KEY.public.verify(DIGEST, signature)
    for at in range(64):
        assert not KEY.public.verify(DIGEST, good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])
    assert not KEY.public.verify(hash32("something else"), good)
    assert not KEY.public.verify(DIGEST[:31], good)
    assert not key("another").public.verify(DIGEST, good)


def test_only_digests_are_signed():
    with pytest.raises(ValueError, match="32 bytes"):
        KEY.sign(b"not a digest")


def test_secrets_out_of_range_are_refused():
    for secret in (0, ORDER, -1, 2**256):
        with pytest.raises(BadKey):
            PrivateKey.from_secret(secret)
    assert PrivateKey.from_secret(ORDER - 1).public.xy[:32] == PrivateKey.from_secret(1).public.xy[:32]


def test_generated_keys_differ():
    assert PrivateKey.generate().public != PrivateKey.generate().public


def test_a_saved_key_loads_and_only_its_owner_may_read_it(tmp_path):
    os.umask(0)
    path = tmp_path / "root.pem"
    KEY.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PrivateKey.load(path).public == KEY.public
    assert [entry.name for entry in tmp_path.iterdir()] == ["root.pem"]


@pytest.mark.skipif(os.name != "posix", reason="this platform has no file modes")
def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "a key.pem"
    KEY.save(path)
    for mode in (0o640, 0o604, 0o620, 0o644, 0o700 | 0o001):
        path.chmod(mode)
        with pytest.raises(BadKeyFile, match=f"mode {mode:04o}") as caught:
            PrivateKey.load(path)
        assert caught.value.code == "lax_mode" and f"chmod 600 '{path}'" in caught.value.remedy
    for mode in (0o600, 0o400, 0o700):
        path.chmod(mode)
        assert PrivateKey.load(path).public == KEY.public


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "root.pem"
    KEY.save(path)
    before = path.read_bytes()
    with pytest.raises(BadKeyFile, match="exists already"):
        key("another").save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["root.pem"]


def test_a_password_protects(tmp_path):
    path = tmp_path / "root.pem"
    KEY.save(path, b"correct horse")
    assert b"ENCRYPTED" in path.read_bytes()
    assert PrivateKey.load(path, b"correct horse").public == KEY.public
    for password, code in ((None, "missing"), (b"", "missing"), (b"wrong", "wrong"), (b"correct horse\n", "wrong")):
        with pytest.raises(BadKeyFile) as caught:
            PrivateKey.load(path, password)
        assert caught.value.code == f"passphrase_{code}" and "SEALWRIGHT_PASSPHRASE" in caught.value.remedy
    KEY.save(tmp_path / "open.pem")
    assert PrivateKey.load(tmp_path / "open.pem", b"correct horse").public == KEY.public


def pem_of(loaded):
    form = serialization.PrivateFormat.PKCS8
    return loaded.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def test_other_files_are_no_keys(tmp_path):
    with pytest.raises(BadKeyFile, match="cannot read"):
        PrivateKey.load(tmp_path / "missing.pem")
    path = tmp_path / "key.pem"
    path.touch(0o600)
    path.write_bytes(b"not a key")
    with pytest.raises(BadKeyFile, match="cannot use"):
        PrivateKey.load(path)
    for other in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        path.write_bytes(pem_of(other))
        with pytest.raises(BadKey):
            PrivateKey.load(path)
    with pytest.raises(BadKeyFile, match="cannot write"):
        KEY.save(tmp_path / "missing" / "key.pem")


def test_public_pem_there_and_back():
    assert PublicKey.from_pem(KEY.public.pem()) == KEY.public
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    for pem in (b"", b"nonsense", other.public_bytes(serialization.Encoding.PEM, spki)):
        with pytest.raises(BadKey):
            PublicKey.from_pem(pem)


def test_neither_text_nor_attributes_give_the_secret_away():
    secret = KEY._loaded.private_numbers().private_value
    assert str(secret) not in repr(KEY) and f"{secret:x}" not in repr(KEY)
    assert KEY.public.did in repr(KEY)
