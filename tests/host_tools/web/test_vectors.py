"""The COSE Working Group's examples, where they lie beside the checkout: both verifiers say why they are no message."""

import json

import cbor2
import pytest
from sealwright.verify import Policy

from tests.host_tools import world
from tests.host_tools.factory import NOW
from tests.host_tools.web.judging import Job, alike, needs_node
from tests.host_tools.wire.test_cose import VECTORS

EXAMPLES = sorted(VECTORS.glob("*.json"))


def emptied(raw):
    """With what is in the unprotected header moved into the protected one, so that more of it is looked at."""
    parts = list(getattr(cbor2.loads(raw), "value", None) or [])
    if len(parts) < 2 or not isinstance(parts[0], bytes) or not isinstance(parts[1], dict):
        return raw
    header = {**(cbor2.loads(parts[0]) if parts[0] else {}), **parts[1]}
    return cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps(header), {}, *parts[2:]]))


@needs_node
@pytest.mark.skipif(not EXAMPLES, reason="the COSE Working Group's examples are not beside this checkout")
def test_examples_of_cose():
    raws = [bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["output"]["cbor"]) for path in EXAMPLES]
    first = world.NET.root.raw
    jobs = [
        Job(bundle, (world.NET.root,), Policy(at=NOW), call=call)
        for raw in (*raws, *map(emptied, raws))
        for bundle in (raw, first + raw)
        for call in ("judgeBundle", "verifyReceipt")
    ]
    assert {verdict["code"] for one in alike(jobs) for verdict in one["verdicts"]} >= {"ok", "malformed"}
