"""Status, commands that nobody can keep for later, renewed chains, revocations."""

import os

from check import raises
from rig import NOW, Issuer, policy, provisioned, restarted
from seal import cose, identity, labels, messages
from seal.entropy import Pool
from seal.errors import BadCertificate, Expired, Malformed, NotAParty, NotYetValid, Refused, Replay, Revoked, Unlimited
from seal.owner import Owner
from seal.provision import Provisioner
from seal.records import OWNER_IS_PAUSED, REVOKED_RECORD
from seal.renewal import MAX_REVOKED, revoke
from seal.service import Service
from seal.standing import STATUS_SECONDS

NONCE = bytes(range(32))


def status_of(device, nonce=NONCE):
    return messages.parse(Service(device).info(nonce)["status"], labels.STATUS)


def command(issuer, device, seq, **more):
    claims = {1: device.device_id, 2: seq, 3: "pause"}
    claims.update({5: more["ends"]} if "ends" in more else {})
    claims.update({6: more["status"]} if "status" in more else {})
    return issuer.owner.sign(labels.COMMAND, claims)[0]


def test_repeated_request_has_the_first_answer():
    device = provisioned(Issuer())
    first = Service(device).info(NONCE)["status"]
    assert Service(device).info(NONCE)["status"] == first, "a command may name it already"
    device.standing.check_last(cose.parse(first).digest)
    device.sample()
    assert Service(device).info(NONCE)["status"] == first, "what it did meanwhile is no contradiction"
    device.board.clock.unix += 60
    assert Service(device).info(NONCE)["status"] != first
    assert Service(device).info(bytes(32))["status"] != first


def test_status_is_signed_over_the_nonce_and_says_where_the_device_is():
    issuer = Issuer()
    device = provisioned(issuer)
    device.sample()
    Owner(device).command(issuer.command(device, "pause", seq=7))
    message = status_of(device).verify(device.public)
    assert message.payload == {
        labels.STATUS_DEVICE: device.device_id,
        labels.NONCE: NONCE,
        labels.STATUS_COMMAND: 7,
        labels.STATUS_SEQ: 1,
        labels.STATUS_READING: device.log.prev,
        labels.STATUS_ACKNOWLEDGED: 0,
        labels.IAT: NOW,
        labels.CLOCK_QUALITY: labels.CLOCK_NETWORK,
        labels.FIRMWARE: message.payload[labels.FIRMWARE],
    }
    assert "status" not in Service(device).info(None), "the old form is answered as before"
    for wrong in (bytes(31), 0, [NONCE], "x" * 32):
        raises(Malformed, Service(device).info, wrong)


def test_command_ends_by_its_time():
    issuer = Issuer()
    device = provisioned(issuer)
    raises(Expired, Owner(device).command, command(issuer, device, 1, ends=NOW - 1))
    raises(Unlimited, Owner(device).command, command(issuer, device, 1))
    assert device.owner_record()[OWNER_IS_PAUSED] is False
    Owner(device).command(command(issuer, device, 1, ends=NOW))
    assert device.owner_record()[OWNER_IS_PAUSED] is True


def test_command_without_a_clock_names_the_last_status():
    issuer = Issuer()
    device = provisioned(issuer)
    device.board.clock.quality = labels.CLOCK_SINCE_BOOT
    raises(Unlimited, Owner(device).command, command(issuer, device, 1, ends=NOW + 600))
    first, second = status_of(device).digest, status_of(device, bytes(32)).digest
    raises(Replay, Owner(device).command, command(issuer, device, 1, status=first))
    device.board.clock.unix += STATUS_SECONDS + 1
    raises(Expired, Owner(device).command, command(issuer, device, 1, status=second))
    device.board.clock.unix -= 1
    Owner(device).command(command(issuer, device, 1, status=second))
    raises(Replay, Owner(device).command, command(issuer, device, 1, status=second))
    raises(Replay, Owner(restarted(device)).command, command(issuer, device, 2, status=second))


def renewal(issuer, device, status, **changes):
    """A grant that renews. changes: chain, owner, policy, signer, network."""
    claims = {
        1: device.device_id,
        2: changes.get("chain") or [issuer.certificate(device.public, exp=NOW + 10**7), issuer.root],
        3: identity.cose_key(changes.get("owner", issuer.owner_public)),
        4: changes.get("network", issuer.network),
        5: NOW,
        labels.NONCE: status,
    }
    if "policy" in changes:
        claims[6] = changes["policy"]
    return changes.get("signer", issuer.signer).sign(labels.GRANT, claims)[0]


def test_renewal_answers_the_last_status_and_changes_the_chain_alone():
    issuer = Issuer()
    device = provisioned(issuer, policy())
    owner, before = device.owner_record(), list(device.chain)
    grant = Provisioner(device).grant
    raises(Refused, grant, renewal(issuer, device, NONCE))
    stale = status_of(device).digest
    last = status_of(device, bytes(32)).digest
    other = Issuer()
    for error, raw in (
        (Refused, renewal(issuer, device, stale)),
        (Refused, renewal(issuer, device, last, owner=other.owner_public)),
        (Refused, renewal(issuer, device, last, policy=policy(1, 1))),
        (BadCertificate, renewal(issuer, device, last, chain=[issuer.root])),
        (BadCertificate, renewal(issuer, device, last, chain=[issuer.certificate(other.public), issuer.root])),
        (BadCertificate, renewal(other, device, last, owner=issuer.owner_public)),
    ):
        raises(error, grant, raw)
        assert device.chain == before
    taken = renewal(issuer, device, last)
    grant(taken)
    assert device.chain[0] != before[0] and device.chain[1:] == before[1:]
    assert (device.owner_record(), restarted(device).chain) == (owner, device.chain)
    raises(Refused, grant, taken)


def issuer_below(root):
    """An issuer that `root` certifies: (signer, public key, chain)."""
    keys = root.keys
    public = keys.generate(2, Pool((os.urandom,)).random)
    signer = cose.Signer(keys, 2, identity.kid(identity.device_id(public)))
    return signer, public, [root.certificate(public, may_issue=0), root.root]


def test_renewal_by_an_issuer_that_was_not_above_is_refused():
    root = Issuer()
    signer, public, chain = issuer_below(root)
    device = provisioned(root)
    leaf = root.certificate(device.public, issuer=public, signer=signer)
    aside = renewal(root, device, status_of(device).digest, chain=[leaf] + chain, signer=signer)
    raises(BadCertificate, Provisioner(device).grant, aside)


def test_certificate_from_the_future_is_refused():
    issuer = Issuer()
    device = provisioned(issuer)
    identity.check_chain(device.chain, issuer.public, issuer.network, NOW - identity.CLOCK_SKEW)
    raises(
        NotYetValid, identity.check_chain, device.chain, issuer.public, issuer.network, NOW - identity.CLOCK_SKEW - 1
    )


def revoked(device, signer, since=NOW, reason=1):
    return signer.sign(labels.REVOCATION, {1: device, 2: reason, labels.IAT: since})[0]


def test_revocation_by_an_issuer_ends_the_trust_in_a_peer():
    issuer, stranger = Issuer(), Issuer()
    device, peer = provisioned(issuer), provisioned(issuer)
    service = Service(device)
    device.standing.check_peer(peer.chain)
    raises(NotAParty, service._revoke, revoked(peer.device_id, stranger.signer))
    raises(NotAParty, service._revoke, revoked(peer.device_id, peer.signer))
    raises(NotAParty, service._revoke, revoked(peer.device_id, issuer.owner))
    service._revoke(revoked(peer.device_id, issuer.signer, since=NOW + 1))
    device.standing.check_peer(peer.chain)
    device.board.clock.unix += 1
    raises(Revoked, device.standing.check_peer, peer.chain)
    raises(Revoked, restarted(device).standing.check_peer, peer.chain)
    raises(BadCertificate, device.standing.check_peer, [issuer.root])


def test_newest_revocations_are_kept_once():
    issuer = Issuer()
    device = provisioned(issuer)
    for number in range(MAX_REVOKED + 2):
        raw = revoked(bytes([number]) * 32, issuer.signer, since=NOW + number)
        revoke(device, raw)
        revoke(device, raw)
    kept = device.journal.get(REVOKED_RECORD)
    assert [since for since, _, _ in kept] == list(range(NOW + 2, NOW + 2 + MAX_REVOKED))


def test_ledger_in_a_renewal_is_the_devices_own():
    issuer = Issuer()
    device = provisioned(issuer)
    plain = [issuer.certificate(Issuer().public), issuer.root]
    claims = dict(messages.parse(renewal(issuer, device, status_of(device).digest), labels.GRANT).payload)
    claims[labels.GRANT_LEDGER] = plain
    raises(BadCertificate, Provisioner(device).grant, issuer.signer.sign(labels.GRANT, claims)[0])
    assert device.ledger is None
