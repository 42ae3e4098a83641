// Runs the verifier over jobs, one JSON object a line on standard input, and prints what comes out of each.
// A job: {call: judgeBundle, verifyBundle or verifyReceipt, bytes: hexadecimal, options: its bytes in hexadecimal too}.

import { createInterface } from "node:readline";
import * as verifier from "../../../host_tools/sealwright/web/static/sealwright-verify.js";

const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const big = (_, value) => (typeof value === "bigint" ? Number.isSafeInteger(Number(value)) ? Number(value) : `${value}` : value);

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
  const found = await outcome(JSON.parse(line)).catch((error) => ({ error: error.message, code: error.code ?? null, stack: error.stack }));
  console.log(JSON.stringify(found, big));
}
