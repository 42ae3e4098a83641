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
