"""Device ids, did:key, certificate chains, and provisioning: once, whole, resumable."""

import os

from check import raises
from rig import (
    NETWORK,
    NOW,
    Board,
    Clock,
    Issuer,
    PowerCut,
    RamStore,
    policy,
    provision,
    provisioned,
    restarted,
)
from seal import cose, identity, labels, messages
from seal.device import BLANK, DAMAGED, KEYED, PROVISIONED, WIPED, Device
from seal.errors import (
    BadCertificate,
    BadSignature,
    Expired,
    Malformed,
    NotAParty,
    Refused,
    Replay,
    StateDamaged,
    Unsupported,
    WrongNetwork,
)
from seal.owner import Owner
from seal.provision import Provisioner
from seal.records import OWNER_INTERVAL, OWNER_IS_PAUSED, OWNER_OFFER, OWNER_POLICY


def test_thumbprint_matches_rfc9679():
    # RFC 9679 section 6: the worked example's COSE_Key and its SHA-256 thumbprint
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    wanted = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert identity.device_id(x + y) == bytes.fromhex(wanted)


def test_chains():
    issuer = Issuer()
    device = Device(Board())
    device.load()
    Provisioner(device).evidence(os.urandom(32))
    leaf = issuer.certificate(device.public, custody=0)
    found = identity.check_chain([leaf, issuer.root], issuer.public, NETWORK, NOW)
    assert found.device_id == device.device_id and found.public == device.public and found.may_issue is None
    other = Issuer()
    for chain in ([], [leaf], [leaf, other.root], [issuer.root, leaf], [leaf] * 6, [leaf, issuer.root, issuer.root]):
        raises(BadCertificate, identity.check_chain, chain, issuer.public, NETWORK, NOW)
    raises(BadCertificate, identity.check_chain, [leaf, issuer.root], other.public, NETWORK, NOW)
    raises(WrongNetwork, identity.check_chain, [leaf, issuer.root], issuer.public, bytes(32), NOW)
    old = issuer.certificate(device.public, exp=NOW)
    raises(Expired, identity.check_chain, [old, issuer.root], issuer.public, NETWORK, NOW)
    assert identity.check_chain([old, issuer.root], issuer.public, NETWORK, NOW - 1)
    foreign = issuer.certificate(device.public, network=bytes(32))
    raises(WrongNetwork, identity.check_chain, [foreign, issuer.root], issuer.public, NETWORK, NOW)
    forged = bytearray(leaf)
    forged[-1] ^= 1
    raises(BadCertificate, identity.check_chain, [bytes(forged), issuer.root], issuer.public, NETWORK, NOW)


def test_may_issue_runs_out():
    issuer = Issuer()
    keys, signers = [], []
    for slot in (1, 2):
        keys.append(issuer.keys.public(1) if slot == 1 else issuer.keys.generate(2, os.urandom))
        signers.append(cose.Signer(issuer.keys, slot, bytes(8)))
    middle = issuer.certificate(keys[0], may_issue=0)
    leaf = issuer.certificate(keys[1], issuer=keys[0], signer=signers[0])
    assert identity.check_chain([leaf, middle, issuer.root], issuer.public, NETWORK)
    deeper = issuer.certificate(keys[1], may_issue=0, issuer=keys[0], signer=signers[0])
    raises(BadCertificate, identity.check_chain, [deeper, middle, issuer.root], issuer.public, NETWORK)
    plain = issuer.certificate(keys[0])
    raises(BadCertificate, identity.check_chain, [leaf, plain, issuer.root], issuer.public, NETWORK)


def test_evidence_answers_nonce():
    device = Device(Board())
    device.load()
    assert device.state == BLANK
    provisioner = Provisioner(device)
    raises(Malformed, provisioner.evidence, b"short")
    assert device.state == BLANK
    nonce = os.urandom(32)
    message = messages.parse(provisioner.evidence(nonce), labels.EVIDENCE).verify(device.public)
    assert message.payload[labels.NONCE] == nonce and device.state == KEYED
    public = device.public
    provisioner.evidence(os.urandom(32))
    assert device.public == public


def test_provisioning_happens_once():
    issuer = Issuer()
    device = provisioned(issuer, policy())
    files = dict(device.board.store.files)
    raises(Refused, Provisioner(device).evidence, os.urandom(32))
    raises(Refused, Provisioner(device).grant, issuer.grant(device.public, bytes(32)))
    assert device.board.store.files == files
    again = restarted(device)
    assert again.state == PROVISIONED and again.device_id == device.device_id
    assert again.owner_record()[OWNER_POLICY] == policy()
    assert again.network == NETWORK and again.root == issuer.public


def test_foreign_grants_are_refused():
    issuer, other = Issuer(), Issuer()
    device = Device(Board())
    device.load()
    provisioner = Provisioner(device)
    raises(Refused, provisioner.grant, b"")
    nonce = os.urandom(32)
    provisioner.evidence(nonce)
    good = issuer.grant(device.public, nonce)
    stranger = issuer.keys.generate(3, os.urandom)
    root, leaf = issuer.root, issuer.certificate(device.public)
    bad = (
        (Replay, issuer.grant(device.public, bytes(32))),
        (Replay, issuer.grant(stranger, nonce)),
        (BadCertificate, issuer.grant(device.public, nonce, chain=[leaf])),
        (BadCertificate, issuer.grant(device.public, nonce, chain=[issuer.certificate(stranger), root])),
        (
            BadCertificate,
            issuer.grant(device.public, nonce, chain=[issuer.certificate(device.public, may_issue=0), root]),
        ),
        (BadCertificate, issuer.grant(device.public, nonce, chain=[leaf, other.root])),
        (BadSignature, other.grant(device.public, nonce, chain=[leaf, root])),
        (Malformed, good[:-1]),
    )
    for error, grant in bad:
        raises(error, provisioner.grant, grant)
        assert device.state == KEYED and device.journal.names() == ["noise"]
    provisioner.grant(good)
    assert device.state == PROVISIONED


def test_provisioning_resumes_after_cut_at_every_write():
    issuer = Issuer()
    whole = provisioned(issuer, policy())
    for late in (False, True):
        for cut in range(1, whole.board.store.changes + 1):
            store = RamStore()
            store.cut_after(cut, late)
            try:
                provisioned(issuer, policy(), store=store)
            except PowerCut:
                pass
            device = Device(Board(RamStore(store.files)))
            device.load()
            assert device.state != DAMAGED, (late, cut, device.fault)
            if device.state != PROVISIONED:
                provision(device, issuer, policy())
            assert device.state == PROVISIONED and device.owner_record()[OWNER_POLICY] == policy()


def test_damage_locks_device():
    issuer = Issuer()
    device = provisioned(issuer)
    for name in ("key-0", "j-identity", "j-index", "j-owner"):
        store = RamStore(device.board.store.files)
        del store.files[name]
        broken = Device(Board(store))
        broken.load()
        assert broken.state == DAMAGED, name
        raises(StateDamaged, Provisioner(broken).evidence, os.urandom(32))
        raises(StateDamaged, broken.sample)
        raises(StateDamaged, Owner(broken).command, issuer.command(device, "pause"))


def test_commands_are_owners_and_rise():
    issuer, other = Issuer(), Issuer()
    device, stranger = provisioned(issuer), provisioned(issuer)
    owner = Owner(device)
    first = issuer.command(device, "pause")
    owner.command(first)
    assert device.owner_record()[OWNER_IS_PAUSED] is True
    raises(Replay, owner.command, first)
    raises(BadSignature, owner.command, other.command(device, "resume", seq=9))
    raises(NotAParty, owner.command, issuer.command(stranger, "resume"))
    raises(Unsupported, owner.command, issuer.command(device, "dance"))
    raises(Malformed, owner.command, issuer.command(device, "interval", 0))
    raises(Malformed, owner.command, issuer.command(device, "policy", {1: {}}))
    assert restarted(device).owner_record()[OWNER_IS_PAUSED] is True
    owner.command(issuer.command(device, "resume"))
    owner.command(issuer.command(device, "interval", 5))
    owner.command(issuer.command(device, "policy", policy(5)))
    owner.command(issuer.command(device, "offer", ["nEUR", "J", 83]))
    record = restarted(device).owner_record()
    assert record[OWNER_INTERVAL] == 5 and record[OWNER_POLICY] == policy(5)
    assert record[OWNER_OFFER] == ["nEUR", "J", 83] and record[OWNER_IS_PAUSED] is False


def test_wiped_device_is_empty():
    issuer = Issuer()
    device = provisioned(issuer)
    device.sample()
    Owner(device).command(issuer.command(device, "wipe"))
    assert device.state == WIPED and "key-0" not in device.board.store.files
    again = restarted(device)
    assert again.state == WIPED
    assert sorted(again.board.store.files) == ["j-index", "j-wiped"]
    raises(Refused, Provisioner(again).evidence, os.urandom(32))


def test_clock_is_set_by_grant():
    issuer = Issuer()
    device = Device(Board(clock=Clock(0, labels.CLOCK_UNSET)))
    device.load()
    assert device.now() is None
    provision(device, issuer)
    assert device.now() == NOW and device.board.clock.quality == labels.CLOCK_HOST
