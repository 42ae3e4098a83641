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
