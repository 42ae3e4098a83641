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
