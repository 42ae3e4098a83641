// Checks a bundle in the browser, so that it need not leave this machine: drop a file, or choose one.
// The form that the server answers stays beside it.

const form = document.querySelector("#upload");
const place = document.querySelector("#verdicts");
const MOST = 500; // rows

const octets = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function show(file, verdicts) {
  const refused = verdicts.filter((one) => !one.ok);
  const sum = element("p", `${verdicts.length} messages, ${refused.length} refused: checked in this browser.`);
  sum.className = refused.length ? "notice" : "good";
  const table = element("table", undefined, "cards");
  const head = table.createTHead().insertRow();
  for (const name of ["n", "type", "code", "digest", "why"]) {
    const cell = element("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const one of [...refused, ...verdicts.filter((each) => each.ok)].slice(0, MOST)) {
    const row = body.insertRow();
    const cells = { n: one.index, type: one.type ?? "–", code: one.code, digest: (one.digest ?? "").slice(0, 16), why: one.text ?? "" };
    for (const [name, text] of Object.entries(cells)) {
      const cell = row.insertCell();
      cell.dataset.label = name;
      if (name === "code") cell.append(element("span", text, `badge ${one.ok ? "open" : "fault"}`));
      else cell.textContent = text;
    }
  }
  place.replaceChildren(element("h2", `Verdicts on ${file.name}`), sum, table);
}

async function check(file) {
  place.replaceChildren(element("p", `Checking ${file.name} …`));
  try {
    const [{ verifyBundle }, answer] = await Promise.all([import(form.dataset.verifier), fetch("/api/v1/roots")]);
    const { roots, test_roots: tests } = await answer.json();
    const allowTest = form.querySelector("#test").checked;
    const given = { roots: [...roots, ...tests].map(octets), now: Math.floor(Date.now() / 1000), allowTest };
    const { verdicts } = await verifyBundle(new Uint8Array(await file.arrayBuffer()), given);
    show(file, verdicts);
  } catch (error) {
    place.replaceChildren(element("p", `This browser cannot check it (${error.message}): send it to the server.`, "notice"));
  }
}

if (form?.dataset.verifier) {
  const input = form.querySelector("#bundle");
  form.prepend(element("p", "Drop a bundle here, or choose one: it is checked in this browser and goes nowhere."));
  input.addEventListener("change", () => { if (input.files.length) check(input.files[0]); });
  form.querySelector("#test").addEventListener("change", () => { if (input.files.length) check(input.files[0]); });
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      check(input.files[0]);
    }
  });
}
