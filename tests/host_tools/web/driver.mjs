// Runs the verifier over jobs, one JSON object a line on standard input, and prints what comes out of each.
// A job: {call: judgeBundle, verifyBundle or verifyReceipt, bytes: hexadecimal, options: its bytes in hexadecimal too}.

import { createInterface } from "node:readline";
import * as verifier from "../../../host_tools/sealwright/web/static/sealwright-verify.js";

const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));

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

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const found = await outcome(JSON.parse(line)).catch(({ message, code, stack }) => ({ error: message, code, stack }));
  console.log(JSON.stringify(found, plain));
}
