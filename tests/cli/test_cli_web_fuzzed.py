"""Hostile requests to the page and its API: none finds a mistake (500), and none changes the home.

`make campaign-web` sends over 1,000; `make test` a sample.
"""

import hashlib
import os
import random
import re
import subprocess
import sys

import pytest

from tests.cli.runner import LONG
from tests.cli.webbed import Served, kinds, raw

EXAMPLES = int(os.environ.get("SEALWRIGHT_WEB_EXAMPLES", "2"))
# a cursor is a text that an answer gave: none can be made up, so what looks right is refused, too
LEFT_OUT = "positive_data_acceptance"
# too long a text may be too long an address before that, which the tool's own list does not have
REFUSALS = '[checks]\nnegative_data_rejection.expected-statuses = ["4xx", "503"]\n'
PATHS = (
    "/",
    "/money",
    "/market",
    "/audit",
    "/hub",
    "/qr",
    "/bundles",
    "/sign-in",
    "/sign-out",
    "/devices/",
    "/static/",
)
PATHS += ("/api/v1/devices", "/api/v1/events", "/api/v1/channels", "/metrics", "/bundles/x/hand-in")
NAMES = ("q", "of", "page", "size", "sort", "state", "span", "after", "held", "link", "cursor", "limit", "device", "v")
BITS = (
    "%00",
    "%0d%0a",
    "..%2f",
    "%ff%fe",
    "'",
    '"',
    "<x>",
    "{{7*7}}",
    "%",
    "-1",
    "9" * 30,
    "A" * 300,
    "\u202e",
    "[]",
    ";",
    "&&",
)


@pytest.fixture(scope="module")
def served(stock, tmp_path_factory):
    made = Served(stock(tmp_path_factory.mktemp("fuzzed")))
    yield made
    made.close()
    assert not any(b"Traceback" in line for line in made.errors), made.errors


def state(home):
    """Every file of a home that a request could change; what SQLite keeps beside a file that is read is none."""
    files = (path for path in sorted(home.rglob("*")) if path.is_file())
    kept = (path for path in files if path.relative_to(home).parts[:1] != ("web",) and path.name != "web.json")
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in kept
        if path.suffix not in (".db-shm", ".db-wal")
    }


def test_the_api_is_what_it_says_whatever_is_asked(served, tmp_path):
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    before, token = state(served.cli.home), served.token("fuzzer")
    (tmp_path / "schemathesis.toml").write_text(REFUSALS)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/api/v1/openapi.json"]
    options = ["-H", f"Authorization: Bearer {token}", "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"]
    if "SEALWRIGHT_WEB_EXAMPLES" not in os.environ:  # each limit of each parameter takes 300 requests more
        options += ["--phases", "fuzzing"]
    options += ["--exclude-checks", LEFT_OUT, "--no-shrink"]
    ran = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20 * LONG
    )
    print(ran.stdout[-2000:])
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert int(re.search(r"(\d+) generated", ran.stdout)[1]) >= 20
    assert state(served.cli.home) == before


def hostile(chance, port, cookie):
    """One request, made of pieces that have broken servers."""
    target = chance.choice(PATHS) + "".join(chance.choices(BITS, k=chance.randrange(3)))
    pairs = [f"{chance.choice(NAMES)}={''.join(chance.choices(BITS, k=2))}" for _ in range(chance.randrange(4))]
    body = bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
    kind = chance.choice(
        ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "x")
    )
    if chance.random() < 0.3:
        body = b'--b\r\nContent-Disposition: form-data; name="bundle"; filename="../../a"\r\n\r\n' + body + b"\r\n--b--"
    head = [f"{chance.choice(('GET', 'POST', 'HEAD', 'OPTIONS'))} {target}?{'&'.join(pairs)} HTTP/1.1"]
    head += [f"Host: 127.0.0.1:{port}", f"Cookie: {cookie}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    head += ["Connection: close", *(["X-Forwarded-Host: evil.example"] if chance.random() < 0.5 else [])]
    return "\r\n".join(head).encode("utf-8") + b"\r\n\r\n" + body


def test_pages_withstand_what_nobody_would_ask(served):
    with served.client("operator") as client:
        (cookie,) = client.cookies.jar
        before, chance = state(served.cli.home), random.Random(f"web {EXAMPLES}")
        text = f"{cookie.name}={cookie.value}"
        seen = set()
        for _ in range(100 * EXAMPLES):
            request = hostile(chance, served.port, text)
            if b"/api/v1/events" in request.split(b"\r\n")[0] and request.startswith(b"GET"):
                continue  # an answer that goes on
            statuses = kinds(raw(served, request))
            assert statuses and max(statuses) < 500 or statuses == [503], request
            seen |= set(statuses)
        print(f"statuses: {sorted(seen)}")
        assert {200, 400, 404} <= seen and state(served.cli.home) == before
