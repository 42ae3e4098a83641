"""Ways to damage a ledger behind its back, and to audit what is left."""

from sealwright.ledger import Ledger

from tests.host_tools.ledger.behind import DROP, change, dump

__all__ = ["DROP", "audit", "change", "codes", "dump", "flip", "flipped"]


def audit(sound, path, **more):
    with Ledger(path, [sound.network.root], [sound.owner.key.public], identity=sound.identity, patience=0.2) as ledger:
        return ledger.audit(**more)


def codes(report):
    return {finding.code for finding in report.findings}


def flipped(value, draw, low=0):
    """The value with one bit changed; `low` is the first of an integer's to choose from."""
    if isinstance(value, int):
        return value ^ (1 << draw.randrange(low, 62))
    return flip(value, draw.randrange(8 * len(value))) if isinstance(value, bytes) else value + "0"


def flip(value, bit):
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
