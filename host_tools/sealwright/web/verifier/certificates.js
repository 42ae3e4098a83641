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
