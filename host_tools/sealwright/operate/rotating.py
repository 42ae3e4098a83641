"""Rotations of devices' keys, as the register remembers them.

The register keeps every rotation that this home has seen. So a device that answers with an older key, or with another
line of keys, is refused, and nothing is signed for it: somebody has a key that was rotated away, or an old copy.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..errors import RefusedByDevice
from ..home import Home
from ..link import Info
from ..wire.labels import ELEMENT
from ..wire.messages import Message, Rotation, parse_as

MOST: Final = 8  # rotations of a device: each peer checks them all
MOST_OF_CHIP: Final = 6  # an ATECC608 has slots for seven keys of devices in its life, and the first is provisioned


def most_rotations(said: Info) -> int:
    """How many rotations the device has in its life, at most."""
    return MOST_OF_CHIP if said.custody == ELEMENT else MOST


def check_left(said: Info, device: str) -> None:
    """Raise RefusedByDevice (code no_rotation_left) where the device can rotate its key no more."""
    count, most = said.raw.get("rotations", 0), most_rotations(said)
    if count >= most:
        where = ", and its ATECC608 has no slot for another key" if said.custody == ELEMENT else ""
        raise _none_left(f"{device} has rotated its key {count} times, the most there is{where}", said)


def refused(said: Info, device: str) -> RefusedByDevice:
    """Why the device refuses a rotation all the same, as far as it says."""
    if said.raw.get("trial"):
        remedy = "Wait until it keeps or drops the version: see `sealwright info`."
        return RefusedByDevice(f"a firmware version is on trial on {device}", remedy=remedy, code="on_trial")
    if said.custody != ELEMENT:
        return RefusedByDevice(f"{device} refuses a new key", remedy="See `sealwright info`.", code="refused")
    what = f"the ATECC608 of {device} has no slot for another key: it has seven in its life, with those that were wiped"
    return _none_left(what, said)


def _none_left(what: str, said: Info) -> RefusedByDevice:
    anew = "give the board a new chip and provision" if said.custody == ELEMENT else "provision"
    remedy = f"The key of now goes on. For another one collect, withdraw, `sealwright owner wipe`, then {anew} it anew."
    return RefusedByDevice(what, remedy=remedy, code="no_rotation_left")


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
