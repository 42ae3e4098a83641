// The verifier of a bundle: a verdict and a reason for every message. No input makes it throw.
// Order inside a bundle decides nothing about money: a message that rests on another one which has not come yet is put
// aside, and judged again at the bundle's end.

const BEFORE_FUNDING = ["expired_certificate", "revoked", SUPERSEDED_KEY]; // what a funding settles once for all

class Verifier {
  constructor(roots, policy, memory) {
    this.policy = policy;
    this.memory = memory;
    this.judge = new Judge(roots, policy, memory);
  }

  /** A verdict for each message of a bundle; those on messages that wait for another one come last.
   * before: messages that come before those of the bundle, and count with them. */
  async *run(bytes, before) {
    const { messages, cut } = split(bytes);
    let aside = [];
    for (const [index, raw] of [...before, ...messages].entries()) {
      const verdict = await this.check(index, raw);
      if (waits(verdict)) aside.push([index, raw]);
      else yield verdict;
    }
    if (cut !== null) yield refuse(before.length + messages.length, fault("malformed", cut));
    for (let round = 0, idle = 0; aside.length && round < ROUNDS && idle <= IDLE; round++) {
      const left = [];
      for (const [index, raw] of aside) {
        const verdict = await this.check(index, raw);
        if (waits(verdict)) left.push([index, raw]);
        else yield verdict;
      }
      idle = left.length === aside.length ? idle + 1 : 0;
      aside = left;
    }
    for (const [index, raw] of aside) yield this.check(index, raw);
  }

  /** The verdict on one message, as far as what came before it shows. */
  async check(index, raw) {
    let message;
    try {
      message = parseMessage(raw);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      return refuse(index, fault(error.code, error.message));
    }
    const found = this.besideOthers(message, await this.judge.judge(message));
    this.keep(message, found);
    return this.judge.verdict(index, message, found);
  }

  /** The judge's finding, once it was looked at beside what this bundle has shown. */
  besideOthers(message, found) {
    const { type, body } = message;
    if (isEntry(message) && found.signer !== null) return this.besideEntries(message, found);
    if (type === "checkpoint" && !found.fault) {
      return { ...found, fault: checkpointFault(body, this.memory.endsBefore(body)) };
    }
    if (type === "channel-open" && BEFORE_FUNDING.includes(found.fault?.code)) return this.funded(message, found);
    return found;
  }

  /** A channel that its ledger has funded: what happened to the payer's certificate later changes nothing. */
  funded({ body, digest }, found) {
    const terms = termsOf(body, digest, this.policy.leastWindow);
    if (found.device !== body.payer || !this.memory.isFunded(terms)) return found;
    const wrong = judgeOpen(body, terms, body.payer, this.policy.now);
    return finding({ fault: wrong, device: body.payer, signer: body.payer, terms });
  }

  /** An entry of a log beside every other of this bundle, and the newest of earlier ones. */
  besideEntries(message, found) {
    const { memory } = this;
    const { digest, body } = message;
    const { signer } = found;
    const code = found.fault?.code;
    const counts = !found.fault || code === "gap" || code === EQUIVOCATION;
    if (counts && memory.ofBundle(signer, body.seq) === digest) {
      return { ...found, fault: fault("replay", AGAIN), note: null, mark: "" };
    }
    if (found.fault && code !== "gap") return found;
    const other = memory.entry(signer, body.seq);
    if (other !== null && other !== digest) {
      const why = `its signer signed another ${nounOf(message)} with number ${body.seq}`;
      return { ...found, fault: fault(EQUIVOCATION, why), note: null };
    }
    const earlier = memory.earlier.get(signer);
    if (!found.fault && !memory.head(signer) && earlier && body.seq > earlier.seq) {
      return { ...found, fault: judgeEntry(message, earlier) };
    }
    return found;
  }

  keep(message, found) {
    const { memory } = this;
    const { type, body, digest } = message;
    const { signer } = found;
    const code = found.fault?.code ?? null;
    const isKept = isEntry(message) && (code === null || code === "gap");
    if (isKept && signer !== null) memory.keepEntry(signer, { seq: body.seq, digest, at: timeOf(message) });
    if (type === "voucher" && signer !== null && memory.channel(body.channel)?.payer === signer) {
      memory.keepVoucher(message, found.lane);
    }
    if (found.terms && (code === null || code === "expired")) memory.keepChannel(found.terms);
    if (type === "funding" && signer !== null && WAITING.includes(code)) memory.keepFunding(body, signer);
    if (code !== null && !["gap", EQUIVOCATION, "amount_decreased"].includes(code)) return;
    if (!isKept) memory.keep(digest); // an entry is in its log
    if (type === "delegation") memory.delegations.set(digest, body);
    if (code === null) this.keepEffect(message, found);
  }

  keepEffect({ type, body }, found) {
    const { memory } = this;
    if (type === "channel-close") memory.keepClose(body, found.signer, found.byEarlierKey);
    if (type === "transfer") memory.keepStep(body.device, stepOf(body));
    if (type === "revocation") memory.keepRevocation(body.device, body.revokedFrom);
    if (type === "funding") memory.keepFunding(body, found.signer);
    if (type === "receipt" && body.tick) this.keepTick(body);
  }

  /** A tick that a receipt reveals raises its lane, where the voucher counts by itself: not a locked one. */
  keepTick(receipt) {
    const { memory } = this;
    const voucher = memory.voucher(receipt.voucher);
    const terms = memory.channel(receipt.channel);
    if (!voucher?.ticks || !terms) return;
    const shown = { now: this.policy.now, unlocked: new Set(), ticks: new Map([[voucher.ticks.root, receipt.tick]]) };
    const found = judgeVoucher(voucher, receipt.voucher, terms.payer, memory, shown);
    memory.keepLane(receipt.channel, voucher.lane, found.lane);
  }
}

/** Whether a verdict may change once more has come. */
const waits = (verdict) => verdict.message !== null && WAITING.includes(verdict.code);
