"""The one JavaScript file: made from the sources and the schema of now, and whole in itself."""

import hashlib
import json
import re
import subprocess

import pytest
from tools import make_verifier

from tests.host_tools.factory import hash32, key
from tests.host_tools.web.judging import NODE, needs_node
from tests.vectors import p256_cases

WHOLE = make_verifier.TARGET.read_text(encoding="utf-8")
SOURCES = sorted((make_verifier.WEB / "verifier").glob("*.js"))
INSIDE = """
export { PublicKey, decode, sha256, toHex, fromHex };
"""


def test_it_is_current():
    assert make_verifier.whole() == WHOLE, "run host_tools/tools/make_verifier.py"


def test_all_sources_are_in_it_and_none_is_long():
    assert {path.stem for path in SOURCES} == set(make_verifier.SOURCES)
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 250 and max(map(len, lines)) <= 120, path.name


def test_it_needs_nothing_else_and_gives_three_calls():
    assert not re.search(r"\bimport\b(?!Key| \{ verifyBundle \} from)|\brequire\(|\beval\(|\bfetch\(|https?://", WHOLE)
    assert re.findall(r"^export (?:async )?function\*? (\w+)", WHOLE, re.MULTILINE) == [
        "judgeBundle", "verifyBundle", "verifyReceipt"
    ]  # fmt: skip


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """Runs a script in which the file's inner names are there too; what it prints, as JSON."""
    folder = tmp_path_factory.mktemp("inside")
    (folder / "opened.mjs").write_text(WHOLE + INSIDE, encoding="utf-8")

    def run(script, given):
        head = 'import * as it from "./opened.mjs";\nimport { readFileSync } from "node:fs";\n'
        head += 'const given = JSON.parse(readFileSync(0, "utf-8"));\n'
        (folder / "script.mjs").write_text(f"{head}{script}\n", encoding="utf-8")
        done = subprocess.run(
            [NODE, str(folder / "script.mjs")], input=json.dumps(given), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@needs_node
def test_its_hash_is_sha_256_for_every_length_of_block(inside):
    inputs = [hash32(str(size)) * 9 for size in range(200)]
    inputs = [data[: size % 288] for size, data in enumerate(inputs)] + [b"a" * 65536, b"\xff" * 65535]
    script = "console.log(JSON.stringify(given.map((text) => it.toHex(it.sha256(it.fromHex(text))))))"
    assert inside(script, [data.hex() for data in inputs]) == [hashlib.sha256(data).hexdigest() for data in inputs]


VERIFY = """
const found = [];
for (const { xy, message, signature } of given) {
  const bytes = it.fromHex(message);
  try {
    const key = it.PublicKey.of(xy);
    found.push(await key.verify(it.toHex(it.sha256(bytes)), signature, bytes));
  } catch (error) {
    found.push(error.code);
  }
}
console.log(JSON.stringify(found));
"""


def wycheproof(path):
    """(case, whether it holds) of each signature with raw r || s."""
    for group in json.loads(path.read_text())["testGroups"]:
        public = group.get("publicKey") or group["key"]
        for test in group["tests"]:
            case = {"xy": public["uncompressed"][2:], "message": test["msg"], "signature": test["sig"]}
            yield case, test["result"] == "valid"


@needs_node
@pytest.mark.parametrize("copy", ["installed", "shared"])
def test_its_signatures_are_those_of_wycheproof(inside, copy):
    name = "*ecdsa_secp256r1_sha256_p1363_test.json"
    folder = p256_cases.SHARED if copy == "shared" else p256_cases.PYCRYPTODOME / "Signature" / "wycheproof"
    paths = sorted(folder.glob(name))
    if not paths:
        pytest.skip("../shared/vectors is not here")
    cases = list(wycheproof(paths[0]))
    assert len(cases) == 262
    assert inside(VERIFY, [case for case, _ in cases]) == [holds for _, holds in cases]


@needs_node
def test_its_keys_are_points_on_the_curve(inside):
    xy = key("a").public.xy
    x, y, prime = int.from_bytes(xy[:32], "big"), int.from_bytes(xy[32:], "big"), 2**256 - 2**224 + 2**192 + 2**96 - 1
    points = [
        (x, y),
        (x, prime - y),
        (x, y ^ 1),
        (x ^ 1, y),
        (0, 0),
        (x, prime + 1),
        (prime, y),
        (2**256 - 1, 2**256 - 1),
    ]
    cases = [{"xy": f"{a:064x}{b:064x}", "message": "", "signature": "11" * 64} for a, b in points]
    cases += [{**cases[0], "xy": cases[0]["xy"][:-2]}, {**cases[0], "signature": "11" * 63}]
    assert inside(VERIFY, cases) == [False, False, *["malformed"] * 7, False]
