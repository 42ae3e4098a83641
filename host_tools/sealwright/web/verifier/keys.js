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
