"""Rotations of devices' keys, as the register remembers them.

The register keeps every rotation that this home has seen. So a device that answers with an older key, or with another
line of keys, is refused, and nothing is signed for it: somebody has a key that was rotated away, or an old copy.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..errors import RefusedByDevice
from ..home import Home
from ..wire.messages import Message, Rotation, parse_as


def note_rotations(home: Home, device: bytes, shown: Sequence[Message[Rotation]]) -> None:
    """Keep the rotations that a device has shown with its signed status. Raises RefusedByDevice (code superseded_key)
    for one that lacks rotations that the register has, or has others in their place."""
    entry = home.find(device)
    if entry is None:
        return
    known = [parse_as(bytes.fromhex(raw), Rotation).digest for raw in entry.rotations]
    if [message.digest for message in shown[: len(known)]] != known:
        what = f"{entry.name} answers with another key than the one it was rotated to"
        remedy = "Somebody has its old key, or the board has an old copy of its flash. Revoke it: `sealwright revoke`."
        raise RefusedByDevice(what, remedy=remedy, code="superseded_key")
    if len(shown) > len(known):
        home.register(replace(entry, rotations=[message.raw.hex() for message in shown]))
