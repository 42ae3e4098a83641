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
