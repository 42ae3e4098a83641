"""Homes with registers, made without devices."""

import json
from hashlib import sha256

from sealwright.home import DONE, Registered
from sealwright.wire.keys import PrivateKey

ROOF, CAR, SHED = ("b251cc07" + "ab" * 28, "b251dd08" + "cd" * 28, "00ff00ff" + "ef" * 28)


def entry(name, device=None, **changes):
    """An active entry. device: hexadecimal, else made from the name."""
    device = device or sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    values = {"url": f"emulated:{len(name)}", "model": "test", "custody": 0, "state": DONE, "certificate": "0" * 64}
    return Registered(name=name, device=device, **{**values, "registered_at": 1_790_000_000, **changes})


def old_entry(home, name, device, **changes):
    """An entry as an earlier version wrote it: no rules for its name, no groups."""
    kept = {"name": name, "device": device, "url": "tcp:192.0.2.1:1", "model": "m", "custody": 0, "state": DONE}
    values = {**kept, "certificate": "0" * 64, "registered_at": 1_780_000_000, "commands": 3, **changes}
    (home.folder / "devices" / f"{device}.json").write_text(json.dumps(values))


def someone():
    """A key, and the id and did:key of the device that has it."""
    public = PrivateKey.generate().public
    return public.device_id.hex(), public.did
