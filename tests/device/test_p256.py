"""P-256: published values and refusals, whichever the engine.

The arithmetic at its edges is in test_p256_engine.py; large vector files and other people's
implementations are in tests/vectors/test_p256_vectors.py.
"""

from check import raises
from schoolbook import to32
from seal import p256
from seal.compat import sha256
from seal.errors import BadKey, EntropyFailed, Fault, Malformed
from seal.p256 import nonce
from seal.p256.curve import N, P

# RFC 6979 section A.2.5, P-256 with SHA-256
SECRET = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
PUBLIC = (
    0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6,
    0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299,
)
SAMPLE = (  # message, k, r, s
    b"sample",
    0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60,
    0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
    0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
)
TEST = (
    b"test",
    0xD16B6AE827F17175E040871A1C7EC3500192C4C92677336EC2537ACAEE0008E0,
    0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
    0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
)


def _point(x, y):
    return to32(x) + to32(y)


PUBLIC_BYTES = _point(*PUBLIC)


def test_rfc6979_public_key():
    assert p256.public_key(to32(SECRET)) == PUBLIC_BYTES


def test_rfc6979_nonce_and_signature():
    for message, k, r, s in (SAMPLE, TEST):
        digest = sha256(message)
        assert next(nonce.candidates(to32(SECRET), digest)) == to32(k)
        assert p256.sign(to32(SECRET), digest) == to32(r) + to32(s)
        assert p256.verify(PUBLIC_BYTES, digest, to32(r) + to32(s)) is True


def test_digest_above_order_is_reduced_for_nonce():
    above, below = to32(N + 7), to32(7)
    assert next(nonce.candidates(to32(SECRET), above)) == next(nonce.candidates(to32(SECRET), below))


class _Draws:
    """In place of the generator: nonces that RFC 6979 has to pass over, and one that it takes."""

    def __init__(self, seed):
        self._left = [bytes(32), to32(N), b"\xff" * 32, to32(N - 1)]

    def block(self):
        return self._left[0]

    def update(self):
        self._left.pop(0)


def test_nonces_out_of_range_are_skipped():
    good = nonce.HmacDrbg
    try:
        nonce.HmacDrbg = _Draws
        assert next(nonce.candidates(to32(SECRET), bytes(32))) == to32(N - 1)
    finally:
        nonce.HmacDrbg = good


def test_nonce_candidates_differ_and_are_in_range():
    draws = nonce.candidates(to32(SECRET), sha256(b"sample"))
    first = [next(draws) for _ in range(5)]
    assert len(set(first)) == 5
    assert all(0 < int.from_bytes(k, "big") < N for k in first)


def test_added_entropy_changes_signature_and_it_still_verifies():
    digest = sha256(b"sample")
    plain_signature = p256.sign(to32(SECRET), digest)
    one = p256.sign(to32(SECRET), digest, b"one")
    two = p256.sign(to32(SECRET), digest, b"two")
    assert len({plain_signature, one, two}) == 3
    assert len({plain_signature[:32], one[:32], two[:32]}) == 3, "the nonce must differ, not s alone"
    assert p256.sign(to32(SECRET), digest, b"one") == one
    for signature in (one, two):
        assert p256.verify(PUBLIC_BYTES, digest, signature)


def test_verify_is_false_for_what_is_out_of_range_or_altered():
    digest, r, s = sha256(b"sample"), SAMPLE[2], SAMPLE[3]
    key = PUBLIC_BYTES
    assert p256.verify(key, digest, to32(r) + to32(N - s)) is True, "FIPS 186-5 takes both s and n - s"
    for bad_r, bad_s in ((0, s), (r, 0), (0, 0), (N, s), (r, N), (r, (1 << 256) - 1), ((1 << 256) - 1, s)):
        assert p256.verify(key, digest, to32(bad_r) + to32(bad_s)) is False
    for bad_r, bad_s in ((r, s ^ 1), (r ^ 1, s), (s, r), (N - r, s), (1, 1), (P - N, s)):
        assert p256.verify(key, digest, to32(bad_r) + to32(bad_s)) is False
    assert p256.verify(key, sha256(b"samplf"), to32(r) + to32(s)) is False
    assert p256.verify(_point(PUBLIC[0], P - PUBLIC[1]), digest, to32(r) + to32(s)) is False


def test_digest_at_or_above_order():
    for digest in (to32(0), to32(N - 1), to32(N), to32(N + 1), b"\xff" * 32):
        signature = p256.sign(to32(SECRET), digest)
        assert p256.verify(PUBLIC_BYTES, digest, signature)


def test_bad_keys_are_refused():
    x, y = PUBLIC
    bad = (
        b"",
        _point(x, y)[:63],
        _point(x, y) + b"\x00",
        b"\x04" + _point(x, y),
        bytes(64),
        _point(x, y ^ 1),
        _point(x, 0),
        _point(P, y),
        to32(x) + to32(P),
        to32((1 << 256) - 1) * 2,
        None,
        "x" * 64,
    )
    for key in bad:
        raises(BadKey, p256.check_public, key)
        raises(BadKey, p256.verify, key, bytes(32), bytes(64))
    assert p256.check_public(_point(x, y)) is None
    assert p256.check_public(bytearray(_point(x, y))) is None


def test_coordinates_that_are_not_reduced_are_refused():
    # 5 is the x of a point, and so would be P + 5 if it were reduced
    point = p256.decompress(b"\x02" + to32(5))
    raises(BadKey, p256.check_public, to32(P + 5) + point[32:])
    raises(BadKey, p256.decompress, b"\x02" + to32(P + 5))
    x = 0xD7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7  # where y is 5
    p256.check_public(_point(x, 5))
    raises(BadKey, p256.check_public, _point(x, P + 5))


def test_bad_secrets_are_refused():
    for secret in (
        b"",
        bytes(32),
        to32(N),
        to32(N + 1),
        b"\xff" * 32,
        to32(1)[:31],
        to32(1) + b"\x00",
        1,
        None,
    ):
        raises(BadKey, p256.public_key, secret)
        raises(BadKey, p256.sign, secret, bytes(32))


def test_wrong_lengths_are_malformed():
    key, signature = PUBLIC_BYTES, to32(SAMPLE[2]) + to32(SAMPLE[3])
    for digest in (b"", bytes(31), bytes(33), None, "x" * 32):
        raises(Malformed, p256.sign, to32(SECRET), digest)
        raises(Malformed, p256.verify, key, digest, signature)
    for bad in (b"", signature[:63], signature + b"\x00", None):
        raises(Malformed, p256.verify, key, bytes(32), bad)


def test_bytearrays_serve_as_bytes():
    digest = sha256(b"sample")
    signature = p256.sign(bytearray(to32(SECRET)), bytearray(digest))
    assert signature == to32(SAMPLE[2]) + to32(SAMPLE[3])
    assert p256.verify(bytearray(PUBLIC_BYTES), bytearray(digest), bytearray(signature))


def test_compressed_points():
    for scalar in (1, 2, 3, 4, 5, N - 1, N - 2, SECRET):
        public = p256.public_key(to32(scalar))
        short = p256.compress(public)
        assert len(short) == 33 and short[0] in (2, 3) and short[1:] == public[:32]
        assert short[0] & 1 == public[63] & 1
        assert p256.decompress(short) == public
        flipped = bytes((short[0] ^ 1,)) + short[1:]
        assert p256.decompress(flipped) == public[:32] + to32(P - int.from_bytes(public[32:], "big"))
    good = p256.compress(PUBLIC_BYTES)
    for bad in (
        b"",
        good[:32],
        good + b"\x00",
        b"\x04" + good[1:],
        good[1:] + b"\x02",
        b"\x02" + to32(1),
        None,
    ):
        raises(BadKey, p256.decompress, bad)
    raises(BadKey, p256.compress, _point(PUBLIC[0], PUBLIC[1] ^ 1))


def test_secret_from_rejects_what_is_out_of_range():
    draws = [to32(0), to32(N), b"\xff" * 32, b"short", to32(N - 1), to32(7)]
    assert p256.secret_from(lambda n: draws.pop(0)) == to32(N - 1)
    assert draws == [to32(7)]
    asked = []

    def stuck(n):
        asked.append(n)
        return bytes(n)

    raises(EntropyFailed, p256.secret_from, stuck)
    assert asked == [32] * 64
    raises(EntropyFailed, p256.secret_from, lambda n: b"\xff" * n)


def test_no_signature_under_another_public_key():
    other = p256.public_key(to32(2))
    raises(Fault, p256.sign, to32(SECRET), sha256(b"sample"), b"", other)
    assert p256.sign(to32(SECRET), sha256(b"sample"), b"", PUBLIC_BYTES) == to32(SAMPLE[2]) + to32(SAMPLE[3])
