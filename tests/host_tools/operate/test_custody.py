"""Custody is what a board's own description says, or what was proved: a device's word, any program can give. For chips
see tests/e2e/test_liars.py."""

import json
from types import SimpleNamespace

import pytest
from sealwright import Policy, Verifier
from sealwright.errors import RefusedByDevice, Rejected
from sealwright.home import Home
from sealwright.operate.provisioning import provision
from sealwright.targets import assets
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import Evidence, Grant, parse_as, sign_message

REAL = next(
    board["model"]
    for board in (json.loads(path.read_text()) for path in sorted((assets.root() / "boards").glob("*/board.json")))
    if not board.get("emulated")
)


class Liar:
    """A program that says it is a real board whose key is kept so well."""

    url = "tcp:127.0.0.1:9"

    def __init__(self, custody):
        self.key, self.custody = PrivateKey.generate(), custody

    def info(self):
        return SimpleNamespace(provisioned=False, state="blank", device=None, model=REAL, raw={})

    def evidence(self, nonce):
        return sign_message(
            self.key, Evidence(self.key.public, nonce, self.key.public.ueid, self.custody, REAL, "0.0")
        ).raw

    def call(self, kind, item):
        raise RefusedByDevice("no such request", code="unsupported")

    def grant(self, raw):
        self.granted = parse_as(raw, Grant).body


def test_custody_is_not_taken_from_the_device(tmp_path):
    home, liar = Home.init(tmp_path / "home", "net"), Liar(2)
    with pytest.raises(Rejected) as refused:
        provision(home, liar, "liar")
    assert refused.value.code == "chip_missing" and not hasattr(liar, "granted")
    liar = Liar(0)
    made = provision(home, liar, "liar", valid_days=7)
    body = made.certificate.body
    assert (body.custody, made.entry.custody, liar.granted.chain[0].body.custody) == (0, 0, 0)
    assert body.expires - body.issued_at == 7 * 86400
    strict = Verifier([home.root()], Policy(custody_floor=1))
    assert strict.check(home.root().raw).ok
    assert strict.check(made.certificate.raw).code == "custody_too_low"
