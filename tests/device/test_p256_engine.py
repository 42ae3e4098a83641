"""The engines' arithmetic at its edges, the choice of one, and that a fault in one releases nothing.

The reference is `schoolbook`: affine addition, one bit at a time.
"""

import sys

from check import raises
from schoolbook import encode, multiple, plus, to32
from seal import p256
from seal.compat import sha256
from seal.errors import BadKey, Fault
from seal.p256 import nonce, plain
from seal.p256.curve import GX, GY, N, P

SECRET = sha256(b"any secret")
PUBLIC = encode(multiple(int.from_bytes(SECRET, "big")))
DIGEST = sha256(b"any message")


def _affine(x, y, z):
    if not z:
        return None
    inverse = pow(z, P - 2, P)
    return x * inverse * inverse % P, y * inverse * inverse * inverse % P


def test_base_multiples_at_edges():
    for small in range(1, 20):
        assert p256.public_key(to32(small)) == encode(multiple(small)), small
        assert p256.public_key(to32(N - small)) == encode(multiple(-small)), small
    span = plain.SPACING * plain.TABLES
    scalars = [N // 2, N // 2 + 1]
    for bit in (plain.SPACING, span, 5 * span, 255):
        scalars += [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]
    for scalar in scalars:
        assert p256.public_key(to32(scalar)) == encode(multiple(scalar)), scalar


def test_addition_is_complete():
    g = (GX, GY)
    for z in (1, 2, P - 1, 0x1234567 << 200):
        zz = z * z % P
        jacobian = (GX * zz % P, GY * zz * z % P, z)
        assert _affine(*plain._add(*jacobian, GX, GY)) == multiple(2)
        assert _affine(*plain._double(*jacobian)) == multiple(2)
        assert _affine(*plain._add(*jacobian, GX, P - GY)) is None
        three = multiple(3)
        assert _affine(*plain._add(*jacobian, *three)) == multiple(4)
    for infinity in ((1, 1, 0), (0, 1, 0), (GX, GY, 0)):
        assert _affine(*plain._add(*infinity, GX, GY)) == g
        assert _affine(*plain._double(*infinity)) is None


def test_joint_multiplication_where_points_are_equal_or_opposite():
    # Q = d G: u1 G + u2 Q = (u1 + u2 d) G, for equal and opposite terms, sums of 0, and halves of one another
    for d in (1, -1, 2, 15):
        multiples = plain._odd_multiples(*multiple(d))
        for u1 in (0, 1, 2, 15, 16, 17, 31, 32, -1, -2, -30):
            for u2 in (0, 1, 2, 16, 31, -1, -2):
                point = _affine(*plain._joint(u1 % N, u2 % N, multiples))
                assert point == multiple(u1 + u2 * d), (u1, u2, d)


def test_odd_multiples():
    for d in (1, 3, N - 1, int.from_bytes(SECRET, "big")):
        assert plain._odd_multiples(*multiple(d)) == [multiple(i * d % N) for i in range(1, 16, 2)]


def test_verify_is_false_when_sum_is_infinity():
    # Q = -G and u1 = u2: u1 G + u2 Q is infinity
    r, s = 12345, 67890
    for digest in (to32(r), to32(N + r)):
        assert p256.verify(encode((GX, P - GY)), digest, to32(r) + to32(s)) is False
        assert p256.verify(encode((GX, GY)), to32(N - r), to32(r) + to32(s)) is False  # Q = G and u1 = -u2


def test_verify_where_x_is_above_order():
    # x = N + 1 .. is below P: find a point there, make it R, and let r be x - N. For u1 = u2 = 1, Q is R - G.
    for r in range(1, 50):
        try:
            big_r = p256.decompress(b"\x02" + to32(N + r))
        except BadKey:
            continue
        x, y = [int.from_bytes(half, "big") for half in (big_r[:32], big_r[32:])]
        q = plus((x, y), (GX, P - GY))
        # u2 = r / s = 1: s = r; u1 = e / s = 1: e = r
        assert p256.verify(encode(q), to32(r), to32(r) + to32(r)) is True
        assert p256.verify(encode(q), to32(r), to32(r + 1) + to32(r + 1)) is False
        # the same numbers, not reduced
        assert p256.verify(encode(q), to32(r), to32(N + r) + to32(r)) is False
        assert p256.verify(encode(q), to32(r), to32(r) + to32(N + r)) is False
        return
    raise AssertionError("no point with x in N+1..N+49")


def test_r_plus_n_counts_only_below_p():
    # R = G + Q has x = 5, and r = P - N + 5: r + N is x mod P, but r is not x mod N
    big_r = p256.decompress(b"\x02" + to32(5))
    x, y = [int.from_bytes(half, "big") for half in (big_r[:32], big_r[32:])]
    q, r = plus((x, y), (GX, P - GY)), P - N + 5
    assert p256.verify(encode(q), to32(r), to32(r) + to32(r)) is False
    assert p256.verify(encode(q), to32(5), to32(5) + to32(5)) is True


def test_fault_in_table_releases_no_signature():
    good, engine = plain.POINTS, p256._engine
    signature = p256.sign(SECRET, DIGEST)
    stopped = 0
    try:
        p256._engine = plain
        for entry in range(len(good) // 64):
            at = 64 * entry + 37 * entry % 64
            plain.POINTS = good[:at] + bytes((good[at] ^ 4,)) + good[at + 1 :]
            # a table entry that neither product uses does no harm
            for known in ((), (b"", PUBLIC)):
                try:
                    assert p256.sign(SECRET, DIGEST, *known) == signature
                except Fault:
                    stopped += 1
    finally:
        plain.POINTS, p256._engine = good, engine
    assert stopped > 32, stopped
    assert p256.sign(SECRET, DIGEST) == signature


class _Engine:
    """An engine with one function replaced."""

    def __init__(self, name, function):
        self.public_key = plain.public_key
        self.sign_with = plain.sign_with
        self.verify = plain.verify
        self.learn = plain.learn
        self.forget = plain.forget
        setattr(self, name, function)


def _flipped(data):
    return bytes((data[0] ^ 1,)) + data[1:]


def _uncallable(*_):
    raise TypeError("inline assembler for another chip")


def test_verify_after_sign_stops_faulty_engine():
    good = p256._engine
    try:
        p256._engine = _Engine("sign_with", lambda d, e, k: _flipped(plain.sign_with(d, e, k)))
        raises(Fault, p256.sign, SECRET, DIGEST)
        p256._engine = _Engine("sign_with", lambda d, e, k: plain.sign_with(d, e, k)[:63])
        raises(Fault, p256.sign, SECRET, DIGEST)
        p256._engine = _Engine("public_key", lambda d: _flipped(plain.public_key(d)))
        raises(Fault, p256.sign, SECRET, DIGEST)
        raises(BadKey, p256.sign, SECRET, DIGEST, b"", _flipped(PUBLIC))  # the caller's, not a fault
    finally:
        p256._engine = good


def test_next_nonce_when_one_gives_zero():
    good, seen = p256._engine, []

    def refuse_first(secret, digest, k):
        seen.append(k)
        return None if len(seen) == 1 else plain.sign_with(secret, digest, k)

    try:
        p256._engine = _Engine("sign_with", refuse_first)
        signature = p256.sign(SECRET, DIGEST)
    finally:
        p256._engine = good
    draws = nonce.candidates(SECRET, DIGEST)
    assert seen == [next(draws), next(draws)] and seen[0] != seen[1]
    assert p256.verify(PUBLIC, DIGEST, signature)


def test_sign_with_gives_none_for_s_of_zero():
    # s = (e + r d) / k = 0 for e = -r d: with k = 1, r is GX
    assert plain.sign_with(to32(5), to32(-GX * 5 % N), to32(1)) is None
    assert plain.sign_with(to32(5), to32(-GX * 5 % N + 1), to32(1)) is not None


def test_engine_is_chosen_by_trying():
    assert p256.engine in p256.ENGINES
    broken = {
        "wrongkey": _Engine("public_key", lambda d: _flipped(plain.public_key(d))),
        "uncallable": _Engine("public_key", _uncallable),
        "empty": object(),
    }
    for name, module in broken.items():
        sys.modules["seal.p256." + name] = module
    try:
        for name in broken:
            raises(Fault, p256.choose, (name,))
            assert p256.choose((name, "plain")) == ("plain", plain)
    finally:
        for name in broken:
            del sys.modules["seal.p256." + name]
    raises(Fault, p256.choose, ("absent",))
    assert p256.choose(("absent", "plain"))[0] == "plain"


def test_cached_tables_change_no_verdict():
    keys = [to32(i) for i in range(2, 8)]
    signatures = [p256.sign(key, DIGEST) for key in keys]
    publics = [p256.public_key(key) for key in keys]
    for _ in range(2):
        for i in range(len(keys)):
            for j in range(len(keys)):
                assert p256.verify(publics[i], DIGEST, signatures[j]) is (i == j)
    if p256.engine == "plain":
        assert len(plain._kept) <= plain._KEPT
