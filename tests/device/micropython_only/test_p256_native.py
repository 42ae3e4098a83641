"""The native engine at its edges: exceptional cases, faults, coupons, known keys. The reference is `schoolbook`.

On x64 this is the engine `viper`; tests/pico runs the same file on an emulated Pico, on `asm_thumb` and on `viper`.
"""

import os

from check import raises
from schoolbook import encode, multiple, plus, to32
from seal import p256
from seal.compat import crc32, sha256
from seal.errors import Fault
from seal.p256 import comb_table, limbs, points
from seal.p256.coupon import Coupons
from seal.p256.curve import GX, GY, N, P

NATIVE = p256.native()
POINTS = NATIVE.points
SECRET = sha256(b"any secret")
DIGEST = sha256(b"any message")
FORM = pow(1 << 256, P - 2, P)  # out of Montgomery form


def _put(slot, number):
    at = 32 * (ord(slot) & 31)
    POINTS.f[at : at + 32] = number.to_bytes(32, "little")


def _get(slot):
    at = 32 * (ord(slot) & 31)
    return int.from_bytes(POINTS.f[at : at + 32], "little")


def _affine(*slots):
    x, y, z = [_get(slot) * FORM % P for slot in slots]
    if not z:
        return None
    inverse = pow(z, P - 2, P)
    return x * inverse * inverse % P, y * inverse * inverse * inverse % P


def _numbers(modulus):
    yield from (
        0,
        1,
        2,
        modulus - 1,
        modulus - 2,
        modulus // 2,
        1 << 255,
        (1 << 224) - 1,
        (1 << 96) - 1,
        0xFFFF,
        1 << 128,
    )
    for i in range(12):
        yield int.from_bytes(sha256(bytes((i,))), "big") % modulus


def test_the_engine_is_native():
    assert p256.fixed_time and p256.engine in ("viper", "asm_thumb")


def test_field():
    values = list(_numbers(P))
    for a in values:
        for b in values[::3] + [a]:
            _put("A", a)
            _put("B", b)
            POINTS.do(b"C=A*B D=A+B E=A-B F=A*A A=A+A \0")
            got = [_get(slot) for slot in "CDEFA"]
            assert got == [a * b * FORM % P, (a + b) % P, (a - b) % P, a * a * FORM % P, 2 * a % P], (a, b)


def test_order():
    values, form = list(_numbers(N)), pow(1 << 256, N - 2, N)
    for a in values + [N, N + 1, (1 << 256) - 1]:
        for b in values[::3]:
            _put("A", a)
            _put("B", b)
            POINTS.order(b"C=A*B D=A+B E=A-B F=B*A G=A*A \0")
            assert _get("C") == _get("F") == a * b * form % N, (a, b)
            assert _get("D") == (a + b) % N or a >= N and b, (a, b)
            assert _get("E") == (a - b) % N or a >= N, (a, b)
            assert _get("G") == a * a * form % N or a >= N, a
    POINTS._blinded = False


def test_inverses():
    for modulus, invert in ((P, points.FIELD.invert), (N, points.ORDER.invert)):
        for a in _numbers(modulus):
            _put("A", a)
            invert(POINTS.f, 1)
            assert _get("A") == pow(a, modulus - 2, modulus), (modulus, a)


def _entry(point):
    return b"".join([(v * (1 << 256) % P).to_bytes(32, "little") for v in point])


def test_addition_is_complete():
    g, table = (GX, GY), _entry((GX, GY)) + _entry(multiple(3))
    for careful in (False, True):
        POINTS.careful = careful
        POINTS.infinite = True
        POINTS.double()
        assert POINTS.infinite
        POINTS.add_entry(table, 0, False)
        assert _affine("X", "Y", "Z") == g
        POINTS.add_entry(table, 0, False)  # equal points
        assert _affine("X", "Y", "Z") == (multiple(2) if careful else None)
        POINTS.add_entry(table, 0, False)
        POINTS.add_entry(table, 1, True)  # opposite points
        assert _affine("X", "Y", "Z") is None or POINTS.infinite
        assert POINTS.infinite is careful
        POINTS.add_entry(table, 1, True)
        if careful:
            assert _affine("X", "Y", "Z") == multiple(-3)
            POINTS.add_entry(table, 1, True)
            assert _affine("X", "Y", "Z") == multiple(-6)
        else:
            assert limbs.is_zero(POINTS.f, 26), "infinity is not left without care"


def test_verify_meets_equal_and_opposite_points():
    # Q = d G for small d makes terms of u1 G + u2 Q meet one another; each key once as a stranger, then known
    for d in (1, -1, 2, -2, 15, 1 << 22, -(1 << 44)):
        public = encode(multiple(d % N))
        for u1 in (0, 1, 16, 31, -30, -1):
            for u2 in (1, 2, 31, -2):
                point = multiple((u1 + u2 * d) % N) if (u1 + u2 * d) % N else None
                r = point[0] % N if point else 12345
                s = r * pow(u2 % N, N - 2, N) % N
                digest = to32(u1 * s % N)
                assert NATIVE.verify(public, digest, to32(r) + to32(s)) is (point is not None), (d, u1, u2)


def test_secret_multiplication_begins_again_after_an_exceptional_case():
    # k - b = 0; and (k - b) G = +-B, where the last addition doubles or cancels
    for b, k in ((7, 7), (7, 14), (9, 18)):
        POINTS.blind(lambda size, b=b: b"\0" * size)
        blind = _get("G")
        wanted = {7: blind, 14: 2 * blind, 18: 2 * blind}[k]
        _put("[", wanted % N)
        assert POINTS.multiply_base(27, None) is False, (b, k)
        assert NATIVE.public_key(to32(wanted % N)) == encode(multiple(wanted % N))


def test_base_multiples_under_many_blindings():
    for k in (1, 2, 3, N - 1, N - 2, N // 2, 1 << 255, 12345):
        for _ in range(2):
            POINTS._blinded = False
            assert NATIVE.public_key(to32(k)) == encode(multiple(k)), k


def test_a_known_key_gives_the_same_verdicts():
    public = encode(multiple(0xABCDEF))
    signature = p256.sign(to32(0xABCDEF), DIGEST)
    NATIVE.known._combs.clear()
    NATIVE.known._latest.clear()
    for known in (False, True, True):
        assert NATIVE.verify(public, DIGEST, signature)
        assert any(key == public for key, _ in NATIVE.known._combs) is known
        assert not NATIVE.verify(public, SECRET, signature)
        NATIVE.known._latest[:] = [public] if not known else []
    table = NATIVE.known.table(public)
    expected = _combs_of(0xABCDEF, (0, 5, 31))
    for index, point in expected:
        assert bytes(table[64 * index : 64 * index + 64]) == _entry(point), index


def _combs_of(secret, entries):
    for u in range(2):
        for entry in entries:
            total = 1 << 22 * (10 + u)
            for tooth in range(5):
                total += (1 if entry >> tooth & 1 else -1) << 22 * (2 * tooth + u)
            yield 32 * u + entry, multiple(total * secret % N)


def test_known_keys_are_few():
    NATIVE.known._combs.clear()
    for k in range(1, 5):
        NATIVE.learn(p256.public_key(to32(k)))
    assert len(NATIVE.known._combs) == 2 and len(NATIVE.known._latest) <= 4


def test_a_fault_in_the_table_releases_no_signature():
    public = p256.public_key(SECRET)
    good, stopped = points.POINTS, 0
    NATIVE.learn(public)
    try:
        for entry in range(0, 64, 5):
            at = 64 * entry + 37 * entry % 64
            points.POINTS = good[:at] + bytes((good[at] ^ 4,)) + good[at + 1 :]
            try:
                signature = p256.sign(SECRET, DIGEST, b"", public)
            except Fault:
                stopped += 1
            else:
                points.POINTS = good
                assert p256.verify(public, DIGEST, signature)
    finally:
        points.POINTS = good
        POINTS._blinded = False
    assert stopped, "no fault was met"
    assert good is comb_table.POINTS and p256.verify(public, DIGEST, p256.sign(SECRET, DIGEST, b"", public))


def test_a_fault_in_nonce_or_result_releases_no_signature():
    public, real = p256.public_key(SECRET), NATIVE.prepare
    for slot in (18, 19, 20, 21):  # r, the nonce, r and 1 / nonce in Montgomery form

        def flipped(nonce, slot=slot):
            real(nonce)
            POINTS.f[32 * slot + 9] ^= 16

        try:
            NATIVE.prepare = flipped
            raises(Fault, p256.sign, SECRET, DIGEST, b"", public)
        finally:
            NATIVE.prepare = real
    blind = 32 * 7 + 3
    POINTS.f[blind] ^= 1  # the scalar of the blinding, but not its point
    raises(Fault, p256.sign, SECRET, DIGEST, b"", public)
    POINTS._blinded = False
    assert p256.sign(SECRET, DIGEST, b"", public)


def test_coupons():
    public, coupons = p256.public_key(SECRET), Coupons(p256, 2)
    assert coupons.sign(SECRET, DIGEST) is None
    assert coupons.prepare(os.urandom) and coupons.prepare(os.urandom) and not coupons.prepare(os.urandom)
    held = [coupon for coupon, _ in coupons._kept]
    first, second = coupons.sign(SECRET, DIGEST), coupons.sign(SECRET, DIGEST)
    assert first[:32] != second[:32], "a nonce was used twice"
    assert [bytes(coupon) for coupon in held] == [bytes(128)] * 2 and coupons.sign(SECRET, DIGEST) is None
    assert not any(POINTS.f[32 * slot + i] for slot in (4, 5, 6, 19, 20) for i in range(32)), "secrets stay in slots"
    assert p256.verify(public, DIGEST, first) and p256.verify(public, DIGEST, second)


def test_a_damaged_coupon_gives_nothing():
    coupons = Coupons(p256)
    for at in (0, 40, 70, 127):
        coupons.prepare(os.urandom)
        coupons._kept[0][0][at] ^= 8
        raises(Fault, coupons.sign, SECRET, DIGEST)
        assert not len(coupons)
    for slot in (32, 96):  # damaged before it was summed up: the last product finds it
        coupons.prepare(os.urandom)
        coupon, _ = coupons._kept.pop()
        coupon[slot] ^= 1
        coupons._kept.append((coupon, crc32(coupon)))
        raises(Fault, coupons.sign, SECRET, DIGEST)


def test_no_coupon_is_made_of_two_minds():
    real = NATIVE.prepare
    for slot in (18, 20):  # r in its two forms, in one attempt of two
        calls = []

        def flipped(nonce, slot=slot, calls=calls):
            real(nonce)
            calls.append(slot)
            POINTS.f[32 * slot + 9] ^= 16 if len(calls) == 2 - (slot == 18) else 0

        try:
            NATIVE.prepare = flipped
            raises(Fault, Coupons(p256).prepare, os.urandom)
        finally:
            NATIVE.prepare = real


def test_field_code_allocates_nothing():
    import micropython

    digits, f = bytearray(44), POINTS.f
    scan, program = POINTS._scan, b"A=B*C A=A-B A=B+C \0"
    micropython.heap_lock()
    try:
        POINTS.do(points.DOUBLE)
        POINTS.do(points.ADD)
        POINTS.order(program)
        scan(f, points.POINTS, digits, 3)
        limbs.move(f, f, 1, 2)
        limbs.recode(digits, f)
        points.FIELD.invert(f, 1)
        points.ORDER.invert(f, 1)
        POINTS._comb()
    finally:
        micropython.heap_unlock()


def test_points_of_one_coordinate_are_opposite():
    assert plus((GX, GY), (GX, P - GY)) is None  # the reference itself
