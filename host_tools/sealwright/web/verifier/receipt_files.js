// A file of receipts is a bundle: the ledger's certificates, its checkpoints, and each receipt after what it proves.
// The messages themselves are not judged here: that the ledger took one says nothing else about it.

class ReceiptFile {
  constructor(verifier) {
    this.verifier = verifier;
    this.keys = new Map(); // of ledgers, by kid
    this.refused = new Map(); // certificates, by the kid of their subject
    this.ends = new Map(); // {end, checkpoint} by the ledger's kid, the shard and the rows
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
    for (const [shard, end] of endsOf(body).entries()) {
      const place = `${kid} ${shard} ${end.rows}`;
      if (verdict.ok) setDefault(this.ends, place, { end, checkpoint: body });
      // nothing rests on either
      if (verdict.code === EQUIVOCATION) this.ends.set(place, { end: { ...end, root: null }, checkpoint: body });
    }
    const cause = verdict.code === "unknown_signer" ? this.refused.get(kid) : null;
    return cause ? { ...verdict, code: cause.code, text: cause.text } : verdict;
  }

  async receipt(raw) {
    let receipt;
    try {
      receipt = parseReceipt(raw);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      return { ...refuse(0, fault(error.code, error.message)), row: null, rests: null, shard: null };
    }
    const { kid, proof, shard } = receipt;
    const type = "at" in proof ? "inclusion" : "consistency";
    const subject = type === "inclusion" ? this.subject : null;
    const rests = this.ends.get(`${kid} ${shard ?? 0} ${proof.size}`) ?? null;
    const wrong = await this.faultOf(receipt, rests, subject);
    const text = wrong ? `${wrong.why}. ${REMEDIES[wrong.code]}` : "";
    const row = type === "inclusion" ? proof.at + 1n : proof.earlier;
    const digest = subject?.digest ?? null;
    return { index: 0, digest, type, ok: !wrong, code: wrong?.code ?? "ok", text, row, rests, shard, message: subject };
  }

  async faultOf({ kid, proof, shard, protectedHeader, signature }, rests, subject) {
    const key = this.keys.get(kid);
    const root = rests ? rests.end.root : null;
    if (root === null || !key) return missing(`${proof.size} rows${ofShard(shard ?? 0n)}`);
    const signed = sigStructure(protectedHeader, fromHex(root));
    if (!(await key.verify(hashHex(signed), signature, signed))) {
      return fault("bad_signature", "its ledger did not sign it over the checkpoint's root");
    }
    if ("earlier" in proof) return this.inconsistency(`${kid} ${shard ?? 0}`, proof, root);
    if (!subject) return fault("bad_receipt", "no message comes before it");
    if (rootFrom(leafHash(subject.digest), proof.at, proof.size, proof.path) === root) return null;
    return fault("bad_receipt", `its path does not show the message before it in row ${proof.at + 1n}`);
  }

  inconsistency(log, proof, root) {
    const earlier = this.ends.get(`${log} ${proof.earlier}`)?.end.root ?? null;
    if (earlier === null) return missing(`${proof.earlier} rows`);
    if (isConsistent(proof, earlier, root)) return null;
    return fault("bad_receipt", "its path does not show that the log goes on from the earlier checkpoint");
  }
}

const missing = (what) => fault("bad_receipt", `no checkpoint of ${what} that holds comes before it`);
