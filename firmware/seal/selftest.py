"""A device's test of its own parts, and the speed of its curve. Loaded when it is asked for, to spare the heap."""

from . import p256
from .compat import ticks_diff, ticks_us
from .device import PROVISIONED
from .errors import SealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Generator
    from .device import Device
    from .ports import Item, Store


def run(device: "Device", writes: bool) -> "Generator[None, None, dict[str, Item]]":
    """{part: true or error code}, in steps. writes: also on a provisioned device, the flash is tried by a write. Else a
    provisioned device's flash is only read: anyone may ask, and every write wears it."""
    is_read = device.state == PROVISIONED and not writes
    parts = {"curve": _outcome(_sign)}
    yield
    if parts["curve"] is True:
        parts["curve"] = _outcome(_verify)
    yield
    parts["entropy"] = _outcome(lambda: device.pool.random(32))
    parts["store"] = _outcome(device.journal.check if is_read else lambda: _write_and_read(device.board.store))
    parts["state"] = device.fault.code if device.fault else True
    keystore = device.board.keystore
    if hasattr(keystore, "check"):
        parts["element"] = _outcome(keystore.check)
    for sensor in device.board.sensors:
        name, number = "sensor " + sensor.model, 1
        while name in parts:  # two sensors of a model get two names
            number += 1
            name = "sensor %s %d" % (sensor.model, number)
        yield
        parts[name] = _outcome(sensor.read)
    return parts


def bench(device: "Device", count: int, feed: "Callable[[], object]") -> "Generator[None, None, list[int]]":
    """[sign microseconds, verify microseconds] for one operation each, the mean of `count`, with a throw-away key, in
    steps of one operation. feed: called before each."""
    secret = p256.secret_from(device.pool.random)
    public, digest = p256.public_key(secret), bytes(32)
    signing = verifying = 0
    for _ in range(count):
        feed()
        start = ticks_us()
        signature = p256.sign(secret, digest)
        signing += ticks_diff(ticks_us(), start)
        yield
    for _ in range(count):
        feed()
        start = ticks_us()
        p256.verify(public, digest, signature)
        verifying += ticks_diff(ticks_us(), start)
        yield
    return [signing // count, verifying // count]


def _outcome(check: "Callable[[], object]") -> bool | int:
    try:
        check()
        return True
    except SealError as error:
        return error.code
    except OSError:
        return 0


# RFC 6979 A.2.5, "sample" with SHA-256: the key, its public half, the digest, r || s
_SECRET = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
_PUBLIC = (
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
_DIGEST = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"
_SIGNATURE = (
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
)


def _sign() -> None:
    if p256.sign(bytes.fromhex(_SECRET), bytes.fromhex(_DIGEST)) != bytes.fromhex(_SIGNATURE):
        raise SealError("the curve gives wrong results")


def _verify() -> None:
    if not p256.verify(bytes.fromhex(_PUBLIC), bytes.fromhex(_DIGEST), bytes.fromhex(_SIGNATURE)):
        raise SealError("the curve gives wrong results")


def _write_and_read(store: "Store") -> None:
    store.write("selftest", b"\x5a\xa5")
    data = store.read("selftest")
    store.remove("selftest")
    if data != b"\x5a\xa5":
        raise SealError("the store returns other data than written")
