"""Coupons on the native engine: used once, wiped as they are taken, never of two minds; made while a device is idle."""

import asyncio
import os

import rig
from check import raises
from keystore.software import SoftwareKeyStore
from seal import app, p256
from seal.compat import crc32, sha256
from seal.errors import Fault
from seal.p256.coupon import Coupons

NATIVE = p256.native()
POINTS = NATIVE.points
SECRET = sha256(b"any secret")
DIGEST = sha256(b"any message")


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


def test_damaged_coupon_releases_no_signature():
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


def test_contradicting_attempts_make_no_coupon():
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


async def _idle(device):
    task = asyncio.create_task(app.prepare_signatures(device, 0.01))
    await asyncio.sleep(0.3)
    task.cancel()


def test_idle_board_prepares_coupons():
    issuer = rig.Issuer()
    device = rig.provisioned(issuer)
    coupons = Coupons(p256, 2)
    device.board.keystore = keys = SoftwareKeyStore(device.board.store, coupons=coupons)
    asyncio.run(_idle(device))
    assert len(coupons) == 2
    assert p256.verify(device.public, DIGEST, keys.sign(0, DIGEST)) and len(coupons) == 1
    keys.sign(0, DIGEST)
    assert p256.verify(device.public, DIGEST, keys.sign(0, DIGEST)), "without a coupon it only takes longer"


def test_other_boards_have_no_coupons():
    device = rig.provisioned(rig.Issuer())
    device.board.keystore = SoftwareKeyStore(device.board.store)
    asyncio.run(_idle(device))
    assert device.board.keystore._coupons is None and device.board.keystore.sign(0, DIGEST)


def test_device_without_identity_prepares_nothing():
    device = rig.Device(rig.Board())
    device.load()
    coupons = Coupons(p256)
    device.board.keystore = SoftwareKeyStore(device.board.store, coupons=coupons)
    asyncio.run(_idle(device))
    assert not len(coupons)
