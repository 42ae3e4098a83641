"""Faults on the native engine: a bit flipped in the table, in what a nonce gave, or in the result. Nothing leaves then.

On x64 the engine is `viper`; tests/pico does one of each kind on `asm_thumb`, in an emulated Pico.
"""

import sys

from check import raises
from keystore import software
from seal import p256
from seal.compat import sha256
from seal.errors import Fault
from seal.p256 import points

NATIVE = p256.native()
POINTS = NATIVE.points
SECRET = sha256(b"any secret")
DIGEST = sha256(b"any message")


class Flash:
    """A store that holds one key."""

    def __init__(self, public):
        self._record = software._pack(0, SECRET, public)

    def read(self, name):
        return self._record


def _flipped(method, slot, bit):
    """A method of the engine after which one bit of a slot is another."""

    def call(*arguments):
        result = method(*arguments)
        POINTS.f[32 * slot + bit // 8] ^= 1 << bit % 8
        return result

    return call


def _use_table(table):
    """One table, for signing and for verification."""
    points.POINTS = sys.modules["seal.p256.native"].POINTS = table
    POINTS._blinded = False


def _stopped(public):
    """Three times the keystore reports a fault and gives nothing, and then nothing at all."""
    keys = software.SoftwareKeyStore(Flash(public))
    for _ in range(software.FAULTS):
        raises(Fault, keys.sign, 0, DIGEST)
    return keys


def test_flipped_bit_of_table():
    public = p256.public_key(SECRET)
    good, stopped, bad = points.POINTS, 0, bytearray(points.POINTS)
    NATIVE.learn(public)
    _use_table(bad)
    try:
        for entry in range(0, 64, 9):
            at = 64 * entry + 37 * entry % 64
            bad[at] ^= 4
            try:
                signature = p256.sign(SECRET, DIGEST, b"", public)
            except Fault:
                stopped += 1
            else:
                bad[at] ^= 4
                assert p256.verify(public, DIGEST, signature)
                bad[at] ^= 4
            bad[at] ^= 4
    finally:
        _use_table(good)
    assert stopped, "no fault was met"
    assert p256.verify(public, DIGEST, p256.sign(SECRET, DIGEST, b"", public))


def test_flipped_bit_of_table_stops_device():
    public, good = p256.public_key(SECRET), points.POINTS
    try:
        _use_table(bytes([byte ^ 1 for byte in good]))
        keys = _stopped(public)
    finally:
        _use_table(good)
    assert "looked at" in str(raises(Fault, keys.sign, 0, DIGEST))


def test_flipped_bit_of_nonce_point():
    public, real = p256.public_key(SECRET), NATIVE.prepare
    for slot in (18, 19, 20, 21):  # r; the nonce, r and 1 / nonce in Montgomery form
        try:
            NATIVE.prepare = _flipped(real, slot, 76)
            keys = _stopped(public)
        finally:
            NATIVE.prepare = real
        assert "looked at" in str(raises(Fault, keys.sign, 0, DIGEST)), slot


def test_flipped_bit_of_result():
    public, real = p256.public_key(SECRET), NATIVE._finish
    for slot, bit in ((21, 0), (21, 255), (18, 100)):  # s and r, after the engine's own check
        try:
            NATIVE._finish = _flipped(real, slot, bit)
            keys = _stopped(public)
        finally:
            NATIVE._finish = real
        assert "looked at" in str(raises(Fault, keys.sign, 0, DIGEST)), slot


def test_flipped_bit_of_blinding():
    public = p256.public_key(SECRET)
    POINTS.f[32 * 7 + 3] ^= 1  # its scalar, but not its point
    raises(Fault, p256.sign, SECRET, DIGEST, b"", public)
    POINTS._blinded = False
    assert p256.sign(SECRET, DIGEST, b"", public)
