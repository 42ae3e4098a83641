// The judge of one message: who signed it, and what is wrong with it. It changes nothing but the certificates it knows.

const OF_CHANNEL = ["voucher", "receipt", "channel-close"];
const OF_LEDGER = ["funding", "refund", "checkpoint", "division", "shift"];
const OF_ISSUER = ["grant", "factory-record", "revocation"];
const OF_OWNER = ["command", "firmware", "delegation", "transfer"];

class Judge {
  constructor(roots, policy, memory) {
    this.roots = roots;
    this.policy = policy;
    this.memory = memory;
    this.signers = new Signers(roots, policy);
  }

  /** What is wrong with a message, and what it does to its lane. */
  judge(message) {
    const { type } = message;
    if (type === "certificate") return this.certificate(message);
    if (OF_CHANNEL.includes(type)) return this.ofParty(message);
    if (OF_LEDGER.includes(type)) return this.ofLedger(message);
    if (OF_ISSUER.includes(type)) return this.ofIssuer(message);
    if (type === "evidence") return judgeEvidence(message, this.memory);
    if (OF_OWNER.includes(type)) return judgeOwner(message, this.policy, this.memory);
    return this.ofDevice(message);
  }

  /** The verdict on message `index`, from its finding. */
  verdict(index, message, found) {
    if (found.fault) return refuse(index, found.fault, message, found.device, found.mark);
    const { digest, type } = message;
    const code = found.note ? found.note.code : "ok";
    const text = found.note ? `${found.note.why}.` : "";
    const { device, signer, mark } = found;
    return { index, digest, type, signer, ok: true, code, text, device, mark, message };
  }

  async certificate(message) {
    const wrong = await this.signers.certify(message);
    const issuer = await this.signers.find(message);
    const signer = issuer instanceof Signer && !wrong ? issuer.id : null;
    return finding({ fault: wrong, device: message.body.key.id, signer });
  }

  async ofIssuer(message) {
    const { type, body } = message;
    const device = type === "factory-record" ? body.key.id : body.device;
    const signer = await this.signers.find(message);
    if (!(signer instanceof Signer)) return finding({ fault: signer, device });
    const mayNot = fault("bad_certificate", "its signer is certified as a device and may issue nothing");
    const wrong =
      first(this.signers.fault(signer, true), signer.certificate.mayIssue === null ? mayNot : null) ??
      replayFault(message, this.memory) ??
      (await this.issued(message, signer));
    return finding({ fault: wrong, device, signer: signer.verified ? signer.id : null });
  }

  issued(message, signer) {
    const { type, body } = message;
    if (type === "grant") return grantFault(message, signer, this.signers, this.roots, this.policy);
    if (type === "revocation") return revocationFault(message, signer, this.signers, this.policy.now);
    if (body.ueid !== body.key.ueid) return fault("bad_certificate", "its ueid is not that of its key");
    return judgeEntry(message, this.memory.head(signer.id));
  }

  /** A message of a channel: once a ledger has funded the channel, only the party's key matters. */
  async ofParty(message) {
    const { memory, signers } = this;
    const { type, body } = message;
    const terms = memory.channel(body.channel);
    const signer = (await fundedParty(message, terms, signers)) ?? (await signers.find(message));
    if (!(signer instanceof Signer)) return finding({ fault: signer });
    const standing = terms?.funded ? null : signers.fault(signer);
    const wrong = first(standing, signatureFault(signer)) ?? deviceFault(signer);
    const party = signer.id;
    if (wrong) return finding({ fault: wrong, device: signer.verified ? party : null });
    const old = signers.lines.superseded(party, signer.generation) !== null;
    let again = replayFault(message, memory);
    // an earlier key of the party signed the same before, which does less
    if (type === "channel-close" && !old && !memory.close(body.channel, party)) again = null;
    if (again && type !== "voucher") return finding({ fault: again, device: party, signer: party });
    const found = this.ofChannel(message, party, old);
    if (again && !found.lane) return finding({ fault: again, device: party, signer: party });
    return { ...found, device: party, signer: party };
  }

  ofChannel({ type, body, digest }, party, old) {
    const { memory, policy } = this;
    if (type === "receipt") return finding({ fault: judgeReceipt(body, party, memory) });
    if (type === "channel-close") return judgeClose(body, party, memory, policy.now, old);
    return judgeVoucher(body, digest, party, memory, policy);
  }

  async ofLedger(message) {
    const signer = await this.signers.find(message);
    if (!(signer instanceof Signer)) return finding({ fault: signer });
    const wrong = first(
      this.signers.fault(signer, true),
      signer.isLedger ? null : fault("not_a_ledger", "its signer is not certified as a ledger"),
    );
    if (wrong) return finding({ fault: wrong });
    const bad = ledgerFault(message, signer.id, this.memory);
    return finding({ fault: bad ?? replayFault(message, this.memory), signer: signer.id });
  }

  async ofDevice(message) {
    const { type, body } = message;
    const signer = await this.signers.find(message);
    if (type === "rotation" && signer instanceof Signer && !signer.verified) {
      if (body.generation > this.signers.lines.of(body.device).length + 1) {
        return finding({ fault: fault("unknown_signer", "the rotation before it is not known yet") });
      }
    }
    return this.byDevice(message, signer);
  }

  byDevice(message, signer) {
    const { type, body } = message;
    if (!(signer instanceof Signer)) return finding({ fault: signer });
    const { id, verified, certificate } = signer;
    const claimed = type === "channel-open" ? body.network : certificate.network;
    const wrong = first(
      this.signers.fault(signer),
      networkFault(claimed, certificate.network),
      verified ? deviceFault(signer) : null,
      verified ? this.revokedFault(message, id) : null,
      verified ? turnFault(message, signer, this.signers.lines) : null,
    );
    if (wrong) return finding({ fault: wrong, device: verified ? id : null });
    const said = { device: id, signer: id };
    if (type === "rotation") return finding({ fault: turn(message, signer, this.signers, this.policy.now), ...said });
    const again = replayFault(message, this.memory);
    return again ? finding({ fault: again, ...said }) : { ...this.stated(message, id), ...said };
  }

  revokedFault({ type, body }, device) {
    const start = this.memory.revokedFrom(device);
    const at = type === "reading" ? body.sampledAt : this.policy.now;
    if (start === null || at < start) return null;
    return fault("revoked", `its device is revoked from ${utc(start)} on`);
  }

  stated(message, signer) {
    const { type, body, digest } = message;
    const { now, leastWindow } = this.policy;
    if (type === "reading") {
      const head = this.memory.head(signer);
      const { mark, why } = timeNote(message, head, now + CLOCK_SKEW);
      return finding({ fault: judgeEntry(message, head), note: why ? fault("ok", why) : null, mark });
    }
    if (type === "channel-open") {
      const terms = termsOf(body, digest, leastWindow);
      return finding({ fault: judgeOpen(body, terms, signer, now), terms });
    }
    const speaker = type === "offer" ? body.seller : body.device;
    return finding({ fault: speaker === signer ? null : fault("not_a_party", SPEAKS_FOR_ANOTHER) });
  }
}

/** The verdict for a fault. */
function refuse(index, { code, why }, message = null, device = null, mark = "") {
  const { digest, type } = message ?? { digest: null, type: null };
  const text = `${why}. ${REMEDIES[code]}`;
  return { index, digest, type, signer: null, ok: false, code, text, device, mark, message };
}
