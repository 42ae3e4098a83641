// The driver's work in a page: fetches jobs, and posts what comes out of them.

import { answerTo } from "./answering.mjs";

const lines = (await (await fetch("jobs")).text()).split("\n").filter((line) => line);
const answers = [];
for (const line of lines) answers.push(await answerTo(line));
await fetch("answers", { method: "POST", body: answers.join("\n") });
