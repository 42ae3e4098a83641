"""Attacks that once robbed or deceived an honest party, as a verifier of bundles judges them."""

from itertools import permutations

import pytest
from sealwright.verify import BundleMemory, Policy, Verifier, hash_times
from sealwright.verify.readings import Head
from sealwright.wire.messages import Funding, RevealedTick, Ticks, sign_message

from tests.host_tools.factory import DAY, NOW, Network, key

NET = Network()
LEDGER = NET.ledger()
PAYER, PAYEE = NET.device("payer"), NET.device("payee")
CHANNEL = PAYER.open(PAYEE, 10_000)
FUTURE = 4_102_444_800  # the year 2100


def run(*messages, memory=None, **demands):
    """The codes in the order of the messages, and the verifier."""
    verifier = Verifier([NET.root], Policy(**{"at": NOW, **demands}), memory)
    raws = [message if isinstance(message, bytes) else message.raw for message in messages]
    verdicts = sorted(verifier.run(raws), key=lambda verdict: verdict.n)
    return [verdict.code for verdict in verdicts], verifier


def codes(*messages, **demands):
    return run(*messages, **demands)[0]


def flipped(message):
    return message.raw[:-1] + bytes((message.raw[-1] ^ 1,))


# who may say what


def test_a_root_or_an_issuer_signs_no_reading():
    assert codes(sign_message(NET.key, PAYER.reading().body)) == ["not_a_device"]
    issuer = NET.issuer()
    issuer.chain = (NET.certify(issuer.key, may_issue=0, custody=2),)
    assert codes(issuer.certificate, issuer.reading(), custody_floor=2) == ["ok", "not_a_device"]
    assert codes(issuer.certificate, issuer.open(PAYEE)) == ["ok", "not_a_device"]


def test_a_ledger_signs_no_device_message_and_a_device_none_of_a_ledger():
    (certificate,) = LEDGER.certificates
    reading = sign_message(LEDGER.key, NET.device().reading().body)
    funding = Funding(CHANNEL.digest, 10_000, NOW)
    known = (certificate, PAYER.certificate, CHANNEL)
    found = codes(*known, reading, sign_message(PAYER.key, funding), sign_message(LEDGER.key, funding))
    assert found == ["ok"] * 3 + ["not_a_device", "not_a_ledger", "ok"]


def test_a_certificate_of_the_future_certifies_nobody():
    device = NET.device(issued_at=FUTURE)
    assert codes(device.certificate, device.reading()) == ["not_yet_valid", "unknown_signer"]


def test_a_sub_issuer_voids_no_device_of_another_in_any_order():
    mallory, other = NET.issuer("mallory"), NET.issuer("other", may_issue=1)
    victim = NET.device("victim", other)
    evil = NET.certify(victim.key, mallory.key, issued_at=NOW, model="evil", expires=NOW + 3)
    reading = victim.reading()
    assert codes(mallory.certificate, other.certificate, victim.certificate, evil, reading, at=NOW + 3)[4] == "ok"
    demotion = NET.certify(other.key, mallory.key, issued_at=NOW)
    # it certifies an issuer of the root's as a device: the root's word counts, first or last
    for messages in permutations((mallory.certificate, other.certificate, demotion, victim.certificate, reading)):
        found = dict(zip((id(message) for message in messages), codes(*messages)))
        assert (found[id(victim.certificate)], found[id(reading)]) == ("ok", "ok")


def test_a_sub_issuer_neither_revokes_nor_grants_anothers_device_in_any_order():
    mallory, other = NET.issuer("mallory"), NET.issuer("other")
    victim = NET.device("victim", other)
    channel = victim.open(PAYEE)
    revocation = NET.revoke(victim, mallory)
    grant = sign_message(mallory.key, NET.grant(victim, owner=key("mallory's").public).body)
    for messages in permutations((mallory.certificate, other.certificate, victim.certificate, revocation, grant)):
        found = dict(zip((id(message) for message in (*messages, channel)), codes(*messages, channel)))
        assert {found[id(revocation)], found[id(grant)]} == {"bad_certificate"}
        assert found[id(channel)] == "ok"


def test_a_revocation_counts_from_its_time_on():
    device, issuer = NET.device(), NET.issuer()
    early, late = device.reading(sampled_at=NOW - 1), device.reading(sampled_at=NOW)
    start = NET.revoke(device)
    found = codes(device.certificate, start, early, late, device.open(PAYEE))
    assert found == ["ok", "ok", "ok", "revoked", "revoked"]
    assert codes(issuer.certificate, device.certificate, NET.revoke(device, issuer), late)[2:] == [
        "bad_certificate",
        "ok",
    ]
    later = NET.revoke(device, revoked_from=NOW + 9)
    for both in ((start, later), (later, start)):
        assert codes(device.certificate, *both, late) == ["ok"] * 3 + ["revoked"]
    below = NET.device("below", issuer)
    for by in (None, issuer):
        found = codes(issuer.certificate, below.certificate, NET.revoke(below, by), below.open(PAYEE))
        assert found == ["ok"] * 3 + ["revoked"]


# logs


def test_a_clock_that_leaps_or_runs_backwards_is_noted():
    device = NET.device()
    leap, back = device.reading(clock_quality=3, sampled_at=FUTURE), device.reading(clock_quality=3, sampled_at=0)
    verifier = Verifier([NET.root], Policy(at=NOW))
    verdicts = [verifier.check(message.raw) for message in (device.certificate, leap, back)]
    assert [verdict.code for verdict in verdicts] == ["ok"] * 3
    assert "after now" in verdicts[1].why and "went back" in verdicts[2].why


@pytest.mark.parametrize(
    "wrong", [{"seq": 9}, {"seq": 1, "prev": bytes(32)}, {"seq": 0}, {"seq": 0, "prev": bytes(32)}]
)
def test_a_log_that_starts_in_the_middle_names_what_came_before(wrong):
    device = NET.device()
    assert codes(device.certificate, device.reading(**wrong)) == ["ok", "gap"]


def test_two_readings_of_one_number_in_two_bundles_are_an_equivocation():
    device = NET.device()
    [device.reading(n) for n in range(4)]
    start, before = device.seq, device.last
    one = device.reading(100)
    device.seq, device.last = start, before
    two, after = device.reading(999), device.reading(5)
    _, verifier = run(device.certificate, one)
    heads = verifier.memory.heads
    assert heads == {device.id: Head(start, one.digest, one.body.sampled_at)}
    assert codes(device.certificate, one, memory=BundleMemory(heads)) == ["ok", "ok"]
    assert codes(device.certificate, two, after, memory=BundleMemory(heads)) == ["ok", "equivocation", "gap"]
    assert codes(device.certificate, after, memory=BundleMemory(heads)) == ["ok", "gap"]
    assert codes(device.certificate, two, after) == ["ok"] * 3  # a bundle may start anywhere; only a memory sees it


def test_a_bundle_may_overlap_with_an_earlier_one_and_leave_nothing_out():
    device = NET.device()
    log = [device.reading(n) for n in range(6)]
    _, verifier = run(device.certificate, *log[:3])
    heads = verifier.memory.heads
    assert codes(device.certificate, *log, memory=BundleMemory(heads)) == ["ok"] * 7
    assert codes(device.certificate, *log[3:], memory=BundleMemory(heads)) == ["ok"] * 4
    assert codes(device.certificate, *log[4:], memory=BundleMemory(heads)) == ["ok", "gap", "ok"]


# money

PARTIES = (PAYER.certificate, PAYEE.certificate, CHANNEL)


def test_a_close_before_its_vouchers_takes_nothing_away():
    first, second = PAYER.voucher(CHANNEL, 9000, seq=7), PAYER.voucher(CHANNEL, 9500, seq=8)
    found, verifier = run(*PARTIES, PAYEE.close(CHANNEL), first, second)
    assert found == ["ok"] * 6
    assert verifier.memory.lane(CHANNEL.digest, 0).worth == 9500


def test_the_highest_number_for_nothing_poisons_no_lane():
    poison, honest = PAYER.voucher(CHANNEL, 0, seq=2**64 - 1), PAYER.voucher(CHANNEL, 9000, seq=7)
    for vouchers in ((poison, honest), (honest, poison)):
        found, verifier = run(*PARTIES, *vouchers)
        assert found[3 + vouchers.index(honest)] == "ok"
        assert verifier.memory.lane(CHANNEL.digest, 0) == (7, 9000, honest.digest)


def test_a_flipped_bit_costs_nothing_once_the_good_copy_comes():
    voucher = PAYER.voucher(CHANNEL, 5000)
    found, verifier = run(*PARTIES, flipped(voucher), PAYEE.close(CHANNEL), voucher)
    assert found == ["ok"] * 3 + ["bad_signature", "ok", "ok"]
    assert verifier.memory.lane(CHANNEL.digest, 0).worth == 5000


def test_what_happens_to_certificates_after_funding_changes_nothing():
    mallory, other = NET.issuer("mallory"), NET.issuer("other")
    payer = NET.device("a payer", other)
    channel = payer.open(PAYEE)
    funding = LEDGER.sign(Funding(channel.digest, 1000, NOW))
    known = (mallory.certificate, other.certificate, payer.certificate, *LEDGER.certificates, channel, funding)
    demotion = NET.certify(other.key, mallory.key, issued_at=NOW)
    found, verifier = run(*known, demotion, NET.revoke(payer), payer.voucher(channel, 700))
    assert found == ["ok"] * 6 + ["bad_certificate", "ok", "ok"]
    assert verifier.memory.lane(channel.digest, 0).worth == 700


def test_a_renewed_certificate_helps_what_came_before_it():
    old = NET.device("old", expires=NOW)
    new = NET.device("old", issued_at=NOW, expires=NOW + DAY)
    channel = old.open(PAYEE)
    messages = (old.certificate, channel, old.voucher(channel, 5), new.certificate)
    for shuffled in permutations(messages):
        found = dict(zip((id(message) for message in shuffled), codes(*shuffled)))
        assert [found[id(message)] for message in messages[1:]] == ["ok"] * 3


def test_a_tick_raises_no_lane_that_its_voucher_may_not():
    last = bytes(32)
    ticks = Ticks(hash_times(last, 9), 100, 9)
    tick = RevealedTick(9, last)
    for more in ({"merges": ((1, 1),)}, {"hash_lock": bytes(32)}, {"not_after": NOW - 1}):
        voucher = PAYER.voucher(CHANNEL, 5, ticks=ticks, **more)
        found, verifier = run(*PARTIES, voucher, PAYEE.receipt(voucher, tick=tick))
        assert found[3] != "ok" and verifier.memory.lane(CHANNEL.digest, 0) is None
    voucher = PAYER.voucher(CHANNEL, 5, ticks=ticks)
    for messages in ((voucher, PAYEE.receipt(voucher, tick=tick)), (PAYEE.receipt(voucher, tick=tick), voucher)):
        assert run(*PARTIES, *messages)[1].memory.lane(CHANNEL.digest, 0).worth == 905


def test_funding_fixes_the_payers_standing_in_any_order():
    payer = NET.device("brief", expires=NOW + 5)
    channel = payer.open(PAYEE)
    voucher = payer.voucher(channel, 70)
    funding = LEDGER.sign(Funding(channel.digest, 1000, NOW))
    parties = (payer.certificate, *LEDGER.certificates)
    for messages in permutations((NET.revoke(payer), channel, funding, voucher)):
        for at in (NOW, NOW + 5):
            found, verifier = run(*parties, *messages, at=at)
            assert "ok" == found[2 + messages.index(channel)] == found[2 + messages.index(voucher)], found
            assert verifier.memory.lane(channel.digest, 0).worth == 70
    assert codes(*parties, channel, voucher, at=NOW + 5)[2:] == ["expired_certificate"] * 2
    other = sign_message(key("other ledger"), funding.body)
    others = NET.ledger("other ledger").certificates
    assert codes(*parties, *others, other, channel, at=NOW + 5)[3:] == ["unknown_channel", "expired_certificate"]
    short = LEDGER.sign(Funding(channel.digest, 999, NOW))
    assert codes(*parties, short, channel, at=NOW + 5)[2:] == ["unknown_channel", "expired_certificate"]
