"""Differences between MicroPython and CPython, so that no other module tests for the interpreter."""

import binascii
import gc
import hashlib
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    ticks_ms = time.ticks_ms
    ticks_us = time.ticks_us
    ticks_add = time.ticks_add
    ticks_diff = time.ticks_diff
except AttributeError:  # CPython

    def ticks_ms() -> int:
        return int(time.monotonic() * 1000)  # type: ignore[attr-defined]

    def ticks_us() -> int:
        return int(time.monotonic() * 1000000)  # type: ignore[attr-defined]

    def ticks_add(ticks: int, delta: int) -> int:
        return ticks + delta

    def ticks_diff(end: int, start: int) -> int:
        return end - start


try:
    const = __import__("micropython").const
except ImportError:  # CPython

    def const(value: "Any") -> "Any":
        return value


def sha256(data: bytes) -> bytes:
    """SHA-256 of bytes-like `data`, 32 bytes."""
    return hashlib.sha256(data).digest()


def crc32(data: "bytes | bytearray | memoryview", start: int = 0) -> int:
    """CRC-32 (ISO-HDLC, as in zlib) of `data`, an unsigned int; start: that of the bytes before. MicroPython has it in
    binascii since 1.26."""
    return binascii.crc32(data, start) & 0xFFFFFFFF


def is_utf8(raw: bytes) -> bool:
    """Whether `raw` is UTF-8 (RFC 3629). MicroPython's own check accepts overlong forms."""
    if not raw or max(raw) < 0x80:
        return True
    at = 0
    while at < len(raw):
        lead = raw[at]
        at += 1
        if lead < 0x80:
            continue
        if 0xC2 <= lead <= 0xDF:
            continuation_count, minimum = 1, 0x80
        elif 0xE0 <= lead <= 0xEF:
            continuation_count, minimum = 2, 0x800
        elif 0xF0 <= lead <= 0xF4:
            continuation_count, minimum = 3, 0x10000
        else:
            return False
        point = lead & (0x3F >> continuation_count)
        for _ in range(continuation_count):
            if at >= len(raw) or raw[at] & 0xC0 != 0x80:
                return False
            point = point << 6 | raw[at] & 0x3F
            at += 1
        if point < minimum or 0xD800 <= point <= 0xDFFF or point > 0x10FFFF:
            return False
    return True


def hexlify(data: bytes) -> str:
    """Lower-case hexadecimal text of `data`."""
    return binascii.hexlify(data).decode()


_ARCHITECTURES = (
    "", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
    "rv32imc", "rv64imc",
)  # fmt: skip


def arch() -> str:
    """The native architecture of .mpy files here, as mpy-cross names it; "" on CPython."""
    return _ARCHITECTURES[getattr(sys.implementation, "_mpy", 0) >> 10 & 15]


def make_room() -> None:
    """Collect garbage. Call it before code is loaded late: its objects stay for good, and among garbage they would be
    strewn over the heap, which then has no piece of some KB left for a frame."""
    gc.collect()


def unload(name: str) -> None:
    """Give up the module `seal.NAME`: what nothing else refers to is garbage. Another import loads it again."""
    if sys.modules.pop("seal." + name, None):
        delattr(sys.modules["seal"], name)


def finish(result: "Any") -> "Any":
    """What a generator returns, run to its end without a pause; anything else as it is."""
    if not hasattr(result, "send"):
        return result
    try:
        while True:
            next(result)
    except StopIteration as end:
        return end.value


_SHORT = const(65536)  # bytes that are free after start: a Pico has 50 KB, an ESP32 more than 100
_garbage = 0  # bytes after which `tidy_heap` collects; 0 where it does nothing
_least_free = 0  # bytes; less is free once there is so much garbage
_reserve: "bytearray | None" = None  # one long piece of heap, see `spend_reserve`
_RESERVE_BYTES = const(4096)  # a reply of 2,000 bytes, as items and as a frame; also the most that `scratch` gives
_TRIES = const(4)  # a reserve is taken back after so many calls of `tidy_heap`: who was refused has tried again
_tries_left = 0


def settle_heap() -> None:
    """Call once after start: from now on `tidy_heap` collects, and there is a reserve. The code of parts that the board
    could have and does not have goes: nothing refers to it but the list of modules."""
    global _garbage, _reserve
    if hasattr(gc, "threshold"):
        for name in list(sys.modules):
            if name.partition(".")[0] in ("drivers", "wiring") or name == "keystore.finding":
                del sys.modules[name]
        gc.collect()
        _reserve = bytearray(_RESERVE_BYTES)
        _garbage = gc.mem_free() // 8
        # the interpreter counts what is freed at once, too: with half of the heap it would collect, 25 ms on a Pico,
        # in the midst of each signature
        gc.threshold(64 * _garbage)
        _collect()


def _collect() -> None:
    global _least_free
    gc.collect()
    _least_free = gc.mem_free() - _garbage


def tidy_heap() -> None:
    """Call between requests, while the other side works: collect if an eighth of the heap that was free after start is
    garbage. What lives long lies among garbage: collected late, it would be strewn over all of the heap. Takes back a
    reserve that was spent."""
    global _reserve, _tries_left
    _tries_left = max(0, _tries_left - 1)
    if not _garbage or (gc.mem_free() >= _least_free and (_reserve is not None or _tries_left)):
        return
    _collect()
    if _reserve is None and not _tries_left:
        try:
            _reserve = bytearray(_RESERVE_BYTES)
        except MemoryError:
            _tries_left = _TRIES  # another moment may have the room


def spare(name: str) -> None:
    """`unload` on a board whose heap is short: others keep what they loaded."""
    if 0 < _garbage < _SHORT // 8:
        unload(name)


def scratch(size: int) -> bytearray:
    """A buffer of `size` bytes or more for work that ends before anything else runs: the reserve, or heap of its own.
    Raises MemoryError."""
    return bytearray(size) if _reserve is None else _reserve


def spend_reserve() -> None:
    """Call after a MemoryError: the next try finds a long piece of heap. In use a heap has room in short pieces
    alone, and what lives long stays in the short ones."""
    global _reserve, _tries_left
    _reserve, _tries_left = None, _TRIES
    gc.collect()


def heap_free() -> int | None:
    """Free bytes of heap after a collection, or None on CPython."""
    gc.collect()
    return gc.mem_free() if hasattr(gc, "mem_free") else None
