// Answers jobs, one JSON object each, as JSON. Runs in Node and in pages.
// A job: {call: judgeBundle, verifyBundle or verifyReceipt, bytes: hexadecimal, options: its bytes in hexadecimal too}.

import * as verifier from "../../../host_tools/sealwright/web/static/sealwright-verify.js";

const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

function plain(_, value) {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function withBytes(options) {
  const found = { ...options };
  for (const name of ["roots", "known", "owners", "secrets"]) if (found[name]) found[name] = found[name].map(bytes);
  return found;
}

async function outcome({ call, bytes: text, options }) {
  const found = verifier[call](bytes(text), withBytes(options));
  if (call !== "judgeBundle") return found;
  const verdicts = [];
  for await (const verdict of found) verdicts.push(verdict);
  return { verdicts };
}

/** The answer to a job: what the call gives, or the error that it throws. */
export async function answerTo(line) {
  const found = await outcome(JSON.parse(line)).catch(({ message, code, stack }) => ({ error: message, code, stack }));
  return JSON.stringify(found, plain);
}
