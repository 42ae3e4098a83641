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
