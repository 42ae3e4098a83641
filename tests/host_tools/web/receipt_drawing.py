"""Drawn files of COSE Receipts: of logs of any length, whole, damaged and out of order.

The paths are made here, as RFC 9162 defines them (sections 2.1.1, 2.1.3.1, 2.1.4.1), and not by what checks them.
"""

import random
from hashlib import sha256

from sealwright.verify import Policy
from sealwright.wire import cbor, labels
from sealwright.wire.log_receipt import Consistency, Inclusion, sign_receipt
from sealwright.wire.messages import Checkpoint, LogEnd, sign_message

from tests.host_tools.factory import NOW, hash32, key
from tests.host_tools.mutate import Mutator
from tests.host_tools.web import stories
from tests.host_tools.web.drawing import MADE
from tests.host_tools.web.judging import Job

LEDGERS = ("ledger", "other ledger")


def tree(entries):
    """MTH of section 2.1.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    at = split(len(entries))
    return sha256(b"\1" + tree(entries[:at]) + tree(entries[at:])).digest()


def split(size):
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def path(at, entries):
    """PATH of section 2.1.3.1."""
    if len(entries) == 1:
        return ()
    half = split(len(entries))
    if at < half:
        return (*path(at, entries[:half]), tree(entries[half:]))
    return (*path(at - half, entries[half:]), tree(entries[:half]))


def proof(earlier, entries, whole=True):
    """SUBPROOF of section 2.1.4.1."""
    if earlier == len(entries):
        return () if whole else (tree(entries),)
    half = split(len(entries))
    if earlier <= half:
        return (*proof(earlier, entries[:half], whole), tree(entries[half:]))
    return (*proof(earlier - half, entries[half:], False), tree(entries[:half]))


class Drawing:
    """Draws jobs from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.mutator = Mutator(self.random.random(), {label: key(label) for label in (*LEDGERS, "root", "stranger")})

    def job(self):
        draw = self.random
        log = [draw.choice(MADE) for _ in range(draw.choice((1, 2, 3, 4, 5, 7, 8, 9, 31, 33)))]
        parts = [(stories.NET.ledger(label).certificates[0].raw, "root") for label in LEDGERS if draw.random() < 0.9]
        for _ in range(draw.randrange(1, 4)):
            parts += self._statement(log)
        raws = [self._damaged(*part) if draw.random() < 0.07 else part[0] for part in parts]
        if draw.random() < 0.1:
            draw.shuffle(raws)
        whole = b"".join(raws)
        if draw.random() < 0.05:
            whole = self.mutator.bytes(whole, None)
        roots = (stories.NET.root,) if draw.random() < 0.95 else (stories.OTHER_NET.root,)
        return Job(whole, roots, Policy(at=NOW), call="verifyReceipt")

    def _damaged(self, raw, label):
        if label is None:
            return self.random.choice((self.mutator.bytes, self.mutator.envelope))(raw, None)
        return self.mutator.message(raw, label)

    def _statement(self, log):
        """A checkpoint or two, and receipts under them."""
        draw, label = self.random, self.random.choice((*LEDGERS[:1], *LEDGERS))
        digests = [message.digest for message in log]
        size = draw.randrange(1, len(log) + 1)
        yield self._checkpoint(label, digests, size)
        if draw.random() < 0.5:
            earlier = draw.randrange(0, size + 1)
            yield self._checkpoint(label, digests, earlier)
            right = proof(earlier, digests[:size]) if earlier else ()
            yield self._receipt(label, Consistency(earlier, size, right), tree(digests[:size]))
        for _ in range(draw.randrange(3)):
            at = draw.randrange(size)
            if draw.random() < 0.95:
                yield log[at].raw, None
            yield self._receipt(label, Inclusion(size, at, path(at, digests[:size])), tree(digests[:size]))

    def _checkpoint(self, label, digests, size):
        signer = key(label)
        root = self.random.choice((tree(digests[:size]),) * 12 + (None, hash32("another")))
        ledger = signer.public.device_id if self.random.random() < 0.95 else hash32("nobody")
        body = Checkpoint(ledger, size, hash32(f"head {size}"), NOW, root, self._others(digests, size))
        return sign_message(signer, body).raw, label

    def _others(self, digests, size):
        """The ends of other shards' logs, which have the same messages, so that their receipts may hold."""
        draw = self.random
        ends = []
        for _ in range(draw.choice((0, 0, 0, 1, 2))):
            rows = size if draw.random() < 0.8 else draw.randrange(len(digests) + 1)
            root = tree(digests[:rows]) if draw.random() < 0.9 else hash32("another")
            ends.append(LogEnd(rows, hash32(f"head {rows}"), root))
        return tuple(ends) or None

    def _receipt(self, label, right, root):
        """The right one, or one whose proof, structure or signer is another."""
        draw, kind = self.random, self.random.random()
        if kind < 0.2:
            right = self._other(right)
        signer = key(label if kind < 0.9 else draw.choice((*LEDGERS, "stranger")))
        shard = draw.choice((None, None, None, 0, 1, 1, 2, 2**64 - 1))
        raw = sign_receipt(signer, right, root if kind < 0.95 else hash32("another"), shard)
        if draw.random() < 0.05:
            header, unprotected, payload, signature = cbor.decode(raw).value
            header = cbor.decode(header)
            odd = draw.choice((True, 2, None, "RFC9162_SHA256"))
            header[draw.choice((395, 4, 1, 5, labels.SHARD))] = odd
            raw = cbor.encode(cbor.Tag(18, [cbor.encode(header), unprotected, payload, signature]))
        return raw, None

    def _other(self, right):
        draw, hashes = self.random, list(right.path)
        field = draw.randrange(3)
        if field < 2:
            odd = max(0, right[field] + draw.choice((-1, 1, 2**63, 2**64 - 1 - right[field])))
            return right._replace(**{right._fields[field]: min(odd, 2**64 - 1)})
        kind = draw.randrange(4)
        if kind == 0 and hashes:
            del hashes[draw.randrange(len(hashes))]
        elif kind == 1:
            hashes.insert(draw.randrange(len(hashes) + 1), hash32("one more"))
        elif kind == 2:
            hashes = [hash32("many")] * draw.choice((63, 64, 65))
        else:
            draw.shuffle(hashes)
        return right._replace(path=tuple(hashes))


def jobs(seed, number):
    """So many jobs, drawn from a seed."""
    drawing = Drawing(seed)
    return [drawing.job() for _ in range(number)]
