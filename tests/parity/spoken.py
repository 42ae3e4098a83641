"""Which messages and keys devices speak: all but those that go from host to host, and those they do not know yet."""

from sealwright.wire.cbor import encode
from sealwright.wire.messages import BODIES

from tests.host_tools.wire.schema_messages import resigned, split

HOST_ONLY = ("factory-record", "division", "shift")

# The second part of the wire, which devices are still to learn: until then they refuse it, and a test says so. What a
# device has learned leaves these two tables.
TYPES_TO_LEARN = ("checkpoint",)
KEYS_TO_LEARN: dict[str, dict[int, str]] = {}

UNSPOKEN = (*HOST_ONLY, *TYPES_TO_LEARN)
SPOKEN = [cls for cls in BODIES if cls.NAME not in UNSPOKEN]
TYPES = [cls.NAME for cls in SPOKEN]


def known(name, content):
    """A map of the schema without the keys that devices are still to learn."""
    return {key: value for key, value in content.items() if key not in KEYS_TO_LEARN.get(name, ())}


def spoken(name):
    """Header and payload of the good message of this type, as far as devices know it."""
    header, payload = split(name)
    return header, payload if isinstance(payload, list) else known(name, payload)


def envelope(name):
    """The four parts of that message's COSE_Sign1. Its signature is not good."""
    header, payload = spoken(name)
    return [encode(header), {}, encode(payload), bytes(64)]


def raw_of(name):
    return resigned(*spoken(name))
