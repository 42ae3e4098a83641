"""A device's test of its own parts, and the speed of its curve. Loaded when it is asked for, to spare the heap."""

from . import p256
from .compat import ticks_diff, ticks_ms
from .device import PROVISIONED
from .errors import SealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .device import Device
    from .ports import Item, Store


def run(device: "Device", writes: bool) -> "dict[str, Item]":
    """{part: true or error code}. writes: also on a provisioned device, the flash is tried by a write. Else a
    provisioned device's flash is only read: anyone may ask, and every write wears it."""
    is_read = device.state == PROVISIONED and not writes
    parts = {
        "curve": _outcome(_sign_and_verify),
        "entropy": _outcome(lambda: device.pool.random(32)),
        "store": _outcome(device.journal.check if is_read else lambda: _write_and_read(device.board.store)),
        "state": device.fault.code if device.fault else True,
    }
    keystore = device.board.keystore
    if hasattr(keystore, "check"):
        parts["element"] = _outcome(keystore.check)
    for sensor in device.board.sensors:
        name, number = "sensor " + sensor.model, 1
        while name in parts:  # two sensors of a model get two names
            number += 1
            name = "sensor %s %d" % (sensor.model, number)
        parts[name] = _outcome(sensor.read)
    return parts


def bench(device: "Device", count: int, feed: "Callable[[], object]") -> list[int]:
    """[sign microseconds, verify microseconds] for one operation each, the mean of `count`, with a throw-away key.
    feed: called before each."""
    secret = p256.secret_from(device.pool.random)
    public, digest = p256.public_key(secret), bytes(32)
    start = ticks_ms()
    for _ in range(count):
        feed()
        signature = p256.sign(secret, digest)
    middle = ticks_ms()
    for _ in range(count):
        feed()
        p256.verify(public, digest, signature)
    end = ticks_ms()
    return [ticks_diff(middle, start) * 1000 // count, ticks_diff(end, middle) * 1000 // count]


def _outcome(check: "Callable[[], object]") -> bool | int:
    try:
        check()
        return True
    except SealError as error:
        return error.code
    except OSError:
        return 0


def _sign_and_verify() -> None:
    # RFC 6979 A.2.5: the key, "sample" with SHA-256, and the first bytes of r
    secret = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    digest = bytes.fromhex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")
    signature = p256.sign(secret, digest)
    if signature[:4] != b"\xef\xd4\x8b\x2a" or not p256.verify(p256.public_key(secret), digest, signature):
        raise SealError("the curve gives wrong results")


def _write_and_read(store: "Store") -> None:
    store.write("selftest", b"\x5a\xa5")
    data = store.read("selftest")
    store.remove("selftest")
    if data != b"\x5a\xa5":
        raise SealError("the store returns other data than written")
