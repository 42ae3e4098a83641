"""The native engine at its edges: arithmetic, exceptional cases, known keys. The reference is `schoolbook`."""

from schoolbook import encode, multiple, plus, to32
from seal import p256
from seal.compat import sha256
from seal.p256 import fermat, limbs, points
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


def test_engine_is_native():
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
    moduli = [(P, points.FIELD.invert), (N, points.ORDER.invert)]
    for modulus, invert in moduli + [(m, fermat.Modulus(m).invert) for m in (P, N)]:
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


def test_secret_multiplication_restarts_after_exceptional_case():
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


def test_known_key_gives_same_verdicts():
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


def test_known_keys_are_limited():
    NATIVE.known._combs.clear()
    for k in range(1, 5):
        NATIVE.learn(p256.public_key(to32(k)))
    assert len(NATIVE.known._combs) == 2 and len(NATIVE.known._latest) <= 4


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
