// Messages by keys that need no certificate: a device's evidence speaks for its own key, an owner is known by its key.

const AGAIN = "the same message came before";

/** Certificates may come again; everything else counts once. */
const replayFault = (message, memory) => (memory.seen(message.digest) ? fault("replay", AGAIN) : null);

async function judgeEvidence(message, memory) {
  const { key, ueid } = message.body;
  const wrong =
    first(
      ueid === key.ueid ? null : fault("bad_certificate", "its ueid is not that of its key"),
      (await message.signedBy(key)) ? null : fault("bad_signature", "its own key did not sign it"),
    ) ?? replayFault(message, memory);
  const why = "It proves that the device has this key, and nothing about which device it is";
  return finding({ fault: wrong, device: key.id, signer: key.id, note: wrong ? null : fault("ok", why) });
}

/** What an owner signs, or an operator in the owner's place. */
async function judgeOwner(message, policy, memory) {
  if (message.type === "transfer") return judgeTransfer(message, policy, memory);
  if (message.type !== "command" || message.body.delegation === null) return judgeOrder(message, policy, memory);
  const found = await judgeDelegated(message, memory.delegation(message.body.delegation), policy);
  return { ...found, fault: found.fault ?? replayFault(message, memory) };
}

async function judgeOrder(message, policy, memory) {
  const { device = null, notAfter = null } = message.body;
  const owners = policy.owners.filter((key) => key.kid === message.kid);
  if (!owners.length) {
    return finding({ fault: fault("unknown_signer", "no owner known here has this key"), device });
  }
  let signer = null;
  for (const key of owners) if (!signer && (await message.signedBy(key))) signer = key;
  if (!signer) return finding({ fault: fault("bad_signature", "its owner's key did not sign it"), device });
  let wrong = replayFault(message, memory);
  if (!wrong && notAfter !== null && policy.now > notAfter) wrong = fault("expired", `it held until ${utc(notAfter)}`);
  return finding({ fault: wrong, device, signer: signer.id });
}

async function judgeDelegated(message, given, policy) {
  const { body } = message;
  if (!given) {
    const why = "the delegation that it names is not known here";
    return finding({ fault: fault("unknown_signer", why), device: body.device });
  }
  const ends = least(given.notAfter, body.notAfter);
  const wrong = first(
    (await message.signedBy(given.operator)) ? null : fault("bad_signature", "its operator's key did not sign it"),
    given.device === body.device ? null : fault("not_a_party", "its delegation is for another device"),
    given.ops.includes(body.op)
      ? null
      : fault("not_delegated", `its delegation does not name ${shown(body.op)}`),
    policy.now <= ends ? null : fault("expired", `it held until ${utc(ends)}`),
  );
  return finding({ fault: wrong, device: body.device, signer: given.operator.id });
}

const stepOf = (body) => ({ generation: body.generation, old: body.old.xy, next: body.new.xy });

/** A bundle knows no grant as the ledger does: a transfer is held against the others of its device. */
async function judgeTransfer(message, policy, memory) {
  const { body } = message;
  const device = body.device;
  if (message.kid !== body.old.kid || !(await message.signedBy(body.old))) {
    return finding({ fault: fault("bad_signature", "the owner that it names did not sign it"), device });
  }
  const steps = memory.steps.get(device) ?? [];
  const before = steps.filter((one) => one.generation === body.generation - 1n).map((one) => one.next);
  const after = steps.filter((one) => one.generation === body.generation + 1n).map((one) => one.old);
  let wrong = replayFault(message, memory);
  let note = null;
  if (!wrong && body.generation > MOST_TRANSFERS) {
    wrong = fault("not_the_owner", `no device changes hands more than ${MOST_TRANSFERS} times`);
  }
  if (!wrong) {
    const broken =
      (before.length && !before.includes(body.old.xy)) || (after.length && !after.includes(body.new.xy));
    const isKnown = policy.owners.some((key) => key.xy === body.old.xy);
    if (broken) wrong = fault("not_the_owner", "the grant, and the transfers before it, name another owner");
    else if (!isKnown && !before.length) {
      note = fault("ok", "It proves that this key gave the device away, and not that it owned it");
    }
  }
  const step = stepOf(body);
  const isRival = (one) => one.generation === step.generation && one.old === step.old && one.next !== step.next;
  if (!wrong && steps.some(isRival)) {
    const why = `its signer gave the device to another one too, as owner ${body.generation}`;
    wrong = fault(EQUIVOCATION, why);
  }
  return finding({ fault: wrong, device, signer: body.old.id, note: wrong ? null : note });
}
