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
