"""Damage to bundles, drawn from a seed: to bytes, to the structure inside messages, and to the order of messages."""

import random
from hashlib import sha256

import cbor2
from sealwright.wire import cbor, cose
from sealwright.wire.cbor import Tag
from sealwright.wire.labels import CWT_CLAIMS

ODD = (
    0, 1, 2, -1, 23, 24, 255, 256, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), -(2**64), 2**64, 2**70,
    True, False, None, 0.5, float("inf"), float("nan"), "", "x", "\u00fc" * 9, b"", bytes(8), bytes(16), bytes(31),
    bytes(32), bytes(33), b"\xff" * 64, [], {}, [[]], [{}], {0: 0}, {1: {}}, {"": ""}, [0] * 30, (1,) * 3,
    Tag(4, [0, 0]), Tag(4, [-(2**64), 2**64 - 1]), Tag(4, 0), Tag(18, []), Tag(2, b"\xff" * 9), Tag(0, "now"),
    Tag(30, [1, 0]), Tag(35, "("), Tag(258, [1]), cbor2.undefined, cbor2.CBORSimpleValue(99),
)  # fmt: skip
HEADS = bytes(
    (0x18, 0x1C, 0x1F, 0x3B, 0x5B, 0x5F, 0x7F, 0x9B, 0x9F, 0xBB, 0xBF, 0xC0, 0xC4, 0xD2, 0xD8, 0xF8, 0xFB, 0xFF)
)


def plain(value):
    """As cbor2 takes it, which writes what the profile would refuse."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return cbor2.CBORTag(value.number, plain(value.value)) if isinstance(value, Tag) else value


class Mutator:
    """Draws damage. `resigned` collects the digests of messages that were changed and then signed properly."""

    def __init__(self, seed, signers):
        self.random = random.Random(seed)
        self.signers = signers
        self.resigned = set()

    def bundle(self, needed, target):
        """The bytes of a bundle: `needed` messages, mostly whole, then `target`, damaged; all (raw, signer's name)."""
        draw = self.random
        parts = [self.message(*row) if draw.random() < 0.07 else row[0] for row in needed if draw.random() < 0.95]
        parts.append(self.message(*target))
        if draw.random() < 0.1:
            draw.shuffle(parts)
        if draw.random() < 0.1:
            parts.insert(draw.randrange(len(parts) + 1), draw.choice(parts))
        whole = b"".join(parts)
        return self.bytes(whole, None) if draw.random() < 0.1 else whole

    def message(self, raw, signer):
        """One message with damage of any kind."""
        kinds = (self.bytes, self.bytes, self.envelope, self.inside, self.signed_again, self.signed_again)
        return self.random.choice(kinds)(raw, signer)

    def bytes(self, raw, _):
        """One to three changes of bytes."""
        draw, data = self.random, bytearray(raw)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(data) + 1) if draw.random() < 0.5 else min(len(data), draw.randrange(24))
            kind = draw.randrange(6)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << draw.randrange(8)
            elif kind == 1 and at < len(data):
                data[at] = draw.choice(HEADS)
            elif kind == 2:
                data[at:at] = draw.randbytes(draw.randrange(1, 10))
            elif kind == 3:
                del data[at : at + draw.randrange(1, 10)]
            elif kind == 4:
                data[at:at] = data[max(0, at - draw.randrange(40)) : at]
            else:
                del data[at:]
        return bytes(data)

    def envelope(self, raw, _):
        """A change among the four parts of the envelope."""
        return cbor2.dumps(plain(self.node(cbor.decode(raw))))

    def inside(self, raw, _):
        """A change inside header or payload, with the signature as it was."""
        tag = cbor.decode(raw)
        parts = list(tag.value)
        at = self.random.choice((0, 2))
        parts[at] = cbor2.dumps(plain(self.node(cbor.decode(parts[at]))))
        return cbor2.dumps(plain(Tag(18, parts)))

    def signed_again(self, raw, signer):
        """One change of what is said, mostly within the schema, signed properly: the rules themselves must judge."""
        draw, sign1 = self.random, cose.parse(raw)
        change = self.gently if draw.random() < 0.8 else self.node
        header, payload = dict(sign1.header), cbor.decode(sign1.payload)
        if CWT_CLAIMS in header and draw.random() < 0.8:
            header[CWT_CLAIMS] = change(header[CWT_CLAIMS])
        else:
            payload = change(payload)
        protected, payload = cbor2.dumps(plain(header)), cbor2.dumps(plain(payload))
        digest = sha256(cose.sig_structure(protected, payload)).digest()
        self.resigned.add(digest)
        return cbor2.dumps(plain(Tag(18, [protected, {}, payload, self.signers[signer].sign(digest)])))

    def gently(self, value):
        """`value` with one number or string in it changed for another of its kind and size."""
        draw = self.random
        if isinstance(value, dict) and value:
            key = draw.choice(list(value))
            return {**value, key: self.gently(value[key])}
        if isinstance(value, list) and value:
            at = draw.randrange(len(value))
            return [*value[:at], self.gently(value[at]), *value[at + 1 :]]
        if isinstance(value, bytes) and value:
            return draw.choice((draw.randbytes(len(value)), value[:-1] + bytes((value[-1] ^ 1,))))
        if isinstance(value, int) and not isinstance(value, bool):
            return max(0, value + draw.choice((-1, 1, -100, 100, -1000, 10000, 2**30, -(2**31))))
        return value

    def node(self, value, depth=0):
        """`value` with one change somewhere in it."""
        draw = self.random
        if depth and draw.random() < 0.25 or not isinstance(value, (list, dict, Tag)) or not value:
            return self.leaf(value)
        if isinstance(value, Tag):
            return Tag(draw.choice((4, 18, value.number)), self.node(value.value, depth + 1))
        if isinstance(value, list):
            return self.array(value, depth)
        result = dict(value)
        key = draw.choice(list(value))
        kind = draw.randrange(8)
        if kind == 0:
            del result[key]
        elif kind == 1:
            result[draw.choice((0, 5, 99, -70099, "x", b"x", True, None))] = draw.choice(ODD)
        else:
            result[key] = self.node(value[key], depth + 1)
        return result

    def array(self, value, depth):
        draw, result = self.random, list(value)
        at, kind = draw.randrange(len(value)), draw.randrange(8)
        if kind == 0:
            del result[at]
        elif kind == 1:
            result.insert(at, draw.choice(ODD))
        elif kind == 2:
            draw.shuffle(result)
        else:
            result[at] = self.node(value[at], depth + 1)
        return result

    def leaf(self, value):
        """A value of the same kind nearby, or an odd one."""
        draw = self.random
        if isinstance(value, int) and draw.random() < 0.6:
            return value + draw.choice((-1, 1, 1, 2, 100, -100))
        if isinstance(value, bytes) and value and draw.random() < 0.5:
            return self.bytes(value, None)
        return draw.choice(ODD)
