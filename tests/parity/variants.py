"""Every way to change one node of a value: what readers and schemas are held against."""

from collections.abc import Iterator
from typing import Any

from sealwright.wire.cbor import Tag

ODD = (
    *(None, True, False, -1, 0, 1, 2, 255, 256, 2**63, 2**64 - 1, -(2**64)),
    *("", "x", b"", bytes(31), bytes(32), bytes(64)),
    *([], {}, [0], [[0]], {1: 0}, Tag(4, [0, 0]), Tag(18, 0)),
)


def variants(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """(path to the changed node, the whole value changed), for a value as the host's codec gives it."""
    for odd in ODD:
        yield path, odd
    if isinstance(value, dict):
        for key, part in value.items():
            yield (*path, key), {other: kept for other, kept in value.items() if other != key}
            for at, changed in variants(part, (*path, key)):
                yield at, {**value, key: changed}
        for added in (-99, 99, "x", b"x"):
            yield path, {**value, added: 0}
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield (*path, index), value[:index] + value[index + 1 :]
            yield (*path, index), value[:index] + [part] + value[index:]
            for at, changed in variants(part, (*path, index)):
                yield at, value[:index] + [changed] + value[index + 1 :]
    elif isinstance(value, Tag):
        for at, changed in variants(value.value, (*path, value.number)):
            yield at, Tag(value.number, changed)
