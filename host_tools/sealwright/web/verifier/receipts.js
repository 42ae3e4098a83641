// What the receipts of a ledger's log prove: a message is in the log, or a log goes on from an earlier one.
// COSE Receipts (RFC 9942) over trees of RFC9162_SHA256; the payload is detached: it is the root.

const STRUCTURE = 395n;
const PROOFS = 396n;
const INCLUSION = -1n;
const CONSISTENCY = -2n;
const EMPTY_ROOT = hashHex(new Uint8Array(0));

const leafHash = (digest) => hashHex(concat([0], fromHex(digest)));
const nodeHash = (left, right) => hashHex(concat([1], fromHex(left), fromHex(right)));

/** The root that an inclusion path leads to (RFC 9162 section 2.1.3.2); null where its length does not fit. */
function rootFrom(leaf, index, size, path) {
  if (index >= size) return null;
  let [at, last, found] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return null;
    if (at & 1n || at === last) {
      found = nodeHash(sibling, found);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      found = nodeHash(found, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n ? found : null;
}

/** Whether a path shows that the tree of `size` entries begins with the one of `earlier` (RFC 9162 section 2.1.4.2). */
function isConsistent({ earlier, size, path }, earlierRoot, root) {
  if (earlier === size) return !path.length && earlierRoot === root;
  if (earlier < 1n || earlier > size) return earlier === 0n && !path.length && earlierRoot === EMPTY_ROOT;
  const hashes = (earlier & (earlier - 1n)) === 0n ? [earlierRoot, ...path] : [...path];
  if (!hashes.length) return false;
  let [at, last] = [earlier - 1n, size - 1n];
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let [old, now] = [hashes[0], hashes[0]];
  for (const sibling of hashes.slice(1)) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      [old, now] = [nodeHash(sibling, old), nodeHash(sibling, now)];
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      now = nodeHash(now, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && old === earlierRoot && now === root;
}

/** Whether the bytes are a COSE_Sign1 that says it is a receipt; it may be malformed all the same. */
function isReceipt(raw) {
  try {
    const parts = decode(raw).value;
    const header = Array.isArray(parts) && parts[0] instanceof Uint8Array ? decode(parts[0]) : null;
    return header instanceof Map && header.has(STRUCTURE);
  } catch {
    return false;
  }
}

/** Take a receipt apart. Throws malformed or not_deterministic; checks no signature. */
function parseReceipt(raw) {
  const tagged = decode(raw);
  const parts = tagged instanceof Tag && tagged.number === SIGN1_TAG ? tagged.value : null;
  if (!Array.isArray(parts) || parts.length !== 4) {
    throw malformed("a receipt is a tagged COSE_Sign1: an array of four");
  }
  const [protectedHeader, unprotected, payload, signature] = parts;
  if (!(protectedHeader instanceof Uint8Array && signature instanceof Uint8Array && signature.length === 64)) {
    throw malformed("a receipt has a protected header and a signature of 64 bytes");
  }
  if (payload !== null) throw malformed("a receipt's payload is detached: the root that its proof leads to");
  const header = decode(protectedHeader);
  const labels = [ALG, KID, STRUCTURE, ...(header instanceof Map && header.has(SHARD) ? [SHARD] : [])];
  if (!(header instanceof Map) || header.size !== labels.length || !labels.every((label) => header.has(label))) {
    throw malformed("a receipt's header names an algorithm, a key, a data structure, a shard, and nothing else");
  }
  const shard = header.has(SHARD) ? parseAs(UINT, header.get(SHARD)) : null;
  const kid = header.get(KID);
  const isKid = kid instanceof Uint8Array && kid.length === 8;
  if (header.get(ALG) !== ES256 || header.get(STRUCTURE) !== 1n || !isKid) {
    throw malformed("a receipt here is by ES256 over an RFC9162_SHA256 tree, and names its key by 8 bytes");
  }
  return { kid: toHex(kid), shard, proof: readProof(unprotected), protectedHeader, signature: toHex(signature) };
}

function readProof(unprotected) {
  const proofs = unprotected instanceof Map && unprotected.size === 1 ? unprotected.get(PROOFS) : null;
  if (!(proofs instanceof Map) || proofs.size !== 1) {
    throw malformed("a receipt has proofs of one kind and nothing else beside them");
  }
  const [[kind, kept]] = proofs;
  if ((kind !== INCLUSION && kind !== CONSISTENCY) || !Array.isArray(kept) || kept.length !== 1) {
    throw malformed("a receipt has one proof, of inclusion or of consistency");
  }
  const content = kept[0] instanceof Uint8Array ? decode(kept[0]) : null;
  if (!Array.isArray(content) || content.length !== 3) throw malformed("a receipt's proof has two numbers and a path");
  const hashes = content[2];
  if (!Array.isArray(hashes) || hashes.length > MOST_HASHES) {
    throw malformed(`a receipt's path has at most ${MOST_HASHES} hashes`);
  }
  const [one, other] = content.slice(0, 2).map((number) => parseAs(UINT, number));
  const path = hashes.map((hash) => parseAs(HASH, hash));
  return kind === INCLUSION ? { size: one, at: other, path } : { earlier: one, size: other, path };
}
