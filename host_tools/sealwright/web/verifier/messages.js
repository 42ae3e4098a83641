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
