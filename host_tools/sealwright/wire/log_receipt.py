"""COSE Receipts: a ledger's signature over the root of its log's Merkle tree, with a path that leads there.

Source: RFC 9942, with the verifiable data structure RFC9162_SHA256. The protected header is {1: -7, 4: kid, 395: 1},
the unprotected header {396: {-1: [proof]}} for an entry's inclusion or {396: {-2: [proof]}} for a tree that begins with
an earlier one; the payload is detached: it is the root (32 bytes). Of a ledger in shards the protected header names
the shard, under -70040. Not to be confused with `messages.Receipt`, by which
a payee acknowledges a voucher.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ..errors import Malformed, Rejected
from . import cbor, cose
from .keys import PublicKey
from .labels import ALG, COSE_SIGN1_TAG, ES256, KID, SHARD
from .messages.schema import HASH, UINT

STRUCTURE: Final = 395  # header parameters of RFC 9942
_PROOFS: Final = 396
_RFC9162_SHA256: Final = 1
_INCLUSION, _CONSISTENCY = -1, -2
_MOST_HASHES: Final = 64  # of a path: a log has fewer than 2**64 rows


class Inclusion(NamedTuple):
    """Entry `at`, counted from 0, is in the tree of `size` entries. path: hashes, the nearest to the entry first."""

    size: int
    at: int
    path: tuple[bytes, ...]


class Consistency(NamedTuple):
    """The tree of `size` entries begins with the one of `earlier` entries."""

    earlier: int
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LogReceipt:
    """One receipt as received. kid: the hint of the ledger's key, 8 bytes. shard: of a ledger in shards, the one whose
    log this is of."""

    raw: bytes
    kid: bytes
    proof: Inclusion | Consistency
    protected: bytes
    signature: bytes
    shard: int | None = None

    def signed_by(self, key: PublicKey, root: bytes) -> bool:
        """Whether the signature is this key's over `root`."""
        return key.verify(cose.digest_of(self.protected, root), self.signature)


def sign_receipt(key: cose.Signer, proof: Inclusion | Consistency, root: bytes, shard: int | None = None) -> bytes:
    """A receipt over the root of the tree of `proof.size` entries. shard: of a ledger that has several."""
    header: dict[cbor.Key, cbor.Value] = {ALG: ES256, KID: key.public.kid, STRUCTURE: _RFC9162_SHA256}
    protected = cbor.encode(header if shard is None else {**header, SHARD: shard})
    kind = _INCLUSION if isinstance(proof, Inclusion) else _CONSISTENCY
    content = cbor.encode([proof[0], proof[1], list(proof.path)])
    signature = key.sign(cose.digest_of(protected, root))
    return cbor.encode(cbor.Tag(COSE_SIGN1_TAG, [protected, {_PROOFS: {kind: [content]}}, None, signature]))


def is_receipt(raw: bytes) -> bool:
    """Whether the bytes are a COSE_Sign1 that says it is a receipt; it may be malformed all the same."""
    try:
        tagged = cbor.decode(raw)
        parts = tagged.value if isinstance(tagged, cbor.Tag) else None
        header = cbor.decode(parts[0]) if isinstance(parts, list) and parts and isinstance(parts[0], bytes) else None
    except Rejected:
        return False
    return isinstance(header, dict) and STRUCTURE in header


def parse_receipt(raw: bytes) -> LogReceipt:
    """Take a receipt apart. Raises Malformed or NotDeterministic; checks no signature."""
    tagged = cbor.decode(raw)
    parts = tagged.value if isinstance(tagged, cbor.Tag) and tagged.number == COSE_SIGN1_TAG else None
    if not isinstance(parts, list) or len(parts) != 4:
        raise Malformed("a receipt is a tagged COSE_Sign1: an array of four")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(signature, bytes) or len(signature) != 64:
        raise Malformed("a receipt has a protected header and a signature of 64 bytes")
    if payload is not None:
        raise Malformed("a receipt's payload is detached: the root that its proof leads to")
    header = cbor.decode(protected)
    if not isinstance(header, dict) or header.keys() - {SHARD} != {ALG, KID, STRUCTURE}:
        raise Malformed("a receipt's header names an algorithm, a key, a data structure, a shard, and nothing else")
    kid, shard = header[KID], UINT.parse(header[SHARD]) if SHARD in header else None
    structure = header[STRUCTURE]
    is_tree = structure == _RFC9162_SHA256 and not isinstance(structure, bool)  # True == 1 in Python, not in CBOR
    if header[ALG] != ES256 or not is_tree or not isinstance(kid, bytes) or len(kid) != 8:
        raise Malformed("a receipt here is by ES256 over an RFC9162_SHA256 tree, and names its key by 8 bytes")
    return LogReceipt(bytes(raw), kid, _proof(unprotected), protected, signature, shard)


def _proof(unprotected: cbor.Value) -> Inclusion | Consistency:
    proofs = unprotected.get(_PROOFS) if isinstance(unprotected, dict) and len(unprotected) == 1 else None
    if not isinstance(proofs, dict) or len(proofs) != 1:
        raise Malformed("a receipt has proofs of one kind and nothing else beside them")
    ((kind, kept),) = proofs.items()
    if kind not in (_INCLUSION, _CONSISTENCY) or not isinstance(kept, list) or len(kept) != 1:
        raise Malformed("a receipt has one proof, of inclusion or of consistency")
    content = cbor.decode(kept[0]) if isinstance(kept[0], bytes) else None
    if not isinstance(content, list) or len(content) != 3:
        raise Malformed("a receipt's proof has two numbers and a path")
    first, second, path = content
    if not isinstance(path, list) or len(path) > _MOST_HASHES:
        raise Malformed(f"a receipt's path has at most {_MOST_HASHES} hashes")
    numbers, hashes = (UINT.parse(first), UINT.parse(second)), tuple(HASH.parse(one) for one in path)
    return Inclusion(*numbers, hashes) if kind == _INCLUSION else Consistency(*numbers, hashes)
