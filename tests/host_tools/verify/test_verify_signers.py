"""Who may sign, beyond one fault at a time: shared hints, renewals, chains that end, what comes first."""

import dataclasses
import time

import pytest
from sealwright.errors import BadCertificate
from sealwright.verify import Policy, Verifier
from sealwright.wire import certificates
from sealwright.wire.keys import PublicKey
from sealwright.wire.messages import Offer, parse_as, sign_message

from tests.host_tools.factory import NOW, Network, key

NET = Network()


def codes(*messages, roots=(NET.root,), **demands):
    verifier = Verifier(roots, Policy(**{"at": NOW, **demands}))
    return [verifier.check(message.raw).code for message in messages]


def renewed(device, issuer=NET.key, **changes):
    fields = {"issued_at": device.certificate.body.issued_at + 1, **changes}
    return sign_message(issuer, dataclasses.replace(device.certificate.body, **fields))


def flipped(message):
    """The certificate with another signature."""
    signature = bytes((message.sign1.signature[0] ^ 1,)) + message.sign1.signature[1:]
    return parse_as(message.raw[:-64] + signature, type(message.body))


def test_certificates_may_come_again_and_issuers_before_what_they_issue():
    issuer = NET.issuer()
    device = NET.device(issuer=issuer)
    assert codes(issuer.certificate, device.certificate, issuer.certificate, device.certificate) == ["ok"] * 4
    assert codes(device.certificate, issuer.certificate, device.certificate) == ["unknown_signer", "ok", "ok"]


def test_each_key_that_shares_a_hint_is_tried(monkeypatch):
    # nobody can make two keys with one kid, so here all have the same
    monkeypatch.setattr(PublicKey, "kid", property(lambda key: bytes(8)))
    first, second = NET.device("first"), NET.device("second")
    verifier = Verifier([NET.root], Policy(at=NOW))
    for n, device in enumerate((first, second, second, first)):
        verdicts = [verifier.check(device.certificate.raw), verifier.check(device.reading(n).raw)]
        assert [(verdict.code, verdict.device) for verdict in verdicts] == [("ok", device.id)] * 2
    assert verifier.check(NET.device("stranger").reading(9).raw).code == "bad_signature"


def test_a_hint_at_another_key_does_not_hold():
    device, other = NET.device(), NET.device("other")

    class Hinted:
        public = other.key.public

        def sign(self, digest):
            return device.key.sign(digest)

    reading = sign_message(Hinted(), device.reading().body)
    assert codes(device.certificate, other.certificate, reading) == ["ok", "ok", "bad_signature"]


def test_a_renewal_counts_and_the_older_again_does_not():
    device = NET.device()
    weaker = renewed(device, custody=0)
    found = codes(device.certificate, device.reading(), weaker, device.reading(), custody_floor=2)
    assert found == ["ok", "ok", "custody_too_low", "custody_too_low"]
    reading = device.reading()
    assert codes(weaker, device.certificate, reading, custody_floor=2) == ["custody_too_low", "ok", "custody_too_low"]
    twin = renewed(device, custody=0, issued_at=device.certificate.body.issued_at)
    assert codes(device.certificate, twin, reading, custody_floor=2) == ["ok", "custody_too_low", "ok"]
    stronger = renewed(device, custody=2, issued_at=NOW)
    assert codes(weaker, stronger, reading, custody_floor=2) == ["custody_too_low", "ok", "ok"]


def test_a_root_needs_no_other_word():
    other = Network("other", "other root")
    cross = certificates.issue(other.key, NET.key.public, network=NET.id, custody=2, issued_at=NOW)
    own = certificates.issue(other.key, NET.key.public, network=other.id, custody=2, issued_at=NOW)
    device = NET.device()
    assert codes(cross, own, device.certificate, device.reading(), roots=(NET.root, other.root)) == [
        "wrong_network",
        "ok",
        "ok",
        "ok",
    ]


def test_a_refused_certificate_gives_its_reason_until_a_good_one_comes():
    device = NET.device()
    bad = renewed(device, expires=NOW)
    first, second = device.reading(), device.reading()
    found = codes(bad, first, device.certificate, second)
    assert found == ["expired_certificate", "expired_certificate", "ok", "ok"]


def test_a_certificate_that_nobody_signed_leaves_no_reason_behind():
    device = NET.device()
    assert codes(flipped(device.certificate), device.reading()) == ["bad_signature", "unknown_signer"]


def test_a_weak_certificate_must_be_signed_to_be_known():
    device = NET.device(custody=0)
    forged = flipped(device.certificate)
    assert codes(forged, device.reading(), custody_floor=1) == ["custody_too_low", "unknown_signer"]


@pytest.mark.parametrize(
    "changes,code",
    [
        ({"subject": "did:key:z", "expires": 0, "network": bytes(32), "custody": 0}, "bad_certificate"),
        ({"expires": 0, "network": bytes(32), "custody": 0}, "expired_certificate"),
        ({"network": bytes(32), "custody": 0}, "wrong_network"),
        ({"custody": 0}, "custody_too_low"),
        ({}, "bad_signature"),
    ],
)
def test_of_several_faults_the_first_is_named(changes, code):
    assert codes(flipped(renewed(NET.device(), **changes)), custody_floor=1) == [code]
    test_net = Network(model="emulated")
    device = test_net.device()
    assert codes(flipped(renewed(device, **changes)), custody_floor=1, roots=(test_net.root,)) == ["test_root"]


def test_an_altered_message_of_a_weak_device_is_a_weak_devices():
    device = NET.device(custody=1)
    assert codes(device.certificate, flipped(device.reading()), custody_floor=2) == ["custody_too_low"] * 2
    assert codes(device.certificate, flipped(device.reading()), custody_floor=1) == ["ok", "bad_signature"]


def test_issuers_keys_live_on_hosts_and_measure_nothing():
    issuer = NET.issuer()
    grant = sign_message(issuer.key, NET.grant(NET.device(issuer=issuer)).body)
    found = codes(issuer.certificate, grant, issuer.reading(), custody_floor=1)
    assert found == ["ok", "ok", "custody_too_low"]
    assert codes(issuer.certificate, issuer.reading()) == ["ok", "not_a_device"]


def test_several_roots_and_the_one_network_asked_for():
    other = Network("other", "other root")
    ours, theirs = NET.device(), other.device("theirs")
    bundle = (ours.certificate, theirs.certificate, ours.reading(), theirs.reading())
    assert codes(*bundle, roots=(NET.root, other.root)) == ["ok"] * 4
    found = codes(*bundle, roots=(NET.root, other.root), network=other.id)
    assert found == ["wrong_network", "ok", "wrong_network", "ok"]
    assert codes(*bundle, roots=(other.root,)) == ["unknown_signer", "ok", "unknown_signer", "ok"]
    assert codes(*bundle, roots=()) == ["unknown_signer"] * 4


def test_a_test_root_beside_a_real_one_taints_only_its_own():
    test_net = Network("bench", "bench root", model="emulated")
    real, fake = NET.device(), test_net.device("fake")
    bundle = (real.certificate, fake.certificate, real.reading(), fake.reading())
    assert codes(*bundle, roots=(NET.root, test_net.root)) == ["ok", "test_root", "ok", "test_root"]


def test_a_chain_ends_with_the_first_of_its_certificates_while_one_listens(monkeypatch):
    ends = int(time.time()) + 3600
    issuer = NET.issuer("brief", expires=ends, issued_at=0)  # NOW is later than now
    device = NET.device(issuer=issuer, issued_at=0)
    verifier = Verifier([NET.root])
    assert [verifier.check(m.raw).code for m in (issuer.certificate, device.certificate, device.reading())] == [
        "ok"
    ] * 3
    monkeypatch.setattr(time, "time", lambda: ends + 0.1)
    assert verifier.check(device.reading().raw).code == "expired_certificate"


def test_an_expired_root_ends_everything_under_it():
    net = Network(expires=NOW)
    device = net.device()
    bundle = (net.root, device.certificate, device.reading())
    assert codes(*bundle, roots=(net.root,), at=NOW - 1) == ["ok"] * 3
    assert codes(*bundle, roots=(net.root,)) == ["expired_certificate"] * 3


def test_what_is_no_root_is_told_at_once():
    with pytest.raises(BadCertificate):
        Verifier([NET.device().certificate])


def test_a_device_cannot_make_itself_an_issuer():
    device = NET.device()
    claim = certificates.make_root(device.key, "mine", issued_at=NOW)
    below = certificates.issue(device.key, key("below").public, network=NET.id, custody=2, issued_at=NOW)
    assert codes(device.certificate, claim, below) == ["ok", "bad_certificate", "bad_certificate"]


def test_a_device_offers_for_itself_alone():
    seller, other = NET.device("seller"), NET.device("other seller")
    offer = Offer(seller.id, "reading", 5, "credit", NOW + 60, NOW)
    own, foreign = sign_message(seller.key, offer), sign_message(other.key, offer)
    found = codes(seller.certificate, other.certificate, own, foreign)
    assert found == ["ok", "ok", "ok", "not_a_party"]
