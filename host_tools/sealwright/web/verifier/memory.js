// What the messages of one bundle have shown so far.

class Memory {
  /** heads: by device id the newest entry {seq, digest, at} of its log that an earlier bundle showed. */
  constructor(heads = new Map()) {
    this.earlier = heads;
    this.known = new Map(); // channel -> {terms, lanes, numbers, closes, isEnding}
    this.vouchers = new Map();
    this.taken = new Set();
    this.revoked = new Map();
    this.ends = new Map(); // of logs, as checkpoints state them
    this.fundings = new Set();
    this.heads = new Map();
    this.logs = new Map(); // signer -> number -> digest of the first entry with it
    this.steps = new Map();
    this.delegations = new Map();
  }

  seen = (digest) => this.taken.has(digest);

  channel = (digest) => this.known.get(digest)?.terms ?? null;

  lane = (channel, number) => this.known.get(channel).lanes.get(number) ?? null;

  /** The digest of the voucher that came first with this number. */
  numbered = (channel, lane, seq) => this.known.get(channel).numbers.get(`${lane} ${seq}`) ?? null;

  voucher = (digest) => this.vouchers.get(digest) ?? null;

  /** The first close that this party signed. */
  close = (channel, signer) => this.known.get(channel)?.closes.get(signer) ?? null;

  revokedFrom = (device) => this.revoked.get(device) ?? null;

  delegation = (digest) => this.delegations.get(digest) ?? null;

  head = (signer) => this.heads.get(signer) ?? null;

  /** The digest of the entry of this bundle that came first with this number of a signer's log. */
  ofBundle = (signer, seq) => this.logs.get(signer)?.get(seq) ?? null;

  entry(signer, seq) {
    const earlier = this.earlier.get(signer);
    return earlier?.seq === seq ? earlier.digest : this.ofBundle(signer, seq);
  }

  /** For each shard what the checkpoint that came first says of as many rows of its log. */
  endsBefore(shown) {
    return endsOf(shown).map((end, shard) => setDefault(this.ends, `${shown.ledger} ${shard} ${end.rows}`, end));
  }

  /** Every channel, and what is owed in it: what its accepted vouchers are worth, at most the capacity. */
  channels() {
    return Array.from(this.known.values(), ({ terms, lanes, isEnding }) => {
      const { digest, payer, payee, asset, capacity, expires } = terms;
      const worth = [...lanes.values()].reduce((sum, lane) => sum + lane.worth, 0n);
      return { digest, payer, payee, asset, capacity, expires, owed: least(capacity, worth), closed: isEnding };
    });
  }

  keep = (digest) => this.taken.add(digest);

  keepChannel(terms) {
    const funded = this.isFunded(terms);
    const known = { lanes: new Map(), numbers: new Map(), closes: new Map(), isEnding: false };
    setDefault(this.known, terms.digest, { terms: { ...terms, funded }, ...known });
  }

  /** Note that a ledger has funded a channel, which may still be unknown. */
  keepFunding(funding, ledger) {
    this.fundings.add(`${funding.channel} ${ledger} ${funding.amount}`);
    const known = this.known.get(funding.channel);
    if (known) known.terms = { ...known.terms, funded: true };
  }

  isFunded = (terms) => this.fundings.has(`${terms.digest} ${terms.ledger} ${terms.capacity}`);

  /** Note the payer's voucher, and its lane as it is afterwards. */
  keepVoucher({ body, digest }, lane) {
    this.vouchers.set(digest, body);
    setDefault(this.known.get(body.channel).numbers, `${body.lane} ${body.seq}`, digest);
    this.keepLane(body.channel, body.lane, lane);
  }

  keepLane(channel, number, lane) {
    if (lane) this.known.get(channel).lanes.set(number, lane);
  }

  keepClose(close, signer, byEarlierKey) {
    const known = this.known.get(close.channel);
    known.isEnding = true;
    if (!byEarlierKey) setDefault(known.closes, signer, close);
  }

  keepRevocation(device, start) {
    this.revoked.set(device, least(start, this.revokedFrom(device)));
  }

  /** Note a transfer of ownership. */
  keepStep(device, step) {
    const known = setDefault(this.steps, device, []);
    if (known.length < MOST_STEPS) known.push(step);
  }

  /** Note an entry of a signer's log, and the newest: after a gap the log goes on from there. */
  keepEntry(signer, entry) {
    setDefault(setDefault(this.logs, signer, new Map()), entry.seq, entry.digest);
    const newest = this.heads.get(signer);
    if (newest && entry.seq <= newest.seq) return;
    this.heads.set(signer, { ...entry, at: entry.at ?? newest?.at ?? null });
  }
}

function setDefault(map, key, value) {
  if (!map.has(key)) map.set(key, value);
  return map.get(key);
}
