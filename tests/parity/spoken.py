"""Which messages devices speak: all but those that go from host to host."""

from sealwright.messages import BODIES

HOST_ONLY = ("factory-record",)
SPOKEN = [cls for cls in BODIES if cls.NAME not in HOST_ONLY]
TYPES = [cls.NAME for cls in SPOKEN]
