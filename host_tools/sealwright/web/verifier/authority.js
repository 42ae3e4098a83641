// What only some keys may say: issuers grant and revoke, ledgers fund and refund, devices speak for themselves.
// Each function returns the fault of a message whose signature by `signer` holds, or null.

async function grantFault({ body }, signer, signers, roots, policy) {
  if (body.issuedAt > policy.now + CLOCK_SKEW) {
    return fault("not_yet_valid", `it was granted at ${utc(body.issuedAt)}, after now`);
  }
  const { leaf, wrong } = await checkChain(body.chain, roots, policy.now, policy.allowTest);
  if (wrong) return fault(wrong.code, `its chain: ${wrong.why}`);
  if (leaf.key.id !== body.device) {
    return fault("bad_certificate", "its chain certifies another device than it grants to");
  }
  const [, ...issuers] = body.chain;
  const above = [body.chain[body.chain.length - 1].body.issuer, ...issuers.map((link) => link.body.subject)];
  const known = signers.knownDevice(body.device);
  const isRival = known && !known.fault && !known.above.includes(signer.id);
  if (isRival || !above.includes(signer.key.did)) {
    return fault("bad_certificate", "another issuer certified this device");
  }
  return networkFault(body.network, leaf.network);
}

function revocationFault({ body }, signer, signers, now) {
  if (body.revokedFrom > now + CLOCK_SKEW) {
    return fault("not_yet_valid", `it counts from ${utc(body.revokedFrom)} on`);
  }
  const known = signers.knownDevice(body.device);
  if (!known && !signer.known.isRoot) {
    return fault("unknown_signer", "no certificate of the device that it revokes is known here yet");
  }
  if (known && !known.above.includes(signer.id)) {
    return fault("bad_certificate", "only the device's issuer, or one above it, revokes it");
  }
  return null;
}

/** Of a funding or a refund. */
function fundingFault({ type, body }, ledger, memory) {
  const terms = memory.channel(body.channel);
  if (!terms) return UNKNOWN_CHANNEL;
  if (terms.ledger !== null && terms.ledger !== ledger) {
    return fault("wrong_ledger", "its channel names another ledger");
  }
  if (type === "funding" && body.amount !== terms.capacity) {
    return fault("over_capacity", `it locks ${body.amount} where the capacity is ${terms.capacity}`);
  }
  return null;
}

function ledgerFault(message, ledger, memory) {
  const { type, body } = message;
  if (type === "funding" || type === "refund") return fundingFault(message, ledger, memory);
  if (body.ledger === ledger) return null;
  return fault("not_a_party", "it names another ledger than the one that signed it");
}

/** The end of each shard's log that a checkpoint states; of a ledger without shards, that of its one log. */
const endsOf = ({ rows, head, root, shards }) => [{ rows, head, root }, ...(shards ?? [])];

/** Of a checkpoint beside what others of the same ledger say of as many rows of each shard's log. */
function checkpointFault(body, before) {
  for (const [shard, end] of endsOf(body).entries()) {
    const known = before[shard];
    const otherRoot = end.root !== null && known.root !== null && end.root !== known.root;
    if (end.head !== known.head || otherRoot) {
      return fault(EQUIVOCATION, `its ledger signed another log of ${end.rows} rows${ofShard(shard)}`);
    }
  }
  return null;
}

/** The end of a sentence on a log: whose it is, where a ledger has several. */
const ofShard = (shard) => (shard ? ` of its shard ${shard}` : "");

function networkFault(claimed, certified) {
  if (claimed === certified) return null;
  return fault("wrong_network", "it names another network than its signer is certified for");
}

function deviceFault(signer) {
  if (signer.certificate.mayIssue === null && !signer.isLedger) return null;
  return fault("not_a_device", "its signer is certified as an issuer or a ledger");
}

/** Why a device's key could not sign this, by the rotations of the device. */
function turnFault(message, signer, lines) {
  if (message.type === "rotation" || !lines.of(signer.id).length) return null;
  if (message.type === "reading") {
    return lines.readingFault(signer.id, signer.generation, message.body.seq, message.digest);
  }
  return lines.superseded(signer.id, signer.generation);
}

/** Follow a device's rotation, or return what is wrong with it. */
function turn(message, signer, signers, now) {
  const { body } = message;
  const { lines } = signers;
  if (body.device !== signer.id) return fault("not_a_party", SPEAKS_FOR_ANOTHER);
  const wrong = lines.rotationFault(message, signer.certificate.key, signer.generation, now);
  const other = lines.deviceOf(body.key.id);
  if (!wrong && (signers.knownDevice(body.key.id) || (other !== null && other !== body.device))) {
    return fault("bad_rotation", "its new key is that of another device");
  }
  if (!wrong || wrong.code === EQUIVOCATION) lines.add(message);
  return wrong;
}

const SPEAKS_FOR_ANOTHER = "it speaks for another device than the one that signed it";

/** The party of a funded channel that signed, by any key of its line; what certifies it does not matter. */
async function fundedParty(message, terms, signers) {
  if (!terms?.funded) return null;
  return (await signers.signerFor(message, terms.payer)) ?? (await signers.signerFor(message, terms.payee));
}
