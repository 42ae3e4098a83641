// Check a bundle of signed messages, or a file of COSE Receipts, with the JavaScript verifier. Needs Node 20, no packages.
//
//   node verify_bundle.mjs day.bundle root.pem
//   node verify_bundle.mjs day.bundle test-root.pem --allow-test     emulated boards
//   node verify_bundle.mjs toll.receipt root.pem --receipt --json    an object a line
//
// Prints the faults, then a line for each channel. The exit code is 1 where something was rejected, 2 for wrong usage.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { verifyBundle, verifyReceipt } from "../sealwright/web/static/sealwright-verify.js";

const flags = { "allow-test": { type: "boolean" }, receipt: { type: "boolean" }, json: { type: "boolean" } };
const plain = (_, value) => (typeof value === "bigint" ? `${value}` : value);

async function main() {
  const { values, positionals } = parseArgs({ options: flags, allowPositionals: true });
  const [bundle, ...roots] = await Promise.all(positionals.map((path) => readFile(path)));
  if (!roots.length) throw new Error("name a bundle and a root: node verify_bundle.mjs day.bundle root.pem");
  const check = values.receipt ? verifyReceipt : verifyBundle;
  const { verdicts, summary } = await check(bundle, { roots, allowTest: values["allow-test"] });
  for (const verdict of verdicts) {
    if (values.json) console.log(JSON.stringify(verdict, plain));
    else if (!verdict.ok) console.log(`message ${verdict.index}: ${verdict.code}: ${verdict.text}`);
  }
  if (!values.json) {
    for (const { payer, payee, owed, asset } of summary.channels ?? []) {
      console.log(`${payer.slice(0, 16)} owes ${payee.slice(0, 16)} ${owed} ${asset}`);
    }
    if (verdicts.some((verdict) => verdict.code === "test_root")) console.log("--allow-test accepts emulated boards.");
    console.log(`${summary.messages} ${values.receipt ? "items" : "messages"}, ${summary.rejected} rejected`);
  }
  return summary.rejected ? 1 : 0;
}

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 2;
});
