"""The example for Node: what it prints of a bundle and of receipts, and when it exits with 1 or 2."""

import json
import subprocess
from pathlib import Path

import pytest
from sealwright.wire.certificates import to_pem
from sealwright.wire.log_receipt import Inclusion, sign_receipt
from sealwright.wire.merkle import leaf
from sealwright.wire.messages import Checkpoint, sign_message

from tests.host_tools.factory import NOW, Network, hash32, key
from tests.host_tools.web.judging import NODE, needs_node

pytestmark = needs_node
EXAMPLE = Path(__file__).parents[3] / "host_tools" / "examples" / "verify_bundle.mjs"
NET = Network(model="emulated board")
PAYER, PAYEE = NET.device("payer", issued_at=1), NET.device("payee", issued_at=1)  # judged as of now


def run(*arguments):
    return subprocess.run([NODE, str(EXAMPLE), *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root.pem").write_bytes(to_pem(NET.root))
    return tmp_path / "root.pem"


def test_a_bundle(root, tmp_path):
    channel = PAYER.open(PAYEE, expires=2**40)
    messages = [
        PAYER.certificate,
        PAYEE.certificate,
        channel,
        PAYER.voucher(channel, 7),
        PAYER.voucher(channel, 9, seq=2),
    ]
    bundle = tmp_path / "day.bundle"
    bundle.write_bytes(b"".join(message.raw for message in messages))
    done = run(bundle, root, "--allow-test")
    assert done.stdout.splitlines() == [
        f"{PAYER.id.hex()[:16]} owes {PAYEE.id.hex()[:16]} 9 credit", "5 messages, 0 rejected"
    ]  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    done = run(bundle, root)
    assert done.returncode == 1 and "message 0: test_root: " in done.stdout, "not without being told"
    rows = [json.loads(line) for line in run(bundle, root, "--allow-test", "--json").stdout.splitlines()]
    assert [row["digest"] for row in rows] == [message.digest.hex() for message in messages]


def test_a_receipt(root, tmp_path):
    ledger = NET.ledger(issued_at=1)
    message = PAYER.peer_proof(PAYEE)
    tree = leaf(message.digest)
    checkpoint = sign_message(ledger.key, Checkpoint(ledger.id, 1, hash32("head"), NOW, tree))
    parts = [ledger.certificates[0].raw, checkpoint.raw, message.raw]
    good, stolen = (sign_receipt(key(label), Inclusion(1, 0, ()), tree) for label in ("ledger", "stranger"))
    for receipt, code in ((good, 0), (stolen, 1)):
        path = tmp_path / "one.receipt"
        path.write_bytes(b"".join([*parts, receipt]))
        done = run(path, root, "--receipt", "--allow-test")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (code, f"2 items, {code} rejected"), done


@pytest.mark.parametrize("arguments", [(), ("none.bundle",), ("none.bundle", "none.pem"), ("--odd",)])
def test_wrong_usage(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
