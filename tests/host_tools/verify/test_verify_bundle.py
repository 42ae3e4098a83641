"""A whole bundle at once: verdicts as they print, what a verdict tells, and a bundle that ends badly."""

import io
import json

import pytest
from sealwright import load_roots, verify_bundle
from sealwright.errors import BadCertificate, Usage
from sealwright.verify import Policy, Verifier
from sealwright.wire.certificates import to_pem

from tests.host_tools import world
from tests.host_tools.factory import NOW, hash32
from tests.host_tools.world import ISSUER, NET, PAYEE, PAYER, good, policy


def whole():
    return b"".join(message.raw for message in good().values())


def test_a_good_bundle_from_a_file(tmp_path):
    (tmp_path / "root.pem").write_bytes(to_pem(NET.root))
    (tmp_path / "b.bundle").write_bytes(whole())
    verdicts = list(verify_bundle(tmp_path / "b.bundle", load_roots(tmp_path / "root.pem"), policy()))
    assert [verdict.code for verdict in verdicts] == ["ok"] * len(good())
    assert [verdict.n for verdict in verdicts] == list(range(len(good())))
    assert [verdict.type for verdict in verdicts] == [message.type for message in good().values()]
    assert [verdict.digest for verdict in verdicts] == [message.digest for message in good().values()]
    assert [verdict.message for verdict in verdicts] == list(good().values())


def test_whom_a_verdict_speaks_of_and_who_signed():
    verdicts = dict(zip(good(), verify_bundle(whole(), [NET.root], policy())))
    root, payer, payee, owner = NET.key.public.device_id, PAYER.id, PAYEE.id, world.OWNER.key.public.device_id
    expected = {
        "root": (root, root),
        "issuer": (ISSUER.id, root),
        "payer": (payer, ISSUER.id),
        "reading 0": (payer, payer),
        "open": (payer, payer),
        "receipt": (payee, payee),
        "evidence": (payer, payer),
        "grant": (payer, root),
        "command": (payer, owner),
        "proof": (payer, payer),
        "close": (payee, payee),
    }
    for name, (device, signer) in expected.items():
        assert (verdicts[name].device, verdicts[name].signer) == (device, signer), name


def test_a_verdict_prints_as_json():
    raw = whole()
    altered = raw[:-1] + bytes((raw[-1] ^ 1,))
    last = list(verify_bundle(altered, [NET.root], policy()))[-1]
    printed = json.loads(json.dumps(last.as_dict()))
    assert printed.pop("why").startswith("the owner that it names did not sign it. ")
    resold = good()["resold"]
    expected = {"n": 25, "type": "transfer", "ok": False, "code": "bad_signature", "digest": resold.digest.hex()}
    assert printed == {**expected, "device": PAYER.id.hex()}


def test_evidence_says_what_it_does_not_prove():
    verdict = Verifier([], Policy(at=NOW)).check(PAYER.evidence().raw)
    assert verdict.ok and "nothing about which device" in verdict.why


def test_what_follows_the_last_whole_message_is_malformed():
    for rest in (b"\xd2", b"\x00" * 3 + b"\x1c", b"\xff"):
        verdicts = list(verify_bundle(whole() + rest, [NET.root], policy()))
        assert [verdict.code for verdict in verdicts[: len(good())]] == ["ok"] * len(good())
        assert {verdict.code for verdict in verdicts[len(good()) :]} == {"malformed"}
        assert verdicts[-1].n == len(verdicts) - 1
        assert verdicts[-1].type is None and verdicts[-1].digest is None


def test_bad_messages_do_not_hide_those_after_them():
    messages = [message.raw for message in good().values()]
    spoilt = b"".join(b"\x9f\xff" + b"\xf9\x00\x00" + raw for raw in messages)
    codes = [verdict.code for verdict in verify_bundle(io.BytesIO(spoilt), [NET.root], policy())]
    assert codes == ["not_deterministic", "malformed", "ok"] * len(messages)


def test_an_empty_bundle_has_no_verdicts():
    assert list(verify_bundle(b"", [NET.root])) == []


def test_what_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(Usage):
        list(verify_bundle(tmp_path / "missing", [NET.root]))
    with pytest.raises(BadCertificate):
        list(verify_bundle(b"", [PAYER.certificate]))


def test_time_is_now_unless_given():
    import time

    assert abs(Policy().now() - time.time()) < 2
    assert Policy(at=0).now() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"custody_floor": 3},
        {"custody_floor": -1},
        {"network": bytes(31)},
        {"ticks": {bytes(31): (1, bytes(32))}},
        {"ticks": {bytes(32): (1, bytes(31))}},
        {"ticks": {bytes(32): (-1, bytes(32))}},
    ],
)
def test_demands_that_cannot_be(wrong):
    with pytest.raises(Usage):
        Policy(**wrong)


def test_any_bytes_have_a_verdict():
    verifier = Verifier([NET.root], policy())
    for raw in (b"", b"\x00", bytes(70000), hash32("noise") * 9, bytearray(good()["root"].raw), memoryview(whole())):
        verdict = verifier.check(raw)
        assert verdict.ok == (verdict.type == "certificate")
