"""Devices that rotate their keys, for tests: a key that signs under the hint of the device's first one."""

from dataclasses import dataclass, replace

from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import Message, Rotation, sign_message

from tests.host_tools.factory import NOW, Device, key


@dataclass
class Later:
    """A key of a device's line: what it signs looks like the first key's, but for the signature."""

    first: PrivateKey
    own: PrivateKey

    @property
    def public(self):
        return self.first.public

    def sign(self, digest):
        return self.own.sign(digest)


def rotation(device: Device, new: PrivateKey | str, generation: int = 1, **changes) -> Message[Rotation]:
    """A rotation by the device's key, after its last reading, unless `changes` say otherwise."""
    new = key(new) if isinstance(new, str) else new
    fields = {"seq": device.seq - 1, "prev": device.last, "rotated_at": NOW, **changes}
    return sign_message(device.key, Rotation(device=device.id, key=new.public, generation=generation, **fields))


def after(device: Device, new: PrivateKey | str) -> Device:
    """The device with its next key; the log goes on."""
    new = key(new) if isinstance(new, str) else new
    first = device.key.first if isinstance(device.key, Later) else device.key
    return replace(device, key=Later(first, new))
