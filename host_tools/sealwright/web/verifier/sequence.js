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
