"""Usual messages, judged without being taken apart: the verdicts, and what is remembered, are those of the rules."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.verify import BundleMemory, Policy, Verifier
from sealwright.verify.usual import Usual

from tests.host_tools.factory import DAY, NOW, Network
from tests.host_tools.ledger import histories
from tests.host_tools.ledger.test_law import raws_of
from tests.host_tools.verify import test_chained as chains
from tests.host_tools.verify.test_chained import LATER, reading

NET = chains.NET


def run(messages, root, *, usual, **policy):
    """(verdicts, what the memory shows of channels and logs, how many messages were usual)"""
    memory, count, plain, together = BundleMemory(), [], Usual.verdict, Usual.readings
    patched = pytest.MonkeyPatch()

    def counted(self, n, raw):
        found = plain(self, n, raw) if usual else None
        count.append(found is not None)
        return found

    def counted_together(self, items):
        found = together(self, items) if usual else []
        count.append(len(found))
        return found

    patched.setattr(Usual, "verdict", counted)
    patched.setattr(Usual, "readings", counted_together)
    if not usual:
        patched.setattr(Usual, "voucher", lambda self, n, raw: None)
    with patched.context():
        verdicts = sorted(Verifier([root], Policy(**policy), memory).run(messages), key=lambda verdict: verdict.n)
    patched.undo()
    shown = [(channel.terms, channel.owed, channel.closed) for channel in memory.channels()]
    return verdicts, (shown, memory.heads), sum(count)


def alike(messages, root, **policy):
    """Compare the two ways; how many messages were usual."""
    rules, left, _ = run(messages, root, usual=False, **policy)
    quick, right, count = run(messages, root, usual=True, **policy)
    assert quick == rules and right == left
    assert [one.message and one.message.body for one in quick] == [one.message and one.message.body for one in rules]
    return count


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_readings_are_judged_as_by_the_rules(seed, spoils):
    messages, draw = chains.Drawing(seed).bundle(25), random.Random(seed)
    if spoils:
        at = draw.randrange(len(messages))
        messages[at] = chains.forged(messages[at])
    alike(messages, NET.root, at=LATER)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_rows_of_readings_with_something_wrong_are_judged_as_by_the_rules(seed):
    """A signature, a gap, a copy, a contradiction, another device between them, a time that runs back, a revocation."""
    draw = random.Random(seed)
    device, other = NET.device(f"row {seed}"), NET.device(f"other row {seed}")
    rows = [reading(device, n).raw for n in range(30)]
    at = draw.randrange(4, 28)
    change = draw.choice(("sound", "forged", "gap", "copy", "contradiction", "other", "revoked", "shuffled"))
    match change:
        case "forged":
            rows[at] = chains.forged(rows[at])
        case "gap":
            del rows[at]
        case "copy":
            rows.insert(at, rows[draw.randrange(at)])
        case "contradiction":
            twin = NET.device(f"row {seed}")
            rows.insert(at, [reading(twin, n + 1).raw for n in range(at)][-1])
        case "other":
            rows[at:at] = [other.certificate.raw, *(reading(other, n).raw for n in range(draw.randrange(1, 9)))]
        case "revoked":
            rows.insert(at, NET.revoke(device, revoked_from=NOW + draw.randrange(30)).raw)
        case "shuffled":
            rows[at:] = draw.sample(rows[at:], len(rows) - at)
    assert alike([device.certificate.raw, *rows], NET.root, at=LATER) >= at - 3


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from(("each", "chained")))
def test_messages_of_channels_are_judged_as_by_the_rules(seed, shuffled, proof):
    drawing = histories.Drawing(seed)
    steps = [*drawing.start(), *drawing.draw(30)]
    raws = [*histories.CERTIFICATES, *(raw for message, _ in steps for raw in raws_of(message))]
    if shuffled:
        random.Random(seed).shuffle(raws)
    alike(raws, histories.NETWORK.root, at=NOW, proof=proof)


def test_nearly_all_of_what_devices_send_is_usual():
    device, payer, payee = (NET.device(name) for name in ("usual", "usual payer", "usual payee"))
    channel = payer.open(payee, 10**6)
    vouchers = [payer.voucher(channel, n * 10, seq=n).raw for n in range(1, 51)]
    readings = [reading(device, n).raw for n in range(50)]
    before = [party.certificate.raw for party in (device, payer, payee)]
    assert alike([*before, channel.raw, *vouchers, *readings], NET.root, at=LATER) >= 97


@pytest.mark.parametrize("demands", [{"custody_floor": 2}, {"at": NOW + 10**9}, {"network": bytes(32)}])
def test_what_is_demanded_of_a_signer_is_demanded_of_what_is_usual(demands):
    weak = NET.device("weak one", custody=1, expires=NOW + 10**6)
    channel = weak.open(NET.device("usual payee"), 1000)
    bundle = [weak.certificate.raw, channel.raw, *(weak.voucher(channel, n, seq=n).raw for n in range(1, 5))]
    bundle += [reading(weak, n).raw for n in range(9)]
    assert alike(bundle, NET.root, **{"at": NOW, **demands}) == 0


def test_a_certificate_that_ends_or_a_revocation_meanwhile_ends_what_is_usual(monkeypatch):
    """The clock passes the end of the certificate in the middle of a bundle."""
    device, clock = NET.device("ends", expires=NOW + 10), [NOW]
    monkeypatch.setattr("sealwright.verify.policy.time.time", lambda: clock[0])
    verifier = Verifier([NET.root], Policy())
    log = [reading(device, n, sampled_at=NOW).raw for n in range(9)]
    found = [verifier.check(device.certificate.raw).code, *(verifier.check(raw).code for raw in log[:6])]
    clock[0] = NOW + 10
    found += [verifier.check(raw).code for raw in log[6:]]
    assert found == ["ok"] * 7 + ["expired_certificate"] * 3
    device = NET.device("lost")
    log = [reading(device, n).raw for n in range(9)]
    bundle = [device.certificate.raw, *log[:5], NET.revoke(device, revoked_from=NOW).raw, *log[5:]]
    assert alike(bundle, NET.root, at=LATER) == 3
    codes = [one.code for one in run(bundle, NET.root, usual=True, at=LATER)[0]]
    assert codes == ["ok"] * 7 + ["revoked"] * 4


def test_two_networks_that_certify_one_key_are_left_to_the_rules():
    other, device = Network("the other net", "the other root"), NET.device("both")
    twice = other.certify(device.key)
    log = [reading(device, n).raw for n in range(9)]
    rules = Verifier([NET.root, other.root], Policy(at=NOW + DAY))
    assert all(rules.check(raw).ok for raw in (device.certificate.raw, twice.raw, *log))


@pytest.mark.parametrize("proof", ["each", "chained"])
def test_messages_in_a_buffer_are_judged_as_bytes_are(proof):
    device = NET.device("in a buffer")
    bundle = [bytearray(raw) for raw in (device.certificate.raw, *(reading(device, n).raw for n in range(9)))]
    assert all(verdict.ok for verdict in Verifier([NET.root], Policy(at=LATER, proof=proof)).run(bundle))
    assert Verifier([NET.root], Policy(at=LATER)).check(bundle[0]).ok
