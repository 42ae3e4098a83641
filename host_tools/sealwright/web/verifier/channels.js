// The rules of channels. A payer's signature can only raise what it owes: a lane is worth the most that any accepted
// voucher of it is worth, and capacity caps what is paid. A finding is {fault, device, signer, note, lane, ...}.

const NOTHING_FOUND = {
  fault: null,
  device: null,
  signer: null,
  note: null,
  lane: null,
  terms: null,
  mark: "",
  byEarlierKey: false,
};
const finding = (found) => ({ ...NOTHING_FOUND, ...found });

const UNKNOWN_CHANNEL = fault("unknown_channel", "its channel is not known here yet");
const BY_AN_OLD_KEY =
  "its device has rotated this key away: it opens the window and gives nothing up. For a refund at once settle what " +
  "`sealwright collect` brings from the device, signed by its key of now";

/** The terms of a channel. leastWindow: the least dispute window in force, seconds. */
function termsOf(body, digest, leastWindow) {
  const { payer, payee, asset, capacity, expires, ledger } = body;
  const window = least(greatest(body.disputeWindow ?? 0n, leastWindow), MAX_WINDOW);
  const claimEnd = least(expires + window, FAR);
  return { digest, payer, payee, asset, capacity, expires, window, ledger, claimEnd, funded: false };
}

function judgeOpen(body, terms, signer, now) {
  if (now >= terms.claimEnd) return fault("expired", `the claim in this channel ended at ${utc(terms.claimEnd)}`);
  if (signer === body.payer) return null;
  return fault("not_a_party", "a channel is opened by its payer, and another key signed");
}

// SHA-256, so many times. The same chain comes again with every receipt of its lane.
const chainsKept = new Map();

function hashTimes(value, times) {
  const name = `${value} ${times}`;
  return chainsKept.get(name) ?? keep(chainsKept, name, toHex(hashChain(fromHex(value), Number(times))));
}

/** Whether `value` is tick `number` of the chain: so many times hashed it is the root. */
const tickHolds = (ticks, { number, value }) =>
  number <= ticks.count && number <= MAX_TICKS && hashTimes(value, number) === ticks.root;

/** Judge a voucher whose signature by `signer` holds. circumstances: {now, unlocked: hash-locks, ticks: by root}. */
function judgeVoucher(voucher, digest, signer, known, circumstances) {
  const terms = known.channel(voucher.channel);
  const wrong = validityFault(voucher, terms, circumstances.now) ?? (terms ? null : UNKNOWN_CHANNEL);
  if (wrong) return finding({ fault: wrong });
  if (signer !== terms.payer) {
    return finding({ fault: fault("not_a_party", "vouchers are the payer's to sign, and another key did") });
  }
  const bad = shapeFault(voucher, circumstances);
  if (bad) return finding({ fault: bad });
  const { ticks } = voucher;
  const revealed = ticks ? (circumstances.ticks.get(ticks.root)?.number ?? 0n) : 0n;
  return compareVoucher(voucher, digest, known, voucher.amount + (ticks ? ticks.value * revealed : 0n));
}

function validityFault(voucher, terms, now) {
  if (voucher.notBefore !== null && now < voucher.notBefore) {
    return fault("not_yet_valid", `it begins to hold at ${utc(voucher.notBefore)}`);
  }
  if (voucher.notAfter !== null && now > voucher.notAfter) {
    return fault("expired", `it held until ${utc(voucher.notAfter)}`);
  }
  return terms && now >= terms.claimEnd ? claimEnded(terms) : null;
}

const claimEnded = (terms) => fault("expired", `the claim in its channel ended at ${utc(terms.claimEnd)}`);

/** What the voucher says of itself and cannot be settled. */
function shapeFault({ hashLock, merges, lane, ticks }, circumstances) {
  if (hashLock !== null && !circumstances.unlocked.has(hashLock)) {
    return fault("lock_missing", "it is locked and no secret given opens it");
  }
  if (merges) {
    const why = "it merges other lanes, and what such a voucher is worth would depend on the order";
    return fault("bad_merge", why);
  }
  if (lane >= MAX_LANES) return fault("bad_lane", `lane ${lane}, where a channel has lanes 0 to ${MAX_LANES - 1n}`);
  if (!ticks) return null;
  if (ticks.count < 1n || ticks.count > MAX_TICKS) {
    return fault("bad_tick", `${ticks.count} ticks, where 1 to ${MAX_TICKS} are possible`);
  }
  const best = circumstances.ticks.get(ticks.root);
  if (!best || tickHolds(ticks, best)) return null;
  return fault("bad_tick", `tick ${best.number} does not hash to the root of the chain`);
}

/** The voucher beside the best of its lane: the higher worth stays, whatever the numbers say. */
function compareVoucher(voucher, digest, known, worth) {
  const { channel, lane, seq } = voucher;
  const best = known.lane(channel, lane);
  const raised = !best || worth > best.worth ? { seq, worth, voucher: digest } : null;
  const other = known.numbered(channel, lane, seq);
  if (other !== null && other !== digest) {
    const why = `its payer signed another voucher with number ${seq} of lane ${lane}; the higher counts`;
    return finding({ fault: fault(EQUIVOCATION, why), lane: raised });
  }
  if (raised) {
    const why = `number ${seq} pays more than number ${best?.seq} of its lane, and counts`;
    return finding({ note: best && seq < best.seq ? fault("ok", why) : null, lane: raised });
  }
  if (seq > best.seq && worth < best.worth) {
    const why = `number ${seq} says ${worth} where number ${best.seq} says ${best.worth}; nothing moves`;
    return finding({ fault: fault("amount_decreased", why) });
  }
  if (digest === best.voucher || seq > best.seq) return finding();
  const why = `number ${best.seq} of its lane pays as much or more: nothing moves`;
  return finding({ note: fault("superseded", why) });
}

function judgeReceipt(body, signer, known) {
  const terms = known.channel(body.channel);
  if (!terms) return UNKNOWN_CHANNEL;
  if (signer !== terms.payee) {
    return fault("not_a_party", "a receipt is the payee's to give, and another key signed");
  }
  const voucher = known.voucher(body.voucher);
  if (!voucher || ["channel", "lane", "seq", "amount"].some((name) => voucher[name] !== body[name])) {
    return fault("receipt_mismatch", "the voucher it acknowledges is not known here yet, or says something else");
  }
  if (body.tick && !(voucher.ticks && tickHolds(voucher.ticks, body.tick))) {
    return fault("bad_tick", "the tick it reveals is not of its voucher's chain");
  }
  return null;
}

/** Judge a close whose signature by `signer` holds. byEarlierKey: by a key that the party has rotated away. */
function judgeClose(body, signer, known, now, byEarlierKey) {
  const terms = known.channel(body.channel);
  if (!terms) return finding({ fault: UNKNOWN_CHANNEL });
  if (signer !== terms.payer && signer !== terms.payee) {
    const why = "only payer or payee closes a channel, and another key signed";
    return finding({ fault: fault("not_a_party", why) });
  }
  if (now >= terms.claimEnd) return finding({ fault: claimEnded(terms) });
  if (byEarlierKey) {
    const givesUp = signer === terms.payee && body.claims !== null;
    return finding({ note: givesUp ? fault("ok", BY_AN_OLD_KEY) : null, byEarlierKey });
  }
  const earlier = known.close(body.channel, signer);
  if (!earlier || sameClaims(earlier.claims, body.claims)) return finding();
  const why = "the same party signed a close with other claims; the first one counts";
  return finding({ fault: fault(EQUIVOCATION, why) });
}

function sameClaims(one, other) {
  if (one === null || other === null) return one === other;
  const same = (claim, at) => ["lane", "seq", "amount", "voucher"].every((name) => claim[name] === other[at][name]);
  return one.length === other.length && one.every(same);
}
