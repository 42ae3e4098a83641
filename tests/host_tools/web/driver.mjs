// Runs the verifier over jobs, one a line on standard input, and prints the answer to each.

import { createInterface } from "node:readline";
import { answerTo } from "./answering.mjs";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  console.log(await answerTo(line));
}
