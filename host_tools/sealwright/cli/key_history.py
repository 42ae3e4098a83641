"""The rotations of a device's key, for people and for programs."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..home import Registered
from ..wire.messages import Message, Rotation, parse_as
from .words import clock, number


def kept(entry: Registered) -> list[Message[Rotation]]:
    """Those that the register has of a device, oldest first."""
    return [parse_as(bytes.fromhex(raw), Rotation) for raw in entry.rotations]


def as_json(rotations: Iterable[Message[Rotation]]) -> list[dict[str, Any]]:
    """For each its number, the id of the new key, its time, and the last reading of the key before it."""
    bodies = (message.body for message in rotations)
    return [
        {"generation": body.generation, "key": body.key.device_id.hex(), "at": body.rotated_at, "after": body.seq}
        for body in bodies
    ]


def facts(rotations: list[Message[Rotation]]) -> Iterator[tuple[str, str]]:
    """A line for the sum, and one for each."""
    if rotations:
        yield "key", f"{number(len(rotations), 'rotation')}; the id is that of its first key"
    for body in (message.body for message in rotations):
        where = f"after reading {body.seq}" if body.seq else "before its first reading"
        yield "", f"{body.generation}: key {body.key.device_id.hex()[:16]} at {clock(body.rotated_at)}, {where}"
