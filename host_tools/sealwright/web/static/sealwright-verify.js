// SPDX-License-Identifier: Apache-2.0
// Sealwright's verifier for browsers and Node 20 and later: bundles of signed messages and COSE Receipts, offline.
// No packages; signatures by WebCrypto. Its verdicts are those of `sealwright verify`.
//
//   import { verifyBundle } from "./sealwright-verify.js";
//   const { verdicts, summary } = await verifyBundle(bundle, { roots: [rootPem], now: Date.now() / 1000 });
//
// Made by host_tools/tools/make_verifier.py from web/verifier/: do not edit.

const ALG = 1n;
const KID = 4n;
const TYP = 16n;
const SHARD = -70040n;
const ROLE_LEDGER = 1n;
const ELEMENT = 2n;
const CLOCK_SKEW = 300n;
const CLOCK_SET = 2n;
const MAX_LANES = 64n;
const MAX_WINDOW = 34560000n;
const LEAST_WINDOW = 259200n;
const MAX_TICKS = 1048576n;
const FAR = 4611686018427387904n;
const MOST_ROTATIONS = 8n;
const MOST_TRANSFERS = 15n;
const MAX_DEPTH = 16;
const MAX_SIZE = 65536;
const TAGS = [4, 18];
const DECIMAL_FRACTION_TAG = 4;
const MAX_NESTING = 64;
const HEAD_BYTES = 65536;
const TEST_MODEL = "emulated";
const MOST_STEPS = 256;
const MOST_HASHES = 64;
const ROUNDS = 8;
const IDLE = 1;
const LASTING = ["bad_certificate", "expired_certificate", "test_root", "wrong_network"];
const WAITING = ["bad_certificate", "custody_too_low", "expired_certificate", "receipt_mismatch", "revoked", "superseded_key", "unknown_channel", "unknown_signer", "wrong_network"];
const REMEDIES = {
  "malformed": "Transfer it again; if it stays so, its sender does not follow the schema.",
  "not_deterministic": "Its sender must encode in core deterministic CBOR (RFC 8949 section 4.2.1).",
  "wrong_type": "Leave it out, or update Sealwright if the sender's is newer.",
  "unknown_signer": "Put the signer's certificate chain before this message, or add the root it leads to.",
  "test_root": "Never trust it for real money or measurements; in tests, allow test roots.",
  "bad_certificate": "Ask the issuer for a certificate that fits this key and that the issuer may give.",
  "expired_certificate": "Renew the certificate, or check as of a time when it held.",
  "revoked": "Do not rely on this device; ask its issuer for the reason.",
  "superseded_key": "Ask for one by the device's key of now: sealwright collect brings them from the device. Of a channel-open, settle the ledger's funding of it with it.",
  "bad_rotation": "Leave it out: the device's key stays the one before it.",
  "wrong_network": "Check it against the root and network it belongs to.",
  "wrong_ledger": "Settle it in the ledger that it names; a new one names this ledger.",
  "custody_too_low": "Use a device that keeps its key better, or lower the custody you demand.",
  "bad_signature": "It was altered, or signed by another key; ask its sender for the original.",
  "not_a_device": "Only a device's own key signs this; an issuer's or a ledger's key does not count.",
  "not_a_ledger": "Only a key that is certified as a ledger signs this.",
  "gap": "Ask its sender for the missing messages; nothing proves the part between.",
  "replay": "Nothing is lost if it is a copy; leave it out.",
  "not_yet_valid": "Wait for its time, or check the clock.",
  "not_the_owner": "Only the device's newest owner signs this: put its grant and the transfers since before it, and where two of them contradict each other a new status of the device.",
  "not_delegated": "Only what the owner delegated counts; ask the owner for a delegation that names it.",
  "expired": "Too late to use it; ask its payer for a new one.",
  "unknown_channel": "Put the channel-open that it names before it.",
  "not_a_party": "Only the party whose turn it is can sign this; ask that party.",
  "over_capacity": "Refuse more in this channel; open another or a larger one.",
  "amount_decreased": "Keep the better voucher you have; amounts only rise.",
  "lock_missing": "Give the secret that unlocks it, once its holder revealed it.",
  "bad_merge": "Ask the payer for a voucher without merges: one in each lane settles alone.",
  "bad_lane": "Ask the payer for a voucher in a lane below 64.",
  "bad_tick": "Keep the best tick that does hash to the root; ask the payer for the next.",
  "receipt_mismatch": "Put the voucher it acknowledges before it, and compare the amounts.",
  "bad_receipt": "Ask the ledger's operator for a receipt under this checkpoint, or for a newer pair of both.",
  "equivocation": "Keep both messages: together they prove that their signer contradicts itself."
};
const UINT = ["uint", 0n, 18446744073709551615n];
const HASH = ["bytes", 32];
const RECORDS = ["list", ["struct", [["baseName", -2n, ["text"], false], ["baseTime", -3n, ["number"], false], ["baseUnit", -4n, ["text"], false], ["name", 0n, ["text"], false], ["unit", 1n, ["text"], false], ["value", 2n, ["number"], false], ["text", 3n, ["text"], false], ["flag", 4n, ["bool"], false], ["data", 8n, ["bytes", null], false], ["time", 6n, ["number"], false]]]];
const HEADER = [["alg", 1n, ["uint", -7n, -7n], true], ["kid", 4n, ["bytes", 8], true], ["typ", 16n, ["uint", 0n, 18446744073709551615n], true]];
const READING_HEADER = [["alg", 1n, ["uint", -7n, -7n], true], ["kid", 4n, ["bytes", 8], true], ["typ", 16n, ["uint", 0n, 18446744073709551615n], true], ["contentType", 3n, ["uint", 112n, 112n], true], ["claims", 15n, ["any"], true]];
const MESSAGES = [ // type number, name, fields: name, map key, rule, and whether required
  [65001n, "certificate", [
    ["issuer", 1n, ["text"], true],
    ["subject", 2n, ["text"], true],
    ["issuedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["id", 7n, ["bytes", 16], true],
    ["key", 8n, ["confirmation"], true],
    ["ueid", 256n, ["bytes", 33], true],
    ["custody", -70001n, ["uint", 0n, 2n], true],
    ["network", -70003n, ["bytes", 32], true],
    ["expires", 4n, ["uint", 0n, 18446744073709551615n], false],
    ["model", -70002n, ["text"], false],
    ["mayIssue", -70004n, ["uint", 0n, 3n], false],
    ["roles", -70005n, ["uint", 0n, 18446744073709551615n], false],
  ]],
  [65002n, "reading", [
    ["sampledAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["seq", -70010n, ["uint", 0n, 18446744073709551615n], true],
    ["prev", -70011n, ["nullable", ["bytes", 32]], true],
    ["clockQuality", -70012n, ["uint", 0n, 3n], true],
    ["firmware", -70013n, ["text"], true],
  ]],
  [65003n, "channel-open", [
    ["network", 2n, ["bytes", 32], true],
    ["payer", 3n, ["bytes", 32], true],
    ["payee", 4n, ["bytes", 32], true],
    ["asset", 5n, ["text"], true],
    ["capacity", 6n, ["uint", 0n, 9223372036854775807n], true],
    ["expires", 7n, ["uint", 0n, 18446744073709551615n], true],
    ["nonce", 8n, ["bytes", 16], true],
    ["price", 9n, ["uint", 0n, 9223372036854775807n], false],
    ["unit", 10n, ["text"], false],
    ["disputeWindow", 11n, ["uint", 0n, 18446744073709551615n], false],
    ["ledger", 12n, ["bytes", 32], false],
    ["version", 1n, ["uint", 1n, 1n], true],
  ]],
  [65004n, "voucher", [
    ["channel", 1n, ["bytes", 32], true],
    ["lane", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["seq", 3n, ["uint", 0n, 18446744073709551615n], true],
    ["amount", 4n, ["uint", 0n, 9223372036854775807n], true],
    ["notBefore", 5n, ["uint", 0n, 18446744073709551615n], false],
    ["notAfter", 6n, ["uint", 0n, 18446744073709551615n], false],
    ["hashLock", 7n, ["bytes", 32], false],
    ["item", 8n, ["bytes", 32], false],
    ["merges", 9n, ["list", ["pair", ["uint", 0n, 18446744073709551615n]]], false],
    ["ticks", 10n, ["struct", [["root", 1n, ["bytes", 32], true], ["value", 2n, ["uint", 0n, 9223372036854775807n], true], ["count", 3n, ["uint", 0n, 18446744073709551615n], true]]], false],
  ]],
  [65005n, "receipt", [
    ["channel", 1n, ["bytes", 32], true],
    ["lane", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["seq", 3n, ["uint", 0n, 18446744073709551615n], true],
    ["amount", 4n, ["uint", 0n, 9223372036854775807n], true],
    ["voucher", 5n, ["bytes", 32], true],
    ["tick", 6n, ["row", ["number", "value"], [["uint", 0n, 18446744073709551615n], ["bytes", 32]]], false],
  ]],
  [65006n, "evidence", [
    ["key", 8n, ["confirmation"], true],
    ["nonce", 10n, ["bytes", 32], true],
    ["ueid", 256n, ["bytes", 33], true],
    ["custody", -70001n, ["uint", 0n, 2n], true],
    ["model", -70002n, ["text"], true],
    ["firmware", -70013n, ["text"], true],
    ["sealed", -70030n, ["bytes", 38], false],
  ]],
  [65007n, "grant", [
    ["device", 1n, ["bytes", 32], true],
    ["nonce", 10n, ["bytes", 32], true],
    ["chain", 2n, ["list", ["certificate"]], true],
    ["owner", 3n, ["key"], true],
    ["network", 4n, ["bytes", 32], true],
    ["issuedAt", 5n, ["uint", 0n, 18446744073709551615n], true],
    ["policy", 6n, ["struct", [["limits", 1n, ["map", ["struct", [["perVoucher", 1n, ["uint", 0n, 9223372036854775807n], true], ["perDay", 2n, ["uint", 0n, 9223372036854775807n], true]]]], true], ["payees", 2n, ["list", ["bytes", 32]], false], ["buttonAbove", 3n, ["uint", 0n, 18446744073709551615n], false], ["notAfter", 4n, ["uint", 0n, 18446744073709551615n], false]]], false],
    ["ledgerChain", 7n, ["list", ["certificate"]], false],
  ]],
  [65008n, "command", [
    ["device", 1n, ["bytes", 32], true],
    ["seq", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["op", 3n, ["text"], true],
    ["arguments", 4n, ["any"], false],
    ["notAfter", 5n, ["uint", 0n, 18446744073709551615n], false],
    ["status", 6n, ["bytes", 32], false],
    ["delegation", 7n, ["bytes", 32], false],
  ]],
  [65009n, "channel-close", [
    ["channel", 1n, ["bytes", 32], true],
    ["closedAt", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["claims", 3n, ["claims", 64, ["row", ["lane", "seq", "amount", "voucher"], [["uint", 0n, 18446744073709551615n], ["uint", 0n, 18446744073709551615n], ["uint", 0n, 9223372036854775807n], ["bytes", 32]]]], false],
  ]],
  [65010n, "peer-proof", [
    ["device", 1n, ["bytes", 32], true],
    ["peer", 2n, ["bytes", 32], true],
    ["peerNonce", 10n, ["bytes", 32], true],
    ["ownNonce", 11n, ["bytes", 32], true],
  ]],
  [65011n, "firmware", [
    ["model", 1n, ["text"], true],
    ["version", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["name", 3n, ["text"], true],
    ["arch", 4n, ["text"], true],
    ["files", 5n, ["list", ["row", ["path", "size", "digest"], [["text"], ["uint", 1n, 18446744073709551615n], ["bytes", 32]]]], true],
  ]],
  [65012n, "factory-record", [
    ["maker", 1n, ["text"], true],
    ["name", 2n, ["text"], true],
    ["madeAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["key", 8n, ["confirmation"], true],
    ["ueid", 256n, ["bytes", 33], true],
    ["custody", -70001n, ["uint", 0n, 2n], true],
    ["model", -70002n, ["text"], true],
    ["seq", -70010n, ["uint", 0n, 18446744073709551615n], true],
    ["prev", -70011n, ["nullable", ["bytes", 32]], true],
    ["firmware", -70013n, ["text"], true],
    ["selftest", -70020n, ["map", ["outcome", ["uint", 0n, 255n]]], true],
    ["certificate", -70021n, ["bytes", 32], true],
    ["chip", -70031n, ["struct", [["serial", 1n, ["bytes", 9], true], ["revision", 2n, ["bytes", 4], true], ["config", 3n, ["bytes", 32], true], ["attestation", 4n, ["bytes", 64], true], ["byMaker", 5n, ["uint", 0n, 1n], true]]], false],
  ]],
  [65013n, "funding", [
    ["channel", 1n, ["bytes", 32], true],
    ["amount", 2n, ["uint", 0n, 9223372036854775807n], true],
    ["fundedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
  ]],
  [65014n, "refund", [
    ["channel", 1n, ["bytes", 32], true],
    ["amount", 2n, ["uint", 0n, 9223372036854775807n], true],
    ["refundedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
  ]],
  [65015n, "status", [
    ["device", 1n, ["bytes", 32], true],
    ["nonce", 10n, ["bytes", 32], true],
    ["commandSeq", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["readingSeq", 3n, ["uint", 0n, 18446744073709551615n], true],
    ["reading", 4n, ["nullable", ["bytes", 32]], true],
    ["signedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["clockQuality", -70012n, ["uint", 0n, 3n], true],
    ["firmware", -70013n, ["text"], true],
    ["owned", 5n, ["row", ["generation", "owner"], [["uint", 1n, 18446744073709551615n], ["bytes", 32]]], false],
    ["acknowledged", 7n, ["uint", 0n, 18446744073709551615n], false],
  ]],
  [65016n, "revocation", [
    ["device", 1n, ["bytes", 32], true],
    ["reason", 2n, ["uint", 0n, 4n], true],
    ["revokedFrom", 6n, ["uint", 0n, 18446744073709551615n], true],
  ]],
  [65017n, "offer", [
    ["seller", 1n, ["bytes", 32], true],
    ["unit", 2n, ["text"], true],
    ["price", 3n, ["uint", 0n, 9223372036854775807n], true],
    ["asset", 4n, ["asset"], true],
    ["notAfter", 5n, ["uint", 0n, 18446744073709551615n], true],
    ["offeredAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["address", 7n, ["text"], false],
    ["left", 8n, ["uint", 0n, 9223372036854775807n], false],
  ]],
  [65018n, "checkpoint", [
    ["ledger", 1n, ["bytes", 32], true],
    ["rows", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["head", 3n, ["bytes", 32], true],
    ["signedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["root", 4n, ["bytes", 32], false],
    ["shards", 5n, ["list", ["row", ["rows", "head", "root"], [["uint", 0n, 18446744073709551615n], ["bytes", 32], ["bytes", 32]]]], false],
  ]],
  [65019n, "rotation", [
    ["device", 1n, ["bytes", 32], true],
    ["key", 8n, ["confirmation"], true],
    ["rotatedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["generation", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["seq", -70010n, ["uint", 0n, 18446744073709551615n], false],
    ["prev", -70011n, ["bytes", 32], false],
  ]],
  [65020n, "transfer", [
    ["device", 1n, ["bytes", 32], true],
    ["generation", 2n, ["uint", 1n, 18446744073709551615n], true],
    ["old", 3n, ["key"], true],
    ["new", 8n, ["confirmation"], true],
    ["signedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
  ]],
  [65021n, "delegation", [
    ["device", 1n, ["bytes", 32], true],
    ["generation", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["ops", 3n, ["list", ["text"]], true],
    ["notAfter", 5n, ["uint", 0n, 18446744073709551615n], true],
    ["signedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["operator", 8n, ["confirmation"], true],
  ]],
  [65022n, "division", [
    ["ledger", 1n, ["bytes", 32], true],
    ["number", 2n, ["uint", 0n, 18446744073709551615n], true],
    ["of", 3n, ["uint", 0n, 18446744073709551615n], true],
    ["dividedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
  ]],
  [65023n, "shift", [
    ["ledger", 1n, ["bytes", 32], true],
    ["device", 2n, ["bytes", 32], true],
    ["asset", 3n, ["text"], true],
    ["amount", 4n, ["uint", 0n, 9223372036854775807n], true],
    ["source", 5n, ["row", ["shard", "row"], [["uint", 0n, 18446744073709551615n], ["uint", 0n, 18446744073709551615n]]], true],
    ["shiftedAt", 6n, ["uint", 0n, 18446744073709551615n], true],
    ["target", 7n, ["row", ["shard", "row"], [["uint", 0n, 18446744073709551615n], ["uint", 0n, 18446744073709551615n]]], true],
  ]],
];

// Bytes and their texts. Past the decoder, byte strings are lower-case hexadecimal texts: they compare with ===.

/** What is wrong with bytes or values: `code` is a verdict code. */
class Rejected extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const malformed = (why) => new Rejected("malformed", why);
const notDeterministic = (why) => new Rejected("not_deterministic", why);

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

function fromHex(text) {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const startsWith = (bytes, start, at = 0) => start.every((byte, offset) => bytes[at + offset] === byte);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }); // takes no surrogates and no longer forms

/** Text of UTF-8, or null for what is none. */
function utf8(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Base58btc of bytes that do not begin with a zero. */
function base58(bytes) {
  let number = BigInt("0x" + toHex(bytes));
  let text = "";
  for (; number; number /= 58n) text = BASE58[Number(number % 58n)] + text;
  return text;
}

const byCode = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** The least of BigInts; null stands for none. */
function least(...values) {
  return values.reduce((best, value) => (best === null || (value !== null && value < best) ? value : best), null);
}

const greatest = (one, other) => (one > other ? one : other);

const LAST_SECOND = 253402300799n; // of the year 9999

/** Unix seconds as UTC, for people; "never" for null. */
function utc(unix) {
  if (unix === null) return "never";
  if (unix > LAST_SECOND) return `second ${unix}`;
  return new Date(Number(unix) * 1000).toISOString().replace("T", " ").replace(".000", "");
}

// SHA-256 (FIPS 180-4), at once: WebCrypto's waits for another thread, and a chain of ticks has a million hashes.
// Signatures are WebCrypto's to check, over the same bytes: it hashes them again.

const ROUND = Uint32Array.from(fractions(64, 3));
const START = Uint32Array.from(fractions(8, 2));

/** The first 32 bits of the fractions of the first primes' roots, square (2) or cube (3): FIPS 180-4 section 4.2. */
function fractions(count, root) {
  const primes = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime)) primes.push(number);
  }
  return primes.map((prime) => Number(integerRoot(BigInt(prime) << BigInt(32 * root), BigInt(root)) & 0xffffffffn));
}

/** The root of a number below 2 ** 120, rounded down. */
function integerRoot(number, root) {
  let low = 0n;
  let high = 1n << 60n;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** root <= number) low = middle;
    else high = middle - 1n;
  }
  return low;
}

const WORDS = new Uint32Array(64);

function compress(state, view, at) {
  const w = WORDS;
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + small0 + w[i - 7] + small1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const first = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** SHA-256 of bytes: 32 bytes. */
function sha256(bytes) {
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const state = START.slice();
  for (let at = 0; at < padded.length; at += 64) compress(state, view, at);
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  state.forEach((word, i) => out.setUint32(4 * i, word));
  return digest;
}

/** SHA-256 of 32 bytes, hashed again so many times in all. */
function hashChain(bytes, times) {
  const block = new Uint8Array(64);
  block.set(bytes);
  block[32] = 0x80;
  block[62] = 1; // 256 bits
  const view = new DataView(block.buffer);
  const state = new Uint32Array(8);
  for (let i = 0; i < times; i++) {
    state.set(START);
    compress(state, view, 0);
    for (let word = 0; word < 8; word++) view.setUint32(4 * word, state[word]);
  }
  return block.slice(0, 32);
}

const hashHex = (bytes) => toHex(sha256(bytes));

// Core deterministic CBOR without floats (RFC 8949 sections 3 and 4.2.1): one encoding of each value, and no other.
// Integers are BigInts, byte strings Uint8Arrays, arrays Arrays, maps Maps, tags instances of Tag.

class Tag {
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

/** Decode the one item that `data` is. Throws what comes first in it: malformed or not_deterministic. */
function decode(data) {
  if (data.length > MAX_SIZE) throw malformed(`${data.length} bytes, more than ${MAX_SIZE}`);
  const [value, end] = item(data, 0, MAX_DEPTH);
  if (end !== data.length) throw malformed(`${data.length - end} bytes after the item`);
  return value;
}

/** The item head at `at`: major type, additional information, argument, offset after it. Takes longer forms as well;
 * an argument of eight bytes is a BigInt. */
function head(data, at) {
  if (at >= data.length) throw malformed(`ends early, at byte ${at}`);
  const major = data[at] >> 5;
  const info = data[at] & 31;
  if (info < 24) return [major, info, info, at + 1];
  if (info === 31) return [major, info, 0, at + 1];
  if (info > 27) throw malformed(`reserved additional information at byte ${at}`);
  const end = at + 1 + (1 << (info - 24));
  if (end > data.length) throw malformed(`ends early, at byte ${data.length}`);
  let argument = 0;
  if (info === 27) argument = BigInt("0x" + toHex(data.subarray(at + 1, end)));
  else for (let i = at + 1; i < end; i++) argument = argument * 256 + data[i];
  return [major, info, argument, end];
}

// the smallest argument that each longer form may carry
const SMALLEST = { 24: 24, 25: 0x100, 26: 0x10000, 27: 0x100000000 };

function item(data, start, depth) {
  if (depth === 0) throw malformed(`nested deeper than ${MAX_DEPTH}, at byte ${start}`);
  const [major, info, argument, at] = head(data, start);
  if (major === 7) return [simple(info, start), at];
  if (info === 31) {
    if (major >= 2 && major <= 5) throw notDeterministic(`indefinite length at byte ${start}`);
    throw malformed(`reserved additional information at byte ${start}`);
  }
  if (info > 23 && argument < SMALLEST[info]) throw notDeterministic(`not in shortest form at byte ${start}`);
  if (major === 0) return [BigInt(argument), at];
  if (major === 1) return [-1n - BigInt(argument), at];
  const count = Number(argument); // of one past 2 ** 53 only the size matters
  if (major <= 3) return string(data, at, count, major === 3);
  if (major === 6) {
    if (!TAGS.includes(count)) throw malformed(`tag ${argument} is not in the profile, at byte ${start}`);
    const [value, end] = item(data, at, depth - 1);
    return [new Tag(count, value), end];
  }
  if (count > data.length - at) throw malformed(`ends early, at byte ${data.length}`);
  return major === 4 ? array(data, at, count, depth) : map(data, at, count, depth);
}

function simple(info, start) {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  const kind = info >= 25 && info <= 27 ? "float" : "simple value outside the profile";
  throw malformed(`${kind} at byte ${start}`);
}

function string(data, at, length, isText) {
  const end = at + length;
  if (end > data.length) throw malformed(`string longer than the input, at byte ${at}`);
  const raw = data.subarray(at, end);
  if (!isText) return [raw, end];
  const text = utf8(raw);
  if (text === null) throw malformed(`invalid UTF-8 at byte ${at}`);
  return [text, end];
}

function array(data, start, count, depth) {
  const items = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const [value, end] = item(data, at, depth - 1);
    items.push(value);
    at = end;
  }
  return [items, at];
}

function map(data, first, count, depth) {
  const result = new Map();
  let at = first;
  let before = new Uint8Array(0);
  for (let i = 0; i < count; i++) {
    const start = at;
    const [key, middle] = item(data, at, depth - 1);
    if (!isKey(key)) throw malformed(`map key that is no integer or string, at byte ${start}`);
    const raw = data.subarray(start, middle);
    const order = compare(raw, before);
    if (order <= 0) throw notDeterministic(`${order ? "map keys out of order" : "duplicate map key"} at byte ${start}`);
    before = raw;
    const [value, end] = item(data, middle, depth - 1);
    result.set(key, value);
    at = end;
  }
  return [result, at];
}

const isKey = (key) => typeof key === "bigint" || typeof key === "string" || key instanceof Uint8Array;

/** Bytewise order: negative, 0 or positive. */
function compare(one, other) {
  const size = Math.min(one.length, other.length);
  for (let at = 0; at < size; at++) if (one[at] !== other[at]) return one[at] - other[at];
  return one.length - other.length;
}

/** A head of a byte string in its shortest form. */
function stringHead(size) {
  if (size < 24) return [0x40 + size];
  if (size < 0x100) return [0x58, size];
  return size < 0x10000 ? [0x59, size >> 8, size & 255] : [0x5a, 0, size >> 16, (size >> 8) & 255, size & 255];
}

// A bundle: messages one after the other (a CBOR sequence, RFC 8742). What is no CBOR, or ends early, ends it.

const MESSAGE = [0xd2, 0x84]; // how every message begins: tag 18, an array of four
const BREAK = 0xff;

/** The buffer ends inside the item, which needs the bytes up to `end`. */
class Cut extends Error {
  constructor(end) {
    super("cut");
    this.end = end;
  }
}

/** The offset after the well-formed item at `start`; null where the data ends before it does. */
function itemEnd(data, start) {
  let end;
  let whole = true;
  try {
    end = skip(data, start, MAX_NESTING);
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    end = error.end;
    whole = false;
  }
  if (end - start > MAX_SIZE) throw malformed(`an item of more than ${MAX_SIZE} bytes`);
  return whole ? end : null;
}

function within(data, end) {
  if (end > data.length) throw new Cut(end);
  return end;
}

const byteAt = (data, at) => data[within(data, at + 1) - 1];

function skip(data, start, depth) {
  if (depth === 0) throw malformed(`nested deeper than ${MAX_NESTING}`);
  const [major, info, number, at] = looseHead(data, start);
  if (major === 6) return skip(data, at, depth - 1);
  if (major === 2 || major === 3) return info === 31 ? skipChunks(data, at, major) : within(data, at + Number(number));
  if (major === 4 || major === 5) return skipItems(data, at, info === 31 ? null : number, major - 3, depth);
  return at;
}

/** Past `count` elements of `each` items, or past the break where `count` is null. */
function skipItems(data, start, count, each, depth) {
  let at = start;
  for (let done = 0; count === null || done < count; done++) {
    if (count === null && byteAt(data, at) === BREAK) return at + 1;
    for (let i = 0; i < each; i++) at = skip(data, at, depth - 1);
  }
  return at;
}

function skipChunks(data, start, kind) {
  let at = start;
  while (byteAt(data, at) !== BREAK) {
    const [major, info, number, after] = looseHead(data, at);
    if (major !== kind || info === 31) throw malformed("an indefinite string of other than strings of its kind");
    at = within(data, after + Number(number));
  }
  return at + 1;
}

function looseHead(data, start) {
  const first = byteAt(data, start) & 31;
  if (first >= 24 && first <= 27) within(data, start + 1 + (1 << (first - 24)));
  const found = head(data, start);
  const [major, info, number] = found;
  if (info === 31 && (major < 2 || major > 5)) {
    throw malformed("reserved additional information, or a break out of place");
  }
  if (major === 7 && info === 24 && number < 32) throw malformed("a simple value in a form that is not well-formed");
  return found;
}

/** {messages: the bytes of each, cut: why the bundle ends badly, or null}. */
function split(data) {
  const messages = [];
  if (!beginsAsBundle(data)) return { messages, cut: "this is no bundle. Check that it is the file you mean" };
  let at = 0;
  while (at < data.length) {
    let end;
    try {
      end = itemEnd(data, at);
    } catch (error) {
      const where = `message ${messages.length}, at byte ${at}`;
      return { messages, cut: `${where}, is no CBOR item: ${error.message}` };
    }
    if (end === null) {
      const where = `message ${messages.length}, which begins at byte ${at}`;
      return { messages, cut: `the bundle ends in the middle of ${where}` };
    }
    messages.push(data.subarray(at, end));
    at = end;
  }
  return { messages, cut: null };
}

/** Whether a message is at the beginning, or after what is none: one bad message hides no good one. */
function beginsAsBundle(data) {
  const start = data.subarray(0, HEAD_BYTES);
  if (!start.length || startsWith(start, MESSAGE) || (start.length === 1 && start[0] === MESSAGE[0])) return true;
  if (isForeign(start)) return false;
  try {
    for (let at = 0, end; at < start.length; at = end) {
      end = itemEnd(start, at);
      if (end === null) return false;
      if (startsWith(start, MESSAGE, at)) return true;
    }
  } catch {
    // no CBOR, and no message up to there
  }
  return false;
}

// how files begin that are handed in as bundles: gzip, bzip2, xz, zstd, zip, SQLite, PDF, UTF-16
const FOREIGN = ["\x1f\x8b", "BZh", "\xfd7zXZ\0", "\x28\xb5\x2f\xfd", "PK\x03\x04", "SQLite format 3\0", "%PDF-"];
const WIDE = ["\xff\xfe", "\xfe\xff"];
const CONTROL = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** Whether a file that begins so is known to be something else. */
function isForeign(start) {
  const bytes = Array.from(start, (byte) => String.fromCharCode(byte)).join("");
  if ([...FOREIGN, ...WIDE].some((magic) => bytes.startsWith(magic))) return true;
  if (start.length >= 4 && (start[0] === 0 || start[1] === 0)) {
    const odd = start[1] === 0 ? 1 : 0;
    if (start.every((byte, at) => at % 2 !== odd || byte === 0)) return true; // UTF-16 without its mark
  }
  const text = bytes.startsWith("\xef\xbb\xbf") ? bytes.slice(3) : bytes;
  const whole = start.subarray(bytes.length - text.length);
  if (utf8(whole.subarray(0, Math.max(0, whole.length - 4))) === null) return false; // a character may be cut
  const shown = text.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "");
  return shown !== "" && !CONTROL.test(shown);
}

// P-256 public keys (device id: RFC 9679; did:key with multicodec p256-pub; UEID: RFC 9711), and their signatures.
// WebCrypto takes what it takes, so sizes, ranges and the curve's equation are looked at here first.

const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const CURVE_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"; // of the group
const ZERO = "0".repeat(64);
const SPKI_HEAD = "3059301306072a8648ce3d020106082a8648ce3d030107034200"; // RFC 5480: an EC key on P-256
const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const COSE_KEY_HEAD = Uint8Array.of(0xa4, 1, 2, 0x20, 1, 0x21, 0x58, 0x20); // {1: 2, -1: 1, -2: x, -3: y}
const COSE_KEY_Y = Uint8Array.of(0x22, 0x58, 0x20);
const MOST_KEPT = 8192;

const keysKept = new Map(); // by X || Y: roots and devices come again with every bundle
const outcomesKept = new Map(); // by key, digest and signature

function keep(kept, name, value) {
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(name, value);
  return value;
}

/** A point on P-256, checked. xy, id: hexadecimal, 64 and 32 bytes. */
class PublicKey {
  constructor(xy) {
    const bytes = fromHex(xy);
    const [x, y] = [bytes.subarray(0, 32), bytes.subarray(32)];
    this.xy = xy;
    this.id = hashHex(concat(COSE_KEY_HEAD, x, COSE_KEY_Y, y));
    this.kid = this.id.slice(0, 16);
    this.ueid = "01" + this.id;
    this.did = "did:key:z" + base58(concat([0x80, 0x24, 2 + (y[31] & 1)], x));
    this.loaded = null;
  }

  /** The key with these 64 bytes X || Y, hexadecimal. Throws malformed. */
  static of(xy) {
    const known = keysKept.get(xy);
    if (known) return known;
    if (xy.length !== 128) throw malformed(`a P-256 public key is 64 bytes X || Y, not ${xy.length / 2}`);
    const [x, y] = [BigInt("0x" + xy.slice(0, 64)), BigInt("0x" + xy.slice(64))];
    if (x >= PRIME || y >= PRIME) throw malformed("public key coordinates are not reduced modulo p");
    if ((y * y - x * x * x + 3n * x - CURVE_B) % PRIME) throw malformed("public key is not a point on P-256");
    return keep(keysKept, xy, new PublicKey(xy));
  }

  /** From a decoded COSE_Key with exactly kty, crv, x and y. Throws malformed. */
  static fromCose(key) {
    if (!(key instanceof Map) || key.size !== 4 || ![1n, -1n, -2n, -3n].every((label) => key.has(label))) {
      throw malformed("not a COSE_Key of kty, crv, x and y alone");
    }
    if (key.get(1n) !== 2n || key.get(-1n) !== 1n) throw malformed("not a COSE_Key of type EC2 on P-256");
    const parts = [key.get(-2n), key.get(-3n)];
    if (!parts.every((part) => part instanceof Uint8Array && part.length === 32)) {
      throw malformed("x and y of a P-256 COSE_Key are 32 bytes each");
    }
    return PublicKey.of(toHex(concat(...parts)));
  }

  /** From what people have: 64 bytes X || Y, a point of 65 bytes, or SubjectPublicKeyInfo as DER or PEM. */
  static fromBytes(bytes) {
    const pem = PUBLIC_KEY.exec(utf8(bytes) ?? "");
    let xy = pem ? toHex(fromBase64(pem[1])) : toHex(bytes);
    if (xy.startsWith(SPKI_HEAD)) xy = xy.slice(SPKI_HEAD.length);
    if (xy.length === 130 && xy.startsWith("04")) xy = xy.slice(2);
    return PublicKey.of(xy);
  }

  /** Whether `signature` (hexadecimal, r || s) is this key's over the bytes `signed`, whose SHA-256 is `digest`. */
  async verify(digest, signature, signed) {
    const parts = [signature.slice(0, 64), signature.slice(64)];
    if (signature.length !== 128 || parts.some((part) => part === ZERO || part >= ORDER)) return false;
    const name = this.xy + digest + signature;
    const known = outcomesKept.get(name);
    if (known !== undefined) return known;
    this.loaded ??= crypto.subtle.importKey("raw", fromHex("04" + this.xy), ALGORITHM, false, ["verify"]);
    const holds = await crypto.subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      await this.loaded,
      fromHex(signature),
      signed,
    );
    return keep(outcomesKept, name, holds);
  }
}

function fromBase64(text) {
  return Uint8Array.from(atob(text.replace(/\s/g, "")), (character) => character.charCodeAt(0));
}

// The schema's tables (above, made from the host's own) applied: one reader checks all.
// A rule is an array: its kind, then what it needs. `parseAs` gives the value or throws malformed.

const KINDS = {
  any: (value) => value,
  uint: (value, low, high) => {
    if (typeof value !== "bigint" || value < low || value > high) throw malformed(`not an integer in ${low}..${high}`);
    return value;
  },
  text: (value) => {
    if (typeof value !== "string") throw malformed("not text");
    return value;
  },
  asset: (value) => {
    if (!/^[!-~]{1,32}$/.test(KINDS.text(value))) {
      throw malformed("not an asset: 1 to 32 characters of printable ASCII, no spaces");
    }
    return value;
  },
  bytes: (value, size) => {
    if (!(value instanceof Uint8Array) || (size !== null && value.length !== size)) {
      throw malformed(size === null ? "not a byte string" : `not ${size} bytes`);
    }
    return toHex(value);
  },
  bool: (value) => {
    if (typeof value !== "boolean") throw malformed("neither false nor true");
    return value;
  },
  nullable: (value, rule) => (value === null ? null : parseAs(rule, value)),
  number: (value) => {
    if (typeof value === "bigint") return value;
    const pair = value instanceof Tag && value.number === DECIMAL_FRACTION_TAG ? value.value : null;
    if (Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "bigint")) {
      return { exponent: pair[0], mantissa: pair[1] };
    }
    throw malformed("neither an integer nor a decimal fraction of two integers");
  },
  list: (value, rule) => {
    if (!Array.isArray(value) || !value.length) throw malformed("not an array of at least one element");
    return value.map((one) => parseAs(rule, one));
  },
  pair: (value, rule) => {
    if (!Array.isArray(value) || value.length !== 2) throw malformed("not an array of two");
    return value.map((one) => parseAs(rule, one));
  },
  map: (value, rule) => {
    if (!(value instanceof Map) || !value.size) throw malformed("not a map of at least one entry");
    return new Map(Array.from(value, ([name, one]) => [KINDS.text(name), parseAs(rule, one)]));
  },
  struct: (value, fields) => read(fields, value),
  row: (value, names, rules) => {
    if (!Array.isArray(value) || value.length !== rules.length) throw malformed(`not an array of ${rules.length}`);
    return Object.fromEntries(names.map((name, at) => [name, parseAs(rules[at], value[at])]));
  },
  key: (value) => PublicKey.fromCose(value),
  confirmation: (value) => {
    if (!(value instanceof Map) || value.size !== 1 || !value.has(1n)) {
      throw malformed("not a confirmation of one COSE_Key");
    }
    return PublicKey.fromCose(value.get(1n));
  },
  certificate: (value) => embeddedCertificate(value),
  claims: (value, most, rule) => {
    if (!Array.isArray(value) || value.length > most) throw malformed(`not an array of at most ${most} claims`);
    const claims = value.map((one) => parseAs(rule, one));
    if (claims.some((claim, at) => at && claim.lane <= claims[at - 1].lane)) {
      throw malformed("the lanes of its claims do not rise: each may be there once, lowest first");
    }
    return claims;
  },
  outcome: (value, rule) => (value === true ? true : parseAs(rule, value)),
};

const parseAs = (rule, value) => KINDS[rule[0]](value, ...rule.slice(1));

/** An object from a decoded map; fields: rows of name, map key, rule, and whether required. Absent ones are null. */
function read(fields, value) {
  if (!(value instanceof Map)) throw malformed("not a map");
  const found = {};
  let count = 0;
  for (const [name, label, rule, required] of fields) {
    found[name] = null;
    if (value.has(label)) {
      count++;
      found[name] = named(`${name} (key ${label})`, () => parseAs(rule, value.get(label)));
    } else if (required) {
      throw malformed(`${name} (key ${label}) is missing`);
    }
  }
  if (count !== value.size) {
    const known = new Set(fields.map((field) => field[1]));
    throw malformed(`unknown key ${shown([...value.keys()].find((label) => !known.has(label)))}`);
  }
  return found;
}

/** What `make` gives; a fault of form names the place. */
function named(place, make) {
  try {
    return make();
  } catch (error) {
    if (error.code !== "malformed") throw error;
    throw malformed(`${place}: ${error.message}`);
  }
}

function shown(value) {
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
  return typeof value === "string" ? `'${value}'` : String(value);
}

// Messages: tagged COSE_Sign1 with ES256 (RFC 9052 sections 4.2 and 4.4, RFC 9053 section 2.1), read strictly.
// A signature is checked over the bytes received, never over a re-encoding.

const SIGN1_TAG = 18;
const ES256 = -7n;
const BEGIN = Uint8Array.from([0x84, 0x6a, ...new TextEncoder().encode("Signature1")]);

/** The bytes that are signed, with empty external_aad. */
function sigStructure(header, payload) {
  const [first, second] = [stringHead(header.length), stringHead(payload.length)];
  return concat(BEGIN, first, header, [0x40], second, payload);
}

/** One envelope as received. digest: of its Sig_structure, its only name; it and the signature are hexadecimal. */
function parseEnvelope(raw) {
  const tagged = decode(raw);
  if (!(tagged instanceof Tag) || tagged.number !== SIGN1_TAG) throw malformed("not a tagged COSE_Sign1 (tag 18)");
  const parts = tagged.value;
  if (!Array.isArray(parts) || parts.length !== 4) throw malformed("a COSE_Sign1 is an array of four");
  const [header, unprotected, payload, signature] = parts;
  if (!(header instanceof Uint8Array)) throw malformed("the protected header is not a byte string");
  if (!(unprotected instanceof Map) || unprotected.size) throw malformed("the unprotected header is not an empty map");
  if (!(payload instanceof Uint8Array)) throw malformed("the payload is not present as a byte string");
  if (!(signature instanceof Uint8Array) || signature.length !== 64) {
    throw malformed("the signature is not 64 bytes r || s");
  }
  const labels = decode(header);
  if (!(labels instanceof Map)) throw malformed("the protected header is not a map");
  if (labels.get(ALG) !== ES256) throw malformed("the algorithm in the protected header is not ES256");
  const signed = sigStructure(header, payload);
  return { raw, header: labels, payload, signature: toHex(signature), signed, digest: hashHex(signed) };
}

/** One signed message. body: what it says, an object of the schema's fields; type: its name there. */
class Message {
  constructor(envelope, type, kid, body) {
    this.raw = envelope.raw;
    this.digest = envelope.digest;
    this.kid = kid;
    this.type = type;
    this.body = body;
    this.signature = envelope.signature;
    this.signed = envelope.signed;
  }

  /** Whether the signature is this key's. */
  signedBy(key) {
    return key.verify(this.digest, this.signature, this.signed);
  }
}

const TYPES = new Map(MESSAGES.map((row) => [row[0], row]));

/** Any message of the schema. Throws malformed, not_deterministic or wrong_type; checks no signature. */
function parseMessage(raw) {
  const envelope = parseEnvelope(raw);
  const number = envelope.header.get(TYP);
  const row = TYPES.get(number); // of bigints: a text or true is none
  if (!row) throw new Rejected("wrong_type", `type ${shown(number)} in the protected header is none of Sealwright's`);
  return readAs(envelope, row);
}

function readAs(envelope, [, type, fields]) {
  return named(type, () => {
    if (type !== "reading") {
      const { kid } = read(HEADER, envelope.header);
      return new Message(envelope, type, kid, read(fields, decode(envelope.payload)));
    }
    const { kid, claims } = read(READING_HEADER, envelope.header);
    const records = parseAs(RECORDS, decode(envelope.payload));
    return new Message(envelope, type, kid, { ...read(fields, claims), records });
  });
}

/** A whole certificate inside another message. */
function embeddedCertificate(value) {
  if (!(value instanceof Uint8Array)) throw malformed("not a byte string");
  try {
    const envelope = parseEnvelope(value);
    const row = TYPES.get(envelope.header.get(TYP));
    if (row?.[1] !== "certificate") throw malformed(`type ${shown(envelope.header.get(TYP))}`);
    return readAs(envelope, row);
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    throw malformed(`not a certificate: ${error.message}`);
  }
}

// Certificates: a network's root, what it issues, and the rules of a chain.
// A fault is {code, why}; each function returns the first one, or null.

const fault = (code, why) => ({ code, why });

const RANK = new Map(Object.keys(REMEDIES).map((code, at) => [code, at]));

/** Of several faults the one whose code the verifier looks for first. */
function first(...faults) {
  return faults.reduce((best, one) => (one && (!best || RANK.get(one.code) < RANK.get(best.code)) ? one : best), null);
}

const isTestRoot = (root) => root.model !== null && root.model.startsWith(TEST_MODEL);

/** Whether a certificate's names are not those of its key. */
function identityFault(body) {
  if (body.subject === body.key.did && body.ueid === body.key.ueid) return null;
  return fault("bad_certificate", "its subject or ueid is not that of the key it certifies");
}

const isExpired = (body, at) => body.expires !== null && at >= body.expires;

/** What is wrong with `body` as issued by `issuer`, at unix time `at`; not its signature. */
function linkFault(body, issuer, at) {
  const wrong = identityFault(body) ?? authorityFault(body, issuer);
  if (wrong) return wrong;
  if (isExpired(body, at)) return fault("expired_certificate", `it expired at ${utc(body.expires)}`);
  if (body.issuedAt > at + CLOCK_SKEW) {
    return fault("not_yet_valid", `it was issued at ${utc(body.issuedAt)}, after now`);
  }
  if (body.network !== issuer.network) return fault("wrong_network", "it is for another network than its issuer's");
  return null;
}

function authorityFault(body, issuer) {
  const why =
    body.issuer !== issuer.key.did
      ? "it names another issuer than the key that signed it"
      : issuer.mayIssue === null
        ? "its issuer is certified as a device and may issue nothing"
        : body.mayIssue !== null && body.mayIssue >= issuer.mayIssue
          ? "its may-issue depth is not less than its issuer's"
          : null;
  return why === null ? null : fault("bad_certificate", why);
}

/** What forbids to rely on a root. */
function rootFault(root, at, allowTest) {
  if (isTestRoot(root) && !allowTest) return fault("test_root", "the chain ends in a root for emulated machines");
  if (isExpired(root, at)) return fault("expired_certificate", `the root expired at ${utc(root.expires)}`);
  return null;
}

/** Throws unless this is a self-signed certificate that may issue. */
async function checkRoot(root) {
  const { body } = root;
  let why = null;
  if (root.type !== "certificate") why = `a ${root.type}`;
  else if (identityFault(body) || body.issuer !== body.subject) why = "it is not issued by the key it certifies";
  else if (body.mayIssue === null) why = "it may issue nothing";
  else if (!(await root.signedBy(body.key))) why = "it is not signed by the key it certifies";
  if (why !== null) throw new Rejected("bad_certificate", `not a root: ${why}`);
}

/** {leaf} of a chain (leaf first; the root may end it or be left out) if it holds at unix time `at`; else {wrong}. */
async function checkChain(chain, roots, at, allowTest) {
  const links = [...chain];
  const last = links[links.length - 1].body;
  if (links.length > 1 && last.subject === last.issuer) links.pop(); // ours counts, not the copy that came along
  const wanted = links[links.length - 1].body.issuer;
  const root = roots.findLast((one) => one.body.key.did === wanted);
  if (!root) return { wrong: fault("unknown_signer", "the chain does not end in a root you trust") };
  let wrong = rootFault(root.body, at, allowTest);
  let issuer = root.body;
  for (const link of links.reverse()) {
    wrong ??= linkFault(link.body, issuer, at);
    if (!wrong && !(await link.signedBy(issuer.key))) {
      wrong = fault("bad_signature", "a certificate of the chain is not signed by its issuer");
    }
    if (wrong) return { wrong };
    issuer = link.body;
  }
  return { leaf: issuer };
}

const ARMOUR = /-----BEGIN SEALWRIGHT CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END SEALWRIGHT CERTIFICATE-----/g;

/** The roots in files: certificates as bytes, or text armour (RFC 7468) around any number. Throws bad_certificate. */
async function readRoots(files) {
  const found = [];
  for (const bytes of files) {
    const texts = startsWith(bytes, MESSAGE) ? [] : [...(utf8(bytes) ?? "").matchAll(ARMOUR)];
    const raws = startsWith(bytes, MESSAGE) ? [bytes] : texts.map((one) => fromBase64(one[1]));
    if (!raws.length) throw new Rejected("bad_certificate", "a root holds no SEALWRIGHT CERTIFICATE");
    for (const raw of raws) {
      const root = parseMessage(raw);
      await checkRoot(root);
      found.push(root);
    }
  }
  return found;
}

// The lines of keys: a device's certificate, its first rotation, its second, and so on to the key it signs with now.
// A device keeps the id of its first key. Of two rotations that contradict each other the first counts.

const SUPERSEDED_KEY = "superseded_key";
const EQUIVOCATION = "equivocation";

class Lines {
  constructor() {
    this.turns = new Map(); // device id -> its rotations, oldest first
    this.devices = new Map(); // kid of a key that was signed in -> its device's id
  }

  of(device) {
    return this.turns.get(device) ?? [];
  }

  /** The device that rotated to the key with this id, or with an id that begins so. */
  deviceOf(key) {
    const found = this.devices.get(key.slice(0, 16));
    if (found === undefined || !this.of(found).some((turn) => turn.key.id.startsWith(key))) return null;
    return found;
  }

  /** Note a rotation that was judged. */
  add({ body, digest }) {
    const line = this.of(body.device);
    if (body.generation !== BigInt(line.length + 1)) return;
    const turn = { generation: body.generation, key: body.key, seq: body.seq ?? 0n, prev: body.prev, digest };
    this.turns.set(body.device, [...line, turn]);
    if (!this.devices.has(body.key.kid)) this.devices.set(body.key.kid, body.device);
  }

  /** Faults of reading `seq` by the key of this generation. */
  readingFault(device, generation, seq, digest) {
    const line = this.of(device);
    const due = BigInt(line.filter((turn) => turn.seq < seq).length);
    if (generation < due) {
      return fault(SUPERSEDED_KEY, `its key was rotated away after reading ${line[Number(generation)].seq}`);
    }
    if (generation > due) {
      return fault("not_yet_valid", `its key was signed in after reading ${line[Number(due)].seq}`);
    }
    if (line.some((turn) => turn.seq === seq && turn.prev !== null && turn.prev !== digest)) {
      return fault(EQUIVOCATION, `a rotation of its device names another reading ${seq}`);
    }
    return null;
  }

  /** The fault of a message without a number, by the key of this generation. */
  superseded(device, generation) {
    if (generation === BigInt(this.of(device).length)) return null;
    return fault(SUPERSEDED_KEY, "its device has rotated this key away");
  }

  /** Faults of a rotation whose signature holds, by the key of this generation. firstKey: the device's. */
  rotationFault({ body, digest }, firstKey, generation, now) {
    const line = this.of(body.device);
    let why = "";
    if (body.generation !== generation + 1n) {
      const number = generation + 1n;
      why = `it is number ${body.generation}, and the key that signed it signs number ${number} alone`;
    } else if (generation < line.length) {
      if (line[Number(generation)].digest === digest) return null;
      return fault(EQUIVOCATION, `its signer signed another rotation ${body.generation}`);
    } else if (body.generation > MOST_ROTATIONS) {
      why = `a device has ${MOST_ROTATIONS} rotations at most`;
    } else if (body.key.xy === firstKey.xy || line.some((turn) => turn.key.xy === body.key.xy)) {
      why = "its new key is one that the device had before";
    } else if (line.length && (body.seq ?? 0n) < line[line.length - 1].seq) {
      why = `it stands before reading ${line[line.length - 1].seq}, as the rotation before it does not`;
    }
    if (why) return fault("bad_rotation", why);
    if (body.rotatedAt <= now + CLOCK_SKEW) return null;
    return fault("not_yet_valid", `its time is ${utc(body.rotatedAt)}, after now`);
  }
}

// What the messages of one bundle have shown so far.

class Memory {
  /** heads: by device id the newest entry {seq, digest, at} of its log that an earlier bundle showed. */
  constructor(heads = new Map()) {
    this.earlier = heads;
    this.known = new Map(); // channel -> {terms, lanes, numbers, closes, isEnding}
    this.vouchers = new Map();
    this.taken = new Set();
    this.revoked = new Map();
    this.ends = new Map(); // of logs, as checkpoints state them
    this.fundings = new Set();
    this.heads = new Map();
    this.logs = new Map(); // signer -> number -> digest of the first entry with it
    this.steps = new Map();
    this.delegations = new Map();
  }

  seen = (digest) => this.taken.has(digest);

  channel = (digest) => this.known.get(digest)?.terms ?? null;

  lane = (channel, number) => this.known.get(channel).lanes.get(number) ?? null;

  /** The digest of the voucher that came first with this number. */
  numbered = (channel, lane, seq) => this.known.get(channel).numbers.get(`${lane} ${seq}`) ?? null;

  voucher = (digest) => this.vouchers.get(digest) ?? null;

  /** The first close that this party signed. */
  close = (channel, signer) => this.known.get(channel)?.closes.get(signer) ?? null;

  revokedFrom = (device) => this.revoked.get(device) ?? null;

  delegation = (digest) => this.delegations.get(digest) ?? null;

  head = (signer) => this.heads.get(signer) ?? null;

  /** The digest of the entry of this bundle that came first with this number of a signer's log. */
  ofBundle = (signer, seq) => this.logs.get(signer)?.get(seq) ?? null;

  entry(signer, seq) {
    const earlier = this.earlier.get(signer);
    return earlier?.seq === seq ? earlier.digest : this.ofBundle(signer, seq);
  }

  /** For each shard what the checkpoint that came first says of as many rows of its log. */
  endsBefore(shown) {
    return endsOf(shown).map((end, shard) => setDefault(this.ends, `${shown.ledger} ${shard} ${end.rows}`, end));
  }

  /** Every channel, and what is owed in it: what its accepted vouchers are worth, at most the capacity. */
  channels() {
    return Array.from(this.known.values(), ({ terms, lanes, isEnding }) => {
      const { digest, payer, payee, asset, capacity, expires } = terms;
      const worth = [...lanes.values()].reduce((sum, lane) => sum + lane.worth, 0n);
      return { digest, payer, payee, asset, capacity, expires, owed: least(capacity, worth), closed: isEnding };
    });
  }

  keep = (digest) => this.taken.add(digest);

  keepChannel(terms) {
    const funded = this.isFunded(terms);
    const known = { lanes: new Map(), numbers: new Map(), closes: new Map(), isEnding: false };
    setDefault(this.known, terms.digest, { terms: { ...terms, funded }, ...known });
  }

  /** Note that a ledger has funded a channel, which may still be unknown. */
  keepFunding(funding, ledger) {
    this.fundings.add(`${funding.channel} ${ledger} ${funding.amount}`);
    const known = this.known.get(funding.channel);
    if (known) known.terms = { ...known.terms, funded: true };
  }

  isFunded = (terms) => this.fundings.has(`${terms.digest} ${terms.ledger} ${terms.capacity}`);

  /** Note the payer's voucher, and its lane as it is afterwards. */
  keepVoucher({ body, digest }, lane) {
    this.vouchers.set(digest, body);
    setDefault(this.known.get(body.channel).numbers, `${body.lane} ${body.seq}`, digest);
    this.keepLane(body.channel, body.lane, lane);
  }

  keepLane(channel, number, lane) {
    if (lane) this.known.get(channel).lanes.set(number, lane);
  }

  keepClose(close, signer, byEarlierKey) {
    const known = this.known.get(close.channel);
    known.isEnding = true;
    if (!byEarlierKey) setDefault(known.closes, signer, close);
  }

  keepRevocation(device, start) {
    this.revoked.set(device, least(start, this.revokedFrom(device)));
  }

  /** Note a transfer of ownership. */
  keepStep(device, step) {
    const known = setDefault(this.steps, device, []);
    if (known.length < MOST_STEPS) known.push(step);
  }

  /** Note an entry of a signer's log, and the newest: after a gap the log goes on from there. */
  keepEntry(signer, entry) {
    setDefault(setDefault(this.logs, signer, new Map()), entry.seq, entry.digest);
    const newest = this.heads.get(signer);
    if (newest && entry.seq <= newest.seq) return;
    this.heads.set(signer, { ...entry, at: entry.at ?? newest?.at ?? null });
  }
}

function setDefault(map, key, value) {
  if (!map.has(key)) map.set(key, value);
  return map.get(key);
}

// Who may sign: the roots, and every certificate under them. A kid is a hint: each key that has it is tried.
// A certificate that does not hold for a lasting reason is remembered with it: its messages are refused for that.

/** A certified key, or the one that it was rotated to (turn), and whether the signature at hand is its.
 * known: {certificate, ends: when the first of its chain expires, above: ids of its issuers, isRoot, fault}. */
class Signer {
  constructor(known, verified, turn = null) {
    this.known = known;
    this.verified = verified;
    this.certificate = known.certificate;
    this.key = turn ? turn.key : known.certificate.key;
    this.id = known.certificate.key.id; // of the device's first key
    this.turn = turn;
    this.generation = turn ? turn.generation : 0n;
    this.isLedger = isLedger(known.certificate);
  }
}

const isLedger = (certificate) => ((certificate.roles ?? 0n) & ROLE_LEDGER) !== 0n;

class Signers {
  constructor(roots, policy) {
    this.policy = policy;
    this.byKid = new Map();
    this.roots = new Set(roots.map((root) => root.digest));
    this.lines = new Lines();
    for (const { body } of roots) {
      this.accept({ certificate: body, ends: body.expires, above: [], isRoot: true, fault: null });
    }
  }

  withKid = (kid) => this.byKid.get(kid) ?? [];

  accept(added) {
    const sameKid = setDefault(this.byKid, added.certificate.key.kid, []);
    const at = sameKid.findIndex((old) => sameSubject(old.certificate, added.certificate));
    if (at < 0) {
      sameKid.push(added);
      return;
    }
    const old = sameKid[at];
    if (!added.fault && (old.fault || (!old.isRoot && renews(added, old)))) sameKid[at] = added;
  }

  /** The key that signed, or the likeliest one unverified; a fault where no known key has this kid. */
  async find(message) {
    const candidates = this.candidates(message.kid);
    const network = message.type === "channel-open" ? message.body.network : null;
    const signers = [];
    for (const known of candidates) {
      const signer = await this.signerOf(known, message);
      if (signer) signers.push(signer);
    }
    if (!signers.length) {
      if (candidates.length) return new Signer(candidates[0], false);
      return fault("unknown_signer", "no accepted certificate has this key");
    }
    // a key certified in two networks signs in the one that its message names, or where it holds
    const rank = (one) => 2 * (one.certificate.network !== network) + (this.standing(one.known) !== null);
    return signers.reduce((best, one) => (rank(one) < rank(best) ? one : best));
  }

  /** Whose messages may have this hint: that of a device's first key, as devices do it, or that of a later one. */
  candidates(kid) {
    const device = this.lines.deviceOf(kid);
    return device === null ? this.withKid(kid) : [...this.withKid(kid), ...this.certificatesOf(device)];
  }

  certificatesOf = (device) => this.withKid(device.slice(0, 16)).filter((known) => known.certificate.key.id === device);

  /** The key of this device that signed, the newest first; null where none did. */
  async signerOf(known, message) {
    for (const turn of [...this.lines.of(known.certificate.key.id)].reverse()) {
      if (await message.signedBy(turn.key)) return new Signer(known, true, turn);
    }
    return (await message.signedBy(known.certificate.key)) ? new Signer(known, true) : null;
  }

  /** The key that signed, if it is one of this device's. */
  async signerFor(message, device) {
    for (const known of this.candidates(message.kid)) {
      const signer = known.certificate.key.id === device ? await this.signerOf(known, message) : null;
      if (signer) return signer;
    }
    return null;
  }

  /** The first thing against a signature by `signer`; the custody of issuers does not matter. */
  fault(signer, issuing = false) {
    return first(
      this.standing(signer.known),
      issuing ? null : this.custody(signer.certificate, signer.turn),
      signatureFault(signer),
    );
  }

  /** Why the certificate does not hold now. */
  standing({ certificate, ends, isRoot, fault: refused }) {
    const { allowTest, now, network } = this.policy;
    if (refused) return fault(refused.code, `its signer's certificate was refused: ${refused.why}`);
    if (isRoot && isTestRoot(certificate) && !allowTest) {
      return fault("test_root", "its chain ends in a root for emulated machines");
    }
    if (ends !== null && now >= ends) {
      return fault("expired_certificate", `a certificate of its signer's chain expired at ${utc(ends)}`);
    }
    if (network !== null && certificate.network !== network) {
      return fault("wrong_network", "its signer is certified for another network");
    }
    return null;
  }

  custody(certificate, turn = null) {
    const floor = this.policy.custody;
    if (turn && certificate.custody === ELEMENT && floor) {
      return fault("custody_too_low", "its key was rotated, and nothing proves that a chip keeps the new one");
    }
    if (certificate.custody >= floor) return null;
    return fault("custody_too_low", `the key has custody ${certificate.custody}, you demand ${floor}`);
  }

  /** Accept a certificate into the known ones, or return what is wrong with it. */
  async certify(message) {
    const { body } = message;
    const issuer = await this.find(message);
    if (!(issuer instanceof Signer)) return issuer;
    let above = [];
    let wrong = this.fault(issuer, true);
    if (!this.roots.has(message.digest)) {
      above = [issuer.id, ...issuer.known.above];
      wrong = first(
        wrong,
        linkFault(body, issuer.certificate, this.policy.now),
        this.rival(body, above),
        body.mayIssue === null && !body.roles ? this.custody(body) : null,
      );
    }
    const known = { certificate: body, ends: least(body.expires, issuer.known.ends), above, isRoot: false };
    // a device whose custody is too low is known all the same: its messages are refused for that
    if (!wrong || (wrong.code === "custody_too_low" && issuer.verified)) this.accept({ ...known, fault: null });
    else if (LASTING.includes(wrong.code)) this.accept({ ...known, fault: wrong });
    return wrong;
  }

  /** Only its issuer, or one above that, renews a certificate: else any issuer could void another's devices. */
  rival(body, above) {
    const isRival = (old) =>
      sameSubject(old.certificate, body) && !old.fault && !old.isRoot && !old.above.includes(above[0]);
    if (!this.withKid(body.key.kid).some(isRival)) return null;
    const why = "another issuer certified this key, and only that one or one above renews it";
    return fault("bad_certificate", why);
  }

  /** What certifies the key with this device id, whether it holds or not. */
  knownDevice = (device) => this.certificatesOf(device)[0] ?? null;
}

/** The fault of a signature that is not the signer's. */
function signatureFault(signer) {
  return signer.verified ? null : fault("bad_signature", "its signature is not its signer's");
}

const sameSubject = (one, other) => one.key.xy === other.key.xy && one.network === other.network;

/** A newer certificate by the same issuer counts, and any by an issuer above that one. */
function renews(added, old) {
  if (!added.above.length || !old.above.includes(added.above[0])) return false;
  return added.above[0] !== old.above[0] || added.certificate.issuedAt > old.certificate.issuedAt;
}

// The rules of channels. A payer's signature can only raise what it owes: a lane is worth the most that any accepted
// voucher of it is worth, and capacity caps what is paid. A finding is {fault, device, signer, note, lane, ...}.

const NOTHING_FOUND = {
  fault: null,
  device: null,
  signer: null,
  note: null,
  lane: null,
  terms: null,
  mark: "",
  byEarlierKey: false,
};
const finding = (found) => ({ ...NOTHING_FOUND, ...found });

const UNKNOWN_CHANNEL = fault("unknown_channel", "its channel is not known here yet");
const BY_AN_OLD_KEY =
  "its device has rotated this key away: it opens the window and gives nothing up. For a refund at once settle what " +
  "`sealwright collect` brings from the device, signed by its key of now";

/** The terms of a channel. leastWindow: the least dispute window in force, seconds. */
function termsOf(body, digest, leastWindow) {
  const { payer, payee, asset, capacity, expires, ledger } = body;
  const window = least(greatest(body.disputeWindow ?? 0n, leastWindow), MAX_WINDOW);
  const claimEnd = least(expires + window, FAR);
  return { digest, payer, payee, asset, capacity, expires, window, ledger, claimEnd, funded: false };
}

function judgeOpen(body, terms, signer, now) {
  if (now >= terms.claimEnd) return fault("expired", `the claim in this channel ended at ${utc(terms.claimEnd)}`);
  if (signer === body.payer) return null;
  return fault("not_a_party", "a channel is opened by its payer, and another key signed");
}

// SHA-256, so many times. The same chain comes again with every receipt of its lane.
const chainsKept = new Map();

function hashTimes(value, times) {
  const name = `${value} ${times}`;
  return chainsKept.get(name) ?? keep(chainsKept, name, toHex(hashChain(fromHex(value), Number(times))));
}

/** Whether `value` is tick `number` of the chain: so many times hashed it is the root. */
const tickHolds = (ticks, { number, value }) =>
  number <= ticks.count && number <= MAX_TICKS && hashTimes(value, number) === ticks.root;

/** Judge a voucher whose signature by `signer` holds. circumstances: {now, unlocked: hash-locks, ticks: by root}. */
function judgeVoucher(voucher, digest, signer, known, circumstances) {
  const terms = known.channel(voucher.channel);
  const wrong = validityFault(voucher, terms, circumstances.now) ?? (terms ? null : UNKNOWN_CHANNEL);
  if (wrong) return finding({ fault: wrong });
  if (signer !== terms.payer) {
    return finding({ fault: fault("not_a_party", "vouchers are the payer's to sign, and another key did") });
  }
  const bad = shapeFault(voucher, circumstances);
  if (bad) return finding({ fault: bad });
  const { ticks } = voucher;
  const revealed = ticks ? (circumstances.ticks.get(ticks.root)?.number ?? 0n) : 0n;
  return compareVoucher(voucher, digest, known, voucher.amount + (ticks ? ticks.value * revealed : 0n));
}

function validityFault(voucher, terms, now) {
  if (voucher.notBefore !== null && now < voucher.notBefore) {
    return fault("not_yet_valid", `it begins to hold at ${utc(voucher.notBefore)}`);
  }
  if (voucher.notAfter !== null && now > voucher.notAfter) {
    return fault("expired", `it held until ${utc(voucher.notAfter)}`);
  }
  return terms && now >= terms.claimEnd ? claimEnded(terms) : null;
}

const claimEnded = (terms) => fault("expired", `the claim in its channel ended at ${utc(terms.claimEnd)}`);

/** What the voucher says of itself and cannot be settled. */
function shapeFault({ hashLock, merges, lane, ticks }, circumstances) {
  if (hashLock !== null && !circumstances.unlocked.has(hashLock)) {
    return fault("lock_missing", "it is locked and no secret given opens it");
  }
  if (merges) {
    const why = "it merges other lanes, and what such a voucher is worth would depend on the order";
    return fault("bad_merge", why);
  }
  if (lane >= MAX_LANES) return fault("bad_lane", `lane ${lane}, where a channel has lanes 0 to ${MAX_LANES - 1n}`);
  if (!ticks) return null;
  if (ticks.count < 1n || ticks.count > MAX_TICKS) {
    return fault("bad_tick", `${ticks.count} ticks, where 1 to ${MAX_TICKS} are possible`);
  }
  const best = circumstances.ticks.get(ticks.root);
  if (!best || tickHolds(ticks, best)) return null;
  return fault("bad_tick", `tick ${best.number} does not hash to the root of the chain`);
}

/** The voucher beside the best of its lane: the higher worth stays, whatever the numbers say. */
function compareVoucher(voucher, digest, known, worth) {
  const { channel, lane, seq } = voucher;
  const best = known.lane(channel, lane);
  const raised = !best || worth > best.worth ? { seq, worth, voucher: digest } : null;
  const other = known.numbered(channel, lane, seq);
  if (other !== null && other !== digest) {
    const why = `its payer signed another voucher with number ${seq} of lane ${lane}; the higher counts`;
    return finding({ fault: fault(EQUIVOCATION, why), lane: raised });
  }
  if (raised) {
    const why = `number ${seq} pays more than number ${best?.seq} of its lane, and counts`;
    return finding({ note: best && seq < best.seq ? fault("ok", why) : null, lane: raised });
  }
  if (seq > best.seq && worth < best.worth) {
    const why = `number ${seq} says ${worth} where number ${best.seq} says ${best.worth}; nothing moves`;
    return finding({ fault: fault("amount_decreased", why) });
  }
  if (digest === best.voucher || seq > best.seq) return finding();
  const why = `number ${best.seq} of its lane pays as much or more: nothing moves`;
  return finding({ note: fault("superseded", why) });
}

function judgeReceipt(body, signer, known) {
  const terms = known.channel(body.channel);
  if (!terms) return UNKNOWN_CHANNEL;
  if (signer !== terms.payee) {
    return fault("not_a_party", "a receipt is the payee's to give, and another key signed");
  }
  const voucher = known.voucher(body.voucher);
  if (!voucher || ["channel", "lane", "seq", "amount"].some((name) => voucher[name] !== body[name])) {
    return fault("receipt_mismatch", "the voucher it acknowledges is not known here yet, or says something else");
  }
  if (body.tick && !(voucher.ticks && tickHolds(voucher.ticks, body.tick))) {
    return fault("bad_tick", "the tick it reveals is not of its voucher's chain");
  }
  return null;
}

/** Judge a close whose signature by `signer` holds. byEarlierKey: by a key that the party has rotated away. */
function judgeClose(body, signer, known, now, byEarlierKey) {
  const terms = known.channel(body.channel);
  if (!terms) return finding({ fault: UNKNOWN_CHANNEL });
  if (signer !== terms.payer && signer !== terms.payee) {
    const why = "only payer or payee closes a channel, and another key signed";
    return finding({ fault: fault("not_a_party", why) });
  }
  if (now >= terms.claimEnd) return finding({ fault: claimEnded(terms) });
  if (byEarlierKey) {
    const givesUp = signer === terms.payee && body.claims !== null;
    return finding({ note: givesUp ? fault("ok", BY_AN_OLD_KEY) : null, byEarlierKey });
  }
  const earlier = known.close(body.channel, signer);
  if (!earlier || sameClaims(earlier.claims, body.claims)) return finding();
  const why = "the same party signed a close with other claims; the first one counts";
  return finding({ fault: fault(EQUIVOCATION, why) });
}

function sameClaims(one, other) {
  if (one === null || other === null) return one === other;
  const same = (claim, at) => ["lane", "seq", "amount", "voucher"].every((name) => claim[name] === other[at][name]);
  return one.length === other.length && one.every(same);
}

// Gap-proof logs, of each device's readings and of each issuer's factory: numbers rise by one, and each message names
// the digest of the one before it. An entry is {seq, digest, at}: at is its time, where its clock was set.

const isEntry = (message) => message.type === "reading" || message.type === "factory-record";
const nounOf = (message) => (message.type === "reading" ? "reading" : "record");

/** The time of a reading whose clock was set, unix seconds. */
const timeOf = ({ type, body }) => (type === "reading" && body.clockQuality >= CLOCK_SET ? body.sampledAt : null);

/** Faults: equivocation (another message with the newest number), gap. head: null starts a log anywhere. */
function judgeEntry(message, head) {
  const { seq, prev } = message.body;
  const noun = nounOf(message);
  if (noun === "reading" && (seq === 0n || (prev === null) !== (seq === 1n))) {
    return fault("gap", `${noun} ${seq} does not name the one before it as number 2 and up do`);
  }
  if (!head) return null;
  if (seq === head.seq && message.digest !== head.digest) {
    return fault(EQUIVOCATION, `its signer signed another ${noun} with number ${seq}`);
  }
  if (seq !== head.seq + 1n) return fault("gap", `${noun} ${seq} follows ${noun} ${head.seq}`);
  if (prev === head.digest) return null;
  return fault("gap", `${noun} ${seq} continues another ${noun} ${head.seq} than the one before it`);
}

/** What is odd about a reading's time, {mark, why}: "unset", "ahead" of now or "back". */
function timeNote(message, head, latest) {
  const at = timeOf(message);
  if (at === null) return { mark: "unset", why: "" };
  if (at > latest) {
    const why = `Its time ${utc(at)} is after now, though its device says that its clock was set`;
    return { mark: "ahead", why };
  }
  if (!head || head.at === null || at >= head.at) return { mark: "", why: "" };
  const before = `${utc(head.at)}, that of the reading before it`;
  return { mark: "back", why: `Its time ${utc(at)} is before ${before}: its device's clock went back` };
}

// Messages by keys that need no certificate: a device's evidence speaks for its own key, an owner is known by its key.

const AGAIN = "the same message came before";

/** Certificates may come again; everything else counts once. */
const replayFault = (message, memory) => (memory.seen(message.digest) ? fault("replay", AGAIN) : null);

async function judgeEvidence(message, memory) {
  const { key, ueid } = message.body;
  const wrong =
    first(
      ueid === key.ueid ? null : fault("bad_certificate", "its ueid is not that of its key"),
      (await message.signedBy(key)) ? null : fault("bad_signature", "its own key did not sign it"),
    ) ?? replayFault(message, memory);
  const why = "It proves that the device has this key, and nothing about which device it is";
  return finding({ fault: wrong, device: key.id, signer: key.id, note: wrong ? null : fault("ok", why) });
}

/** What an owner signs, or an operator in the owner's place. */
async function judgeOwner(message, policy, memory) {
  if (message.type === "transfer") return judgeTransfer(message, policy, memory);
  if (message.type !== "command" || message.body.delegation === null) return judgeOrder(message, policy, memory);
  const found = await judgeDelegated(message, memory.delegation(message.body.delegation), policy);
  return { ...found, fault: found.fault ?? replayFault(message, memory) };
}

async function judgeOrder(message, policy, memory) {
  const { device = null, notAfter = null } = message.body;
  const owners = policy.owners.filter((key) => key.kid === message.kid);
  if (!owners.length) {
    return finding({ fault: fault("unknown_signer", "no owner known here has this key"), device });
  }
  let signer = null;
  for (const key of owners) if (!signer && (await message.signedBy(key))) signer = key;
  if (!signer) return finding({ fault: fault("bad_signature", "its owner's key did not sign it"), device });
  let wrong = replayFault(message, memory);
  if (!wrong && notAfter !== null && policy.now > notAfter) wrong = fault("expired", `it held until ${utc(notAfter)}`);
  return finding({ fault: wrong, device, signer: signer.id });
}

async function judgeDelegated(message, given, policy) {
  const { body } = message;
  if (!given) {
    const why = "the delegation that it names is not known here";
    return finding({ fault: fault("unknown_signer", why), device: body.device });
  }
  const ends = least(given.notAfter, body.notAfter);
  const wrong = first(
    (await message.signedBy(given.operator)) ? null : fault("bad_signature", "its operator's key did not sign it"),
    given.device === body.device ? null : fault("not_a_party", "its delegation is for another device"),
    given.ops.includes(body.op)
      ? null
      : fault("not_delegated", `its delegation does not name ${shown(body.op)}`),
    policy.now <= ends ? null : fault("expired", `it held until ${utc(ends)}`),
  );
  return finding({ fault: wrong, device: body.device, signer: given.operator.id });
}

const stepOf = (body) => ({ generation: body.generation, old: body.old.xy, next: body.new.xy });

/** A bundle knows no grant as the ledger does: a transfer is held against the others of its device. */
async function judgeTransfer(message, policy, memory) {
  const { body } = message;
  const device = body.device;
  if (message.kid !== body.old.kid || !(await message.signedBy(body.old))) {
    return finding({ fault: fault("bad_signature", "the owner that it names did not sign it"), device });
  }
  const steps = memory.steps.get(device) ?? [];
  const before = steps.filter((one) => one.generation === body.generation - 1n).map((one) => one.next);
  const after = steps.filter((one) => one.generation === body.generation + 1n).map((one) => one.old);
  let wrong = replayFault(message, memory);
  let note = null;
  if (!wrong && body.generation > MOST_TRANSFERS) {
    wrong = fault("not_the_owner", `no device changes hands more than ${MOST_TRANSFERS} times`);
  }
  if (!wrong) {
    const broken =
      (before.length && !before.includes(body.old.xy)) || (after.length && !after.includes(body.new.xy));
    const isKnown = policy.owners.some((key) => key.xy === body.old.xy);
    if (broken) wrong = fault("not_the_owner", "the grant, and the transfers before it, name another owner");
    else if (!isKnown && !before.length) {
      note = fault("ok", "It proves that this key gave the device away, and not that it owned it");
    }
  }
  const step = stepOf(body);
  const isRival = (one) => one.generation === step.generation && one.old === step.old && one.next !== step.next;
  if (!wrong && steps.some(isRival)) {
    const why = `its signer gave the device to another one too, as owner ${body.generation}`;
    wrong = fault(EQUIVOCATION, why);
  }
  return finding({ fault: wrong, device, signer: body.old.id, note: wrong ? null : note });
}

// What only some keys may say: issuers grant and revoke, ledgers fund and refund, devices speak for themselves.
// Each function returns the fault of a message whose signature by `signer` holds, or null.

async function grantFault({ body }, signer, signers, roots, policy) {
  if (body.issuedAt > policy.now + CLOCK_SKEW) {
    return fault("not_yet_valid", `it was granted at ${utc(body.issuedAt)}, after now`);
  }
  const { leaf, wrong } = await checkChain(body.chain, roots, policy.now, policy.allowTest);
  if (wrong) return fault(wrong.code, `its chain: ${wrong.why}`);
  if (leaf.key.id !== body.device) {
    return fault("bad_certificate", "its chain certifies another device than it grants to");
  }
  const [, ...issuers] = body.chain;
  const above = [body.chain[body.chain.length - 1].body.issuer, ...issuers.map((link) => link.body.subject)];
  const known = signers.knownDevice(body.device);
  const isRival = known && !known.fault && !known.above.includes(signer.id);
  if (isRival || !above.includes(signer.key.did)) {
    return fault("bad_certificate", "another issuer certified this device");
  }
  return networkFault(body.network, leaf.network);
}

function revocationFault({ body }, signer, signers, now) {
  if (body.revokedFrom > now + CLOCK_SKEW) {
    return fault("not_yet_valid", `it counts from ${utc(body.revokedFrom)} on`);
  }
  const known = signers.knownDevice(body.device);
  if (!known && !signer.known.isRoot) {
    return fault("unknown_signer", "no certificate of the device that it revokes is known here yet");
  }
  if (known && !known.above.includes(signer.id)) {
    return fault("bad_certificate", "only the device's issuer, or one above it, revokes it");
  }
  return null;
}

/** Of a funding or a refund. */
function fundingFault({ type, body }, ledger, memory) {
  const terms = memory.channel(body.channel);
  if (!terms) return UNKNOWN_CHANNEL;
  if (terms.ledger !== null && terms.ledger !== ledger) {
    return fault("wrong_ledger", "its channel names another ledger");
  }
  if (type === "funding" && body.amount !== terms.capacity) {
    return fault("over_capacity", `it locks ${body.amount} where the capacity is ${terms.capacity}`);
  }
  return null;
}

function ledgerFault(message, ledger, memory) {
  const { type, body } = message;
  if (type === "funding" || type === "refund") return fundingFault(message, ledger, memory);
  if (body.ledger === ledger) return null;
  return fault("not_a_party", "it names another ledger than the one that signed it");
}

/** The end of each shard's log that a checkpoint states; of a ledger without shards, that of its one log. */
const endsOf = ({ rows, head, root, shards }) => [{ rows, head, root }, ...(shards ?? [])];

/** Of a checkpoint beside what others of the same ledger say of as many rows of each shard's log. */
function checkpointFault(body, before) {
  for (const [shard, end] of endsOf(body).entries()) {
    const known = before[shard];
    const otherRoot = end.root !== null && known.root !== null && end.root !== known.root;
    if (end.head !== known.head || otherRoot) {
      return fault(EQUIVOCATION, `its ledger signed another log of ${end.rows} rows${ofShard(shard)}`);
    }
  }
  return null;
}

/** The end of a sentence on a log: whose it is, where a ledger has several. */
const ofShard = (shard) => (shard ? ` of its shard ${shard}` : "");

function networkFault(claimed, certified) {
  if (claimed === certified) return null;
  return fault("wrong_network", "it names another network than its signer is certified for");
}

function deviceFault(signer) {
  if (signer.certificate.mayIssue === null && !signer.isLedger) return null;
  return fault("not_a_device", "its signer is certified as an issuer or a ledger");
}

/** Why a device's key could not sign this, by the rotations of the device. */
function turnFault(message, signer, lines) {
  if (message.type === "rotation" || !lines.of(signer.id).length) return null;
  if (message.type === "reading") {
    return lines.readingFault(signer.id, signer.generation, message.body.seq, message.digest);
  }
  return lines.superseded(signer.id, signer.generation);
}

/** Follow a device's rotation, or return what is wrong with it. */
function turn(message, signer, signers, now) {
  const { body } = message;
  const { lines } = signers;
  if (body.device !== signer.id) return fault("not_a_party", SPEAKS_FOR_ANOTHER);
  const wrong = lines.rotationFault(message, signer.certificate.key, signer.generation, now);
  const other = lines.deviceOf(body.key.id);
  if (!wrong && (signers.knownDevice(body.key.id) || (other !== null && other !== body.device))) {
    return fault("bad_rotation", "its new key is that of another device");
  }
  if (!wrong || wrong.code === EQUIVOCATION) lines.add(message);
  return wrong;
}

const SPEAKS_FOR_ANOTHER = "it speaks for another device than the one that signed it";

/** The party of a funded channel that signed, by any key of its line; what certifies it does not matter. */
async function fundedParty(message, terms, signers) {
  if (!terms?.funded) return null;
  return (await signers.signerFor(message, terms.payer)) ?? (await signers.signerFor(message, terms.payee));
}

// The judge of one message: who signed it, and what is wrong with it. It changes nothing but the certificates it knows.

const OF_CHANNEL = ["voucher", "receipt", "channel-close"];
const OF_LEDGER = ["funding", "refund", "checkpoint", "division", "shift"];
const OF_ISSUER = ["grant", "factory-record", "revocation"];
const OF_OWNER = ["command", "firmware", "delegation", "transfer"];

class Judge {
  constructor(roots, policy, memory) {
    this.roots = roots;
    this.policy = policy;
    this.memory = memory;
    this.signers = new Signers(roots, policy);
  }

  /** What is wrong with a message, and what it does to its lane. */
  judge(message) {
    const { type } = message;
    if (type === "certificate") return this.certificate(message);
    if (OF_CHANNEL.includes(type)) return this.ofParty(message);
    if (OF_LEDGER.includes(type)) return this.ofLedger(message);
    if (OF_ISSUER.includes(type)) return this.ofIssuer(message);
    if (type === "evidence") return judgeEvidence(message, this.memory);
    if (OF_OWNER.includes(type)) return judgeOwner(message, this.policy, this.memory);
    return this.ofDevice(message);
  }

  /** The verdict on message `index`, from its finding. */
  verdict(index, message, found) {
    if (found.fault) return refuse(index, found.fault, message, found.device, found.mark);
    const { digest, type } = message;
    const code = found.note ? found.note.code : "ok";
    const text = found.note ? `${found.note.why}.` : "";
    const { device, signer, mark } = found;
    return { index, digest, type, signer, ok: true, code, text, device, mark, message };
  }

  async certificate(message) {
    const wrong = await this.signers.certify(message);
    const issuer = await this.signers.find(message);
    const signer = issuer instanceof Signer && !wrong ? issuer.id : null;
    return finding({ fault: wrong, device: message.body.key.id, signer });
  }

  async ofIssuer(message) {
    const { type, body } = message;
    const device = type === "factory-record" ? body.key.id : body.device;
    const signer = await this.signers.find(message);
    if (!(signer instanceof Signer)) return finding({ fault: signer, device });
    const mayNot = fault("bad_certificate", "its signer is certified as a device and may issue nothing");
    const wrong =
      first(this.signers.fault(signer, true), signer.certificate.mayIssue === null ? mayNot : null) ??
      replayFault(message, this.memory) ??
      (await this.issued(message, signer));
    return finding({ fault: wrong, device, signer: signer.verified ? signer.id : null });
  }

  issued(message, signer) {
    const { type, body } = message;
    if (type === "grant") return grantFault(message, signer, this.signers, this.roots, this.policy);
    if (type === "revocation") return revocationFault(message, signer, this.signers, this.policy.now);
    if (body.ueid !== body.key.ueid) return fault("bad_certificate", "its ueid is not that of its key");
    return judgeEntry(message, this.memory.head(signer.id));
  }

  /** A message of a channel: once a ledger has funded the channel, only the party's key matters. */
  async ofParty(message) {
    const { memory, signers } = this;
    const { type, body } = message;
    const terms = memory.channel(body.channel);
    const signer = (await fundedParty(message, terms, signers)) ?? (await signers.find(message));
    if (!(signer instanceof Signer)) return finding({ fault: signer });
    const standing = terms?.funded ? null : signers.fault(signer);
    const wrong = first(standing, signatureFault(signer)) ?? deviceFault(signer);
    const party = signer.id;
    if (wrong) return finding({ fault: wrong, device: signer.verified ? party : null });
    const old = signers.lines.superseded(party, signer.generation) !== null;
    let again = replayFault(message, memory);
    // an earlier key of the party signed the same before, which does less
    if (type === "channel-close" && !old && !memory.close(body.channel, party)) again = null;
    if (again && type !== "voucher") return finding({ fault: again, device: party, signer: party });
    const found = this.ofChannel(message, party, old);
    if (again && !found.lane) return finding({ fault: again, device: party, signer: party });
    return { ...found, device: party, signer: party };
  }

  ofChannel({ type, body, digest }, party, old) {
    const { memory, policy } = this;
    if (type === "receipt") return finding({ fault: judgeReceipt(body, party, memory) });
    if (type === "channel-close") return judgeClose(body, party, memory, policy.now, old);
    return judgeVoucher(body, digest, party, memory, policy);
  }

  async ofLedger(message) {
    const signer = await this.signers.find(message);
    if (!(signer instanceof Signer)) return finding({ fault: signer });
    const wrong = first(
      this.signers.fault(signer, true),
      signer.isLedger ? null : fault("not_a_ledger", "its signer is not certified as a ledger"),
    );
    if (wrong) return finding({ fault: wrong });
    const bad = ledgerFault(message, signer.id, this.memory);
    return finding({ fault: bad ?? replayFault(message, this.memory), signer: signer.id });
  }

  async ofDevice(message) {
    const { type, body } = message;
    const signer = await this.signers.find(message);
    if (type === "rotation" && signer instanceof Signer && !signer.verified) {
      if (body.generation > this.signers.lines.of(body.device).length + 1) {
        return finding({ fault: fault("unknown_signer", "the rotation before it is not known yet") });
      }
    }
    return this.byDevice(message, signer);
  }

  byDevice(message, signer) {
    const { type, body } = message;
    if (!(signer instanceof Signer)) return finding({ fault: signer });
    const { id, verified, certificate } = signer;
    const claimed = type === "channel-open" ? body.network : certificate.network;
    const wrong = first(
      this.signers.fault(signer),
      networkFault(claimed, certificate.network),
      verified ? deviceFault(signer) : null,
      verified ? this.revokedFault(message, id) : null,
      verified ? turnFault(message, signer, this.signers.lines) : null,
    );
    if (wrong) return finding({ fault: wrong, device: verified ? id : null });
    const said = { device: id, signer: id };
    if (type === "rotation") return finding({ fault: turn(message, signer, this.signers, this.policy.now), ...said });
    const again = replayFault(message, this.memory);
    return again ? finding({ fault: again, ...said }) : { ...this.stated(message, id), ...said };
  }

  revokedFault({ type, body }, device) {
    const start = this.memory.revokedFrom(device);
    const at = type === "reading" ? body.sampledAt : this.policy.now;
    if (start === null || at < start) return null;
    return fault("revoked", `its device is revoked from ${utc(start)} on`);
  }

  stated(message, signer) {
    const { type, body, digest } = message;
    const { now, leastWindow } = this.policy;
    if (type === "reading") {
      const head = this.memory.head(signer);
      const { mark, why } = timeNote(message, head, now + CLOCK_SKEW);
      return finding({ fault: judgeEntry(message, head), note: why ? fault("ok", why) : null, mark });
    }
    if (type === "channel-open") {
      const terms = termsOf(body, digest, leastWindow);
      return finding({ fault: judgeOpen(body, terms, signer, now), terms });
    }
    const speaker = type === "offer" ? body.seller : body.device;
    return finding({ fault: speaker === signer ? null : fault("not_a_party", SPEAKS_FOR_ANOTHER) });
  }
}

/** The verdict for a fault. */
function refuse(index, { code, why }, message = null, device = null, mark = "") {
  const { digest, type } = message ?? { digest: null, type: null };
  const text = `${why}. ${REMEDIES[code]}`;
  return { index, digest, type, signer: null, ok: false, code, text, device, mark, message };
}

// The verifier of a bundle: a verdict and a reason for every message. No input makes it throw.
// Order inside a bundle decides nothing about money: a message that rests on another one which has not come yet is put
// aside, and judged again at the bundle's end.

const BEFORE_FUNDING = ["expired_certificate", "revoked", SUPERSEDED_KEY]; // what a funding settles once for all

class Verifier {
  constructor(roots, policy, memory) {
    this.policy = policy;
    this.memory = memory;
    this.judge = new Judge(roots, policy, memory);
  }

  /** A verdict for each message of a bundle; those on messages that wait for another one come last.
   * before: messages that come before those of the bundle, and count with them. */
  async *run(bytes, before) {
    const { messages, cut } = split(bytes);
    let aside = [];
    for (const [index, raw] of [...before, ...messages].entries()) {
      const verdict = await this.check(index, raw);
      if (waits(verdict)) aside.push([index, raw]);
      else yield verdict;
    }
    if (cut !== null) yield refuse(before.length + messages.length, fault("malformed", cut));
    for (let round = 0, idle = 0; aside.length && round < ROUNDS && idle <= IDLE; round++) {
      const left = [];
      for (const [index, raw] of aside) {
        const verdict = await this.check(index, raw);
        if (waits(verdict)) left.push([index, raw]);
        else yield verdict;
      }
      idle = left.length === aside.length ? idle + 1 : 0;
      aside = left;
    }
    for (const [index, raw] of aside) yield this.check(index, raw);
  }

  /** The verdict on one message, as far as what came before it shows. */
  async check(index, raw) {
    let message;
    try {
      message = parseMessage(raw);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      return refuse(index, fault(error.code, error.message));
    }
    const found = this.besideOthers(message, await this.judge.judge(message));
    this.keep(message, found);
    return this.judge.verdict(index, message, found);
  }

  /** The judge's finding, once it was looked at beside what this bundle has shown. */
  besideOthers(message, found) {
    const { type, body } = message;
    if (isEntry(message) && found.signer !== null) return this.besideEntries(message, found);
    if (type === "checkpoint" && !found.fault) {
      return { ...found, fault: checkpointFault(body, this.memory.endsBefore(body)) };
    }
    if (type === "channel-open" && BEFORE_FUNDING.includes(found.fault?.code)) return this.funded(message, found);
    return found;
  }

  /** A channel that its ledger has funded: what happened to the payer's certificate later changes nothing. */
  funded({ body, digest }, found) {
    const terms = termsOf(body, digest, this.policy.leastWindow);
    if (found.device !== body.payer || !this.memory.isFunded(terms)) return found;
    const wrong = judgeOpen(body, terms, body.payer, this.policy.now);
    return finding({ fault: wrong, device: body.payer, signer: body.payer, terms });
  }

  /** An entry of a log beside every other of this bundle, and the newest of earlier ones. */
  besideEntries(message, found) {
    const { memory } = this;
    const { digest, body } = message;
    const { signer } = found;
    const code = found.fault?.code;
    const counts = !found.fault || code === "gap" || code === EQUIVOCATION;
    if (counts && memory.ofBundle(signer, body.seq) === digest) {
      return { ...found, fault: fault("replay", AGAIN), note: null, mark: "" };
    }
    if (found.fault && code !== "gap") return found;
    const other = memory.entry(signer, body.seq);
    if (other !== null && other !== digest) {
      const why = `its signer signed another ${nounOf(message)} with number ${body.seq}`;
      return { ...found, fault: fault(EQUIVOCATION, why), note: null };
    }
    const earlier = memory.earlier.get(signer);
    if (!found.fault && !memory.head(signer) && earlier && body.seq > earlier.seq) {
      return { ...found, fault: judgeEntry(message, earlier) };
    }
    return found;
  }

  keep(message, found) {
    const { memory } = this;
    const { type, body, digest } = message;
    const { signer } = found;
    const code = found.fault?.code ?? null;
    const isKept = isEntry(message) && (code === null || code === "gap");
    if (isKept && signer !== null) memory.keepEntry(signer, { seq: body.seq, digest, at: timeOf(message) });
    if (type === "voucher" && signer !== null && memory.channel(body.channel)?.payer === signer) {
      memory.keepVoucher(message, found.lane);
    }
    if (found.terms && (code === null || code === "expired")) memory.keepChannel(found.terms);
    if (type === "funding" && signer !== null && WAITING.includes(code)) memory.keepFunding(body, signer);
    if (code !== null && !["gap", EQUIVOCATION, "amount_decreased"].includes(code)) return;
    if (!isKept) memory.keep(digest); // an entry is in its log
    if (type === "delegation") memory.delegations.set(digest, body);
    if (code === null) this.keepEffect(message, found);
  }

  keepEffect({ type, body }, found) {
    const { memory } = this;
    if (type === "channel-close") memory.keepClose(body, found.signer, found.byEarlierKey);
    if (type === "transfer") memory.keepStep(body.device, stepOf(body));
    if (type === "revocation") memory.keepRevocation(body.device, body.revokedFrom);
    if (type === "funding") memory.keepFunding(body, found.signer);
    if (type === "receipt" && body.tick) this.keepTick(body);
  }

  /** A tick that a receipt reveals raises its lane, where the voucher counts by itself: not a locked one. */
  keepTick(receipt) {
    const { memory } = this;
    const voucher = memory.voucher(receipt.voucher);
    const terms = memory.channel(receipt.channel);
    if (!voucher?.ticks || !terms) return;
    const shown = { now: this.policy.now, unlocked: new Set(), ticks: new Map([[voucher.ticks.root, receipt.tick]]) };
    const found = judgeVoucher(voucher, receipt.voucher, terms.payer, memory, shown);
    memory.keepLane(receipt.channel, voucher.lane, found.lane);
  }
}

/** Whether a verdict may change once more has come. */
const waits = (verdict) => verdict.message !== null && WAITING.includes(verdict.code);

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

// A file of receipts is a bundle: the ledger's certificates, its checkpoints, and each receipt after what it proves.
// The messages themselves are not judged here: that the ledger took one says nothing else about it.

class ReceiptFile {
  constructor(verifier) {
    this.verifier = verifier;
    this.keys = new Map(); // of ledgers, by kid
    this.refused = new Map(); // certificates, by the kid of their subject
    this.ends = new Map(); // {end, checkpoint} by the ledger's kid, the shard and the rows
    this.subject = null;
  }

  /** A verdict for each checkpoint and each receipt, and for what is neither and cannot be read. */
  async *run(bytes) {
    const { messages, cut } = split(bytes);
    for (const [index, raw] of messages.entries()) {
      const found = isReceipt(raw) ? await this.receipt(raw) : await this.other(raw);
      if (found) yield { ...found, index };
    }
    if (cut !== null) yield refuse(messages.length, fault("malformed", cut));
  }

  /** A certificate, a checkpoint, or a message that a receipt proves: only a checkpoint has a verdict. */
  async other(raw) {
    let message;
    try {
      message = parseMessage(raw);
    } catch {
      return this.verifier.check(0, raw);
    }
    const { type, body, kid } = message;
    if (type !== "certificate" && type !== "checkpoint") {
      this.subject = message;
      return null;
    }
    const verdict = await this.verifier.check(0, raw);
    if (type === "certificate") {
      if (!verdict.ok) this.refused.set(body.key.kid, verdict);
      else if (isLedger(body)) this.keys.set(body.key.kid, body.key);
      return null;
    }
    for (const [shard, end] of endsOf(body).entries()) {
      const place = `${kid} ${shard} ${end.rows}`;
      if (verdict.ok) setDefault(this.ends, place, { end, checkpoint: body });
      // nothing rests on either
      if (verdict.code === EQUIVOCATION) this.ends.set(place, { end: { ...end, root: null }, checkpoint: body });
    }
    const cause = verdict.code === "unknown_signer" ? this.refused.get(kid) : null;
    return cause ? { ...verdict, code: cause.code, text: cause.text } : verdict;
  }

  async receipt(raw) {
    let receipt;
    try {
      receipt = parseReceipt(raw);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      return { ...refuse(0, fault(error.code, error.message)), row: null, rests: null, shard: null };
    }
    const { kid, proof, shard } = receipt;
    const type = "at" in proof ? "inclusion" : "consistency";
    const subject = type === "inclusion" ? this.subject : null;
    const rests = this.ends.get(`${kid} ${shard ?? 0} ${proof.size}`) ?? null;
    const wrong = await this.faultOf(receipt, rests, subject);
    const text = wrong ? `${wrong.why}. ${REMEDIES[wrong.code]}` : "";
    const row = type === "inclusion" ? proof.at + 1n : proof.earlier;
    const digest = subject?.digest ?? null;
    return { index: 0, digest, type, ok: !wrong, code: wrong?.code ?? "ok", text, row, rests, shard, message: subject };
  }

  async faultOf({ kid, proof, shard, protectedHeader, signature }, rests, subject) {
    const key = this.keys.get(kid);
    const root = rests ? rests.end.root : null;
    if (root === null || !key) return missing(`${proof.size} rows${ofShard(shard ?? 0n)}`);
    const signed = sigStructure(protectedHeader, fromHex(root));
    if (!(await key.verify(hashHex(signed), signature, signed))) {
      return fault("bad_signature", "its ledger did not sign it over the checkpoint's root");
    }
    if ("earlier" in proof) return this.inconsistency(`${kid} ${shard ?? 0}`, proof, root);
    if (!subject) return fault("bad_receipt", "no message comes before it");
    if (rootFrom(leafHash(subject.digest), proof.at, proof.size, proof.path) === root) return null;
    return fault("bad_receipt", `its path does not show the message before it in row ${proof.at + 1n}`);
  }

  inconsistency(log, proof, root) {
    const earlier = this.ends.get(`${log} ${proof.earlier}`)?.end.root ?? null;
    if (earlier === null) return missing(`${proof.earlier} rows`);
    if (isConsistent(proof, earlier, root)) return null;
    return fault("bad_receipt", "its path does not show that the log goes on from the earlier checkpoint");
  }
}

const missing = (what) => fault("bad_receipt", `no checkpoint of ${what} that holds comes before it`);

// What others call. Bytes are Uint8Arrays; ids and digests come out as hexadecimal, amounts and rows as BigInts.

/** Options of all calls.
 * roots: certificates, each as bytes or as the file `root.pem` that `sealwright init` wrote.
 * now: unix seconds as of which to judge. allowTest: accept roots of emulated machines.
 * known: messages that come before the bundle's and count with them; they get no verdicts.
 * network: hexadecimal, the one network to accept. custody: 0 open, 1 sealed, 2 element, the least to accept.
 * owners: public keys whose commands count (64 bytes X || Y, or SubjectPublicKeyInfo). secrets: bytes that open
 * hash-locks. ticks: [{root, number, value}] revealed. leastWindow: seconds. heads: [{device, seq, digest, at}], the
 * newest reading of each device's log that an earlier bundle showed.
 * Throws an Error whose code is bad_certificate, malformed or usage where a root or another option is none. */
function policyOf(options) {
  const { now = Math.floor(Date.now() / 1000), allowTest = false, network = null, custody = 0 } = options;
  const { owners = [], secrets = [], ticks = [], leastWindow = LEAST_WINDOW } = options;
  if (![0, 1, 2].includes(Number(custody))) throw new Rejected("usage", `custody ${custody}: it is 0, 1 or 2`);
  if (network !== null && !/^[0-9a-f]{64}$/.test(network)) throw new Rejected("usage", "a network id is 64 digits");
  return {
    now: BigInt(typeof now === "number" ? Math.floor(now) : now),
    allowTest,
    network,
    custody: BigInt(custody),
    leastWindow: BigInt(leastWindow),
    owners: owners.map(PublicKey.fromBytes),
    unlocked: new Set(secrets.map(hashHex)),
    ticks: new Map(ticks.map(({ root, number, value }) => [root, { number: BigInt(number), value }])),
  };
}

function headsOf(heads = []) {
  const entry = ({ seq, digest, at = null }) => ({ seq: BigInt(seq), digest, at: at === null ? null : BigInt(at) });
  return new Map(heads.map((head) => [head.device, entry(head)]));
}

async function verifierOf(options) {
  const memory = new Memory(headsOf(options.heads));
  return new Verifier(await readRoots(options.roots ?? []), policyOf(options), memory);
}

function shownVerdict({ message, ...verdict }, before = 0) {
  return { ...verdict, index: verdict.index - before };
}

/** The verdicts on a bundle as they are found: those on messages that wait for another one come last. */
export async function* judgeBundle(bytes, options) {
  const known = options.known ?? [];
  const verifier = await verifierOf(options);
  for await (const verdict of verifier.run(bytes, known)) {
    if (verdict.index >= known.length) yield shownVerdict(verdict, known.length);
  }
}

/** Check a bundle: {verdicts, summary}, the verdicts in the order of the bundle.
 * A verdict is {index, digest, type, signer, ok, code, text, device, mark}. summary: {messages, rejected, codes,
 * channels}, and of each channel what is owed in it. */
export async function verifyBundle(bytes, options) {
  const known = options.known ?? [];
  const verifier = await verifierOf(options);
  const verdicts = [];
  for await (const verdict of verifier.run(bytes, known)) {
    if (verdict.index >= known.length) verdicts.push(shownVerdict(verdict, known.length));
  }
  return { verdicts: inOrder(verdicts), summary: { ...sumOf(verdicts), channels: verifier.memory.channels() } };
}

/** Check a file of COSE Receipts, as `sealwright ledger receipt` writes it: {verdicts, summary}.
 * Of a receipt the verdict is {index, type: "inclusion" or "consistency", ok, code, text, digest, row, shard, rows,
 * ledger, head, at, message}: the last say what it rests on, and what type of message it proves. */
export async function verifyReceipt(bytes, options) {
  const file = new ReceiptFile(await verifierOf(options));
  const verdicts = [];
  for await (const verdict of file.run(bytes)) {
    verdicts.push("rests" in verdict ? shownReceipt(verdict) : shownVerdict(verdict));
  }
  return { verdicts, summary: sumOf(verdicts) };
}

function shownReceipt({ index, type, ok, code, text, digest, row, rests, shard, message }) {
  const { rows = null, head = null } = rests?.end ?? {};
  const { ledger = null, signedAt = null } = rests?.checkpoint ?? {};
  const on = { row, shard, rows, ledger, head, at: signedAt, message: message?.type ?? null };
  return { index, type, ok, code, text, digest, ...on };
}

const inOrder = (verdicts) => verdicts.sort((one, other) => one.index - other.index);

function sumOf(verdicts) {
  const codes = {};
  for (const { code } of verdicts) codes[code] = (codes[code] ?? 0) + 1;
  return { messages: verdicts.length, rejected: verdicts.filter((one) => !one.ok).length, codes };
}
