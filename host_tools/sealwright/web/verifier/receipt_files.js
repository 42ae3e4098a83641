// A file of receipts is a bundle: the ledger's certificates, its checkpoints, and each receipt after what it proves.
// The messages themselves are not judged here: that the ledger took one says nothing else about it.

class ReceiptFile {
  constructor(verifier) {
    this.verifier = verifier;
    this.keys = new Map(); // of ledgers, by kid
    this.refused = new Map(); // certificates, by the kid of their subject
    this.checkpoints = new Map(); // by the ledger's kid and the rows
    this.subject = null;
  }

  /** A verdict for each checkpoint and each receipt, and for what is neither and cannot be read. */
  async *run(bytes) {
    const { messages, cut } = split(bytes);
    for (const [index, raw] of messages.entries()) {
      const found = isReceipt(raw) ? await this.receipt(raw) : await this.other(raw);
      if (found) yield { ...found, index };
    }
    if (cut !== null) yield refuse(messages.length, fault("malformed", cut));
  }

  /** A certificate, a checkpoint, or a message that a receipt proves: only a checkpoint has a verdict. */
  async other(raw) {
    let message;
    try {
      message = parseMessage(raw);
    } catch {
      return this.verifier.check(0, raw);
    }
    const { type, body, kid } = message;
    if (type !== "certificate" && type !== "checkpoint") {
      this.subject = message;
      return null;
    }
    const verdict = await this.verifier.check(0, raw);
    if (type === "certificate") {
      if (!verdict.ok) this.refused.set(body.key.kid, verdict);
      else if (isLedger(body)) this.keys.set(body.key.kid, body.key);
      return null;
    }
    const place = `${kid} ${body.rows}`;
    if (verdict.ok) setDefault(this.checkpoints, place, body);
    if (verdict.code === EQUIVOCATION) this.checkpoints.set(place, { ...body, root: null }); // nothing rests on either
    const cause = verdict.code === "unknown_signer" ? this.refused.get(kid) : null;
    return cause ? { ...verdict, code: cause.code, text: cause.text } : verdict;
  }

  async receipt(raw) {
    let receipt;
    try {
      receipt = parseReceipt(raw);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      return { ...refuse(0, fault(error.code, error.message)), row: null, rests: null };
    }
    const { kid, proof } = receipt;
    const type = "at" in proof ? "inclusion" : "consistency";
    const subject = type === "inclusion" ? this.subject : null;
    const rests = this.checkpoints.get(`${kid} ${proof.size}`) ?? null;
    const wrong = await this.faultOf(receipt, rests, subject);
    const text = wrong ? `${wrong.why}. ${REMEDIES[wrong.code]}` : "";
    const row = type === "inclusion" ? proof.at + 1n : proof.earlier;
    const digest = subject?.digest ?? null;
    return { index: 0, digest, type, ok: !wrong, code: wrong?.code ?? "ok", text, row, rests, message: subject };
  }

  async faultOf({ kid, proof, protectedHeader, signature }, rests, subject) {
    const key = this.keys.get(kid);
    if (!rests || rests.root === null || !key) return missing(proof.size);
    const signed = sigStructure(protectedHeader, fromHex(rests.root));
    if (!(await key.verify(hashHex(signed), signature, signed))) {
      return fault("bad_signature", "its ledger did not sign it over the checkpoint's root");
    }
    if ("earlier" in proof) return this.inconsistency(kid, proof, rests.root);
    if (!subject) return fault("bad_receipt", "no message comes before it");
    if (rootFrom(leafHash(subject.digest), proof.at, proof.size, proof.path) === rests.root) return null;
    return fault("bad_receipt", `its path does not show the message before it in row ${proof.at + 1n}`);
  }

  inconsistency(kid, proof, root) {
    const earlier = this.checkpoints.get(`${kid} ${proof.earlier}`);
    if (!earlier || earlier.root === null) return missing(proof.earlier);
    if (isConsistent(proof, earlier.root, root)) return null;
    return fault("bad_receipt", "its path does not show that the log goes on from the earlier checkpoint");
  }
}

const missing = (rows) => fault("bad_receipt", `no checkpoint of ${rows} rows that holds comes before it`);
