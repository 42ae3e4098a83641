"""Damaged bundles: only verdicts come back, and nothing that was not signed is ever ok.

30,000 of them in `make test`, and 100,000 in `make fuzz`."""

import json
import os

import pytest
from sealwright import verify_bundle
from sealwright.verify import OK, REMEDIES
from sealwright.verify.codes import LEDGER_CODES

from tests.host_tools import world
from tests.host_tools.factory import key
from tests.host_tools.mutate import Mutator

SHARDS, EACH = 20 if os.environ.get("SEALWRIGHT_WHOLE") else 6, 5000
SIGNERS = {
    "root": world.NET.key,
    "owner": world.OWNER.key,
    **{name: key(name) for name in ("issuer", "payer", "payee", "ledger")},
}
SIGNED_BY = {
    "root": "root",
    "issuer": "root",
    "payer": "issuer",
    "payee": "issuer",
    "receipt": "payee",
    "grant": "root",
    "command": "owner",
    "close": "payee",
    "ledger": "root",
    "funding": "ledger",
}
OF_PAYER = ("issuer", "payer")
IN_CHANNEL = (*OF_PAYER, "open")
NEEDS = {
    "root": (),
    "issuer": ("root",),
    "payer": ("issuer",),
    "payee": ("issuer",),
    "ledger": ("root",),
    "funding": (*IN_CHANNEL, "ledger"),
    "reading 0": OF_PAYER,
    "reading 1": (*OF_PAYER, "reading 0"),
    "reading 2": (*OF_PAYER, "reading 1"),
    "open": OF_PAYER,
    "first": IN_CHANNEL,
    "locked": (*IN_CHANNEL, "first"),
    "ticking": IN_CHANNEL,
    "third": (*IN_CHANNEL, "locked", "ticking"),
    "receipt": (*IN_CHANNEL, "payee", "first"),
    "evidence": (),
    "grant": (),
    "command": (),
    "proof": OF_PAYER,
    "close": (*IN_CHANNEL, "payee"),
}
GOOD = world.good()
ROWS = {name: (GOOD[name].raw, SIGNED_BY.get(name, "payer")) for name in GOOD}
SIGNED = {message.digest for message in GOOD.values()}


def bundles(seed, count):
    """`count` damaged bundles, and the set of digests that were properly signed, which grows with them."""
    mutator = Mutator(seed, SIGNERS)
    names = list(NEEDS)
    mutator.resigned |= SIGNED
    for number in range(count):
        target = names[number % len(names)]
        yield mutator.bundle([ROWS[name] for name in NEEDS[target]], ROWS[target]), mutator.resigned


@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_bundles_have_verdicts(shard):
    policy = world.policy()
    seen = {}
    for bundle, signed in bundles(shard, EACH):
        verdicts = list(verify_bundle(bundle, [world.NET.root], policy))
        assert sorted(verdict.n for verdict in verdicts) == list(range(len(verdicts)))
        for verdict in verdicts:
            assert verdict.ok == (verdict.code in (OK, "superseded"))
            assert verdict.ok or verdict.code in REMEDIES
            assert verdict.ok or verdict.why.endswith(REMEDIES[verdict.code])
            if verdict.ok:
                assert verdict.digest in signed, bundle.hex()
            seen[verdict.code] = seen.get(verdict.code, 0) + 1
    json.dumps(verdict.as_dict())
    # the damage must reach past the reader: every shard makes every code but one that needs another root
    rare = {"test_root", "bad_tick", "revoked", "wrong_ledger", "not_a_device", "not_a_ledger", "over_capacity"}
    rare |= {"superseded_key", "bad_rotation", "bad_receipt", "not_delegated", "not_the_owner"}
    assert set(REMEDIES) - set(seen) - LEDGER_CODES <= rare | {"bad_merge", "bad_lane", "amount_decreased"}


def test_the_same_seed_makes_the_same_damage():
    assert [bundle for bundle, _ in bundles(1, 200)] == [bundle for bundle, _ in bundles(1, 200)]
