"""Proof by chain: the same verdicts as reading by reading, for one signature a run; and what it finds all the same."""

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.errors import Usage
from sealwright.verify import BundleMemory, Policy, Verifier, chained
from sealwright.verify.chained import Chains
from sealwright.verify.heads import Forks, Heads
from sealwright.verify.policy import CHAINED, EACH
from sealwright.verify.readings import Head
from sealwright.wire.keys import PublicKey
from sealwright.wire.messages import DecimalFraction, Record, parse_message

from tests.host_tools.factory import NOW, Network, hash32

NET = Network()
LATER = NOW + 10_000


def reading(device, n, **changes):
    """The next reading, of the size that devices send: a shape takes it."""
    record = Record(base_name="a room-", name="temperature", unit="Cel", value=DecimalFraction(-2, n))
    return device.reading(**{"records": (record,), **changes})


@pytest.fixture
def log():
    """A device, and forty readings of it."""
    device = NET.device("logger")
    return device, [reading(device, n).raw for n in range(40)]


def run(messages, proof=CHAINED, memory=None, **demands):
    policy = Policy(**{"at": LATER, "proof": proof, **demands})
    return sorted(Verifier([NET.root], policy, memory).run(messages), key=lambda verdict: verdict.n)


def codes(messages, *proof, **more):
    return [verdict.code for verdict in run(messages, *proof, **more)]


def forged(raw):
    """The same message with another signature, which is wrong."""
    return raw[:-1] + bytes((raw[-1] ^ 1,))


@pytest.fixture
def counted(monkeypatch):
    """How many signatures were checked, of readings."""
    seen = []
    plain = PublicKey.verify
    monkeypatch.setattr(PublicKey, "verify", lambda *its: (seen.append(its[1]), plain(*its))[1])
    return seen


@pytest.fixture
def unspotted(monkeypatch):
    monkeypatch.setattr(chained.os, "urandom", lambda size: b"\xff" * size)


@pytest.fixture
def all_spotted(monkeypatch):
    monkeypatch.setattr(chained.os, "urandom", bytes)


def test_one_signature_proves_a_run_and_the_verdicts_say_so(log, counted, unspotted):
    device, readings = log
    found = run([device.certificate.raw, *readings])
    assert {verdict.code for verdict in found} == {"ok"}
    digests = {parse_message(raw).digest for raw in readings}
    assert len([digest for digest in counted if digest in digests]) == 1
    seal = found[-1]
    assert (seal.proof, seal.sealed_by) == ("signed", None)
    assert {(v.proof, v.sealed_by) for v in found[1:-1]} == {("chained", seal.digest)}
    shown = found[5].as_dict()
    assert (shown["proof"], shown["sealed_by"]) == ("chained", seal.digest.hex())
    assert found[0].as_dict()["proof"] == "signed"


def test_each_by_itself_says_nothing_of_proofs(log):
    device, readings = log
    assert not {"proof", "sealed_by"} & set(run([device.certificate.raw, *readings], EACH)[3].as_dict())
    assert run([device.certificate.raw], EACH)[0].proof is None


def test_a_run_is_sealed_before_more_than_so_many_readings_or_bytes_wait(log, monkeypatch):
    device, readings = log
    for limits in ({"every": 10}, {"most": 10 * len(readings[-1])}):
        monkeypatch.setattr("sealwright.verify.verifier.Chains", lambda *its, limits=limits: Chains(*its, **limits))
        given, taken, waiting = iter([device.certificate.raw, *readings]), [], []

        def source(given=given, taken=taken):
            for raw in given:
                taken.append(raw)
                yield raw

        for done, verdict in enumerate(Verifier([NET.root], Policy(at=LATER, proof=CHAINED)).run(source())):
            assert verdict.ok
            waiting.append(len(taken) - done)
        assert max(waiting) <= 12 and sum(v.proof == "signed" for v in run([device.certificate.raw, *readings])) >= 4


def test_a_wrong_signature_inside_a_chain_is_that_one_fault_and_no_gap(log, all_spotted):
    device, readings = log
    readings[7] = forged(readings[7])
    found = codes([device.certificate.raw, *readings])
    assert found == ["ok"] * 8 + ["bad_signature"] + ["ok"] * 32
    # each by itself takes a reading whose signature is wrong for one that is missing
    assert codes([device.certificate.raw, *readings], proof=EACH)[9] == "gap"


def test_a_wrong_signature_that_nobody_draws_proves_its_reading_by_chain_alone(log, unspotted):
    device, readings = log
    readings[7] = forged(readings[7])
    found = run([device.certificate.raw, *readings])
    assert {verdict.code for verdict in found} == {"ok"} and found[8].proof == "chained"
    heads = Heads()
    for verdict in found[:9]:
        heads.note(verdict)
    assert not list(heads.messages())  # nothing of it is kept as a proof by itself


def test_a_wrong_signature_inside_is_found_in_the_end(log):
    """A share is drawn anew each time, so nobody can know which ones are not looked at."""
    device, readings = log
    spoilt = [device.certificate.raw, *map(forged, readings[:-1]), readings[-1]]
    outcomes = [codes(spoilt).count("bad_signature") for _ in range(200)]
    assert set(outcomes) == {0, 39}


def test_a_wrong_signature_that_was_drawn_is_not_drawn_for_again(log, monkeypatch):
    device, readings = log
    spoilt = [device.certificate.raw, *readings[:7], forged(readings[7]), *readings[8:]]
    draws = iter([b"\xff" * 7 + b"\0" + b"\xff" * 31])  # the one draw that there is hits it
    monkeypatch.setattr(chained.os, "urandom", lambda size: next(draws))
    assert codes(spoilt).count("bad_signature") == 1


def test_the_signatures_to_check_are_drawn_once_all_of_the_run_is_there(log, monkeypatch):
    device, readings = log
    taken, drawn = [], []
    monkeypatch.setattr(chained.os, "urandom", lambda size: (drawn.append((size, len(taken))), b"\xff" * size)[1])
    given = (taken.append(raw) or raw for raw in [device.certificate.raw, *readings])
    assert all(verdict.ok for verdict in Verifier([NET.root], Policy(at=LATER, proof=CHAINED)).run(given))
    assert drawn == [(39, 41)]


def test_a_bad_seal_has_each_reading_checked(log, counted):
    device, readings = log
    readings[-1] = forged(readings[-1])
    found = run([device.certificate.raw, *readings])
    assert [verdict.code for verdict in found] == ["ok"] * 40 + ["bad_signature"]
    assert {verdict.proof for verdict in found[:-1]} == {"signed"} and found[-1].proof is None
    assert {parse_message(raw).digest for raw in readings} <= set(counted)


def test_nothing_after_the_newest_good_signature_is_proved(log):
    device, readings = log
    spoilt = [*readings[:20], *map(forged, readings[20:])]
    assert codes([device.certificate.raw, *spoilt]) == ["ok"] * 21 + ["bad_signature"] * 20


def test_a_bad_seal_that_a_later_run_leads_back_to_is_one_fault(log, monkeypatch, all_spotted):
    monkeypatch.setattr("sealwright.verify.verifier.Chains", lambda *its: Chains(*its, every=10))
    device, readings = log
    for at in (8, 9, 10):  # the end of one run and the beginning of the next
        readings[at] = forged(readings[at])
    found = codes([device.certificate.raw, *readings])
    assert [n for n, code in enumerate(found) if code != "ok"] == [9, 10, 11]
    assert set(found) == {"ok", "bad_signature"}


def test_a_missing_reading_beside_a_wrong_signature_stays_a_gap(log, all_spotted):
    device, readings = log
    readings[20] = forged(readings[20])
    found = codes([device.certificate.raw, *readings[:15], *readings[16:]])
    assert {n: code for n, code in enumerate(found) if code != "ok"} == {16: "gap", 20: "bad_signature"}
    found = codes([device.certificate.raw, *readings[:19], *readings[20:]])  # the one with the fault follows the gap
    assert found[20:22] == ["bad_signature", "gap"]


def test_a_stranger_cannot_end_a_chain_in_a_device_s_name(log):
    """A reading that names the last of a device's, signed by another key, is refused; the chain before it stands."""
    device, readings = log
    stranger = NET.device("stranger")
    stranger.seq, stranger.last = device.seq, device.last
    more = stranger.reading()
    held = more.raw.replace(stranger.key.public.kid, device.key.public.kid)
    assert codes([device.certificate.raw, *readings, held]) == ["ok"] * 41 + ["bad_signature"]


@pytest.mark.parametrize("demands", [{"custody_floor": 2}, {"network": hash32("other")}, {"at": NOW + 10**9}])
def test_what_is_demanded_of_a_signer_is_demanded_of_each_reading(demands):
    device = NET.device("weak", custody=1, expires=NOW + 10**6)
    bundle = [device.certificate.raw, *(reading(device, n).raw for n in range(9))]
    assert codes(bundle, **demands) == codes(bundle, proof=EACH, **demands)
    assert not {"ok"} & set(codes(bundle, **demands))


def test_a_revocation_refuses_the_readings_from_its_time_on(log):
    device, readings = log
    revocation = NET.revoke(device, revoked_from=NOW + 21).raw
    bundle = [device.certificate.raw, revocation, *readings]
    found = codes(bundle)
    assert found == codes(bundle, proof=EACH) and found.count("revoked") == 20
    late = [device.certificate.raw, *readings, revocation]  # what came before it was judged without it
    assert codes(late) == codes(late, proof=EACH) == ["ok"] * 42


def test_a_certificate_that_comes_last_proves_what_waited(log):
    device, readings = log
    found = run([*readings, device.certificate.raw])
    assert {verdict.code for verdict in found} == {"ok"} and found[3].proof == "chained"
    assert codes(readings) == ["unknown_signer"] * 40


def test_a_fork_with_a_reading_of_a_chain_is_seen_and_proved_only_where_both_are_signed(log, unspotted):
    device, readings = log
    device.seq, device.last = 10, parse_message(readings[8]).digest
    fork = device.reading(999).raw
    bundle = [device.certificate.raw, *readings, fork]
    assert codes(bundle) == codes(bundle, proof=EACH) == ["ok"] * 41 + ["equivocation"]
    assert proofs(bundle) == [(readings[9], fork)]
    bundle[10] = forged(bundle[10])
    assert codes(bundle)[-1] == "equivocation" and proofs(bundle) == []


def proofs(bundle):
    forks = Forks()
    found = [forks.note(verdict) for verdict in run(bundle)]
    return [(fork.first, fork.second) for fork in found if fork is not None]


def test_a_head_of_an_earlier_bundle_is_held_against_a_chain(log):
    device, readings = log
    tip = parse_message(readings[19])
    for at, expected in ((20, "ok"), (25, "gap")):
        memory = BundleMemory({device.id: Head(20, tip.digest)})
        assert codes([device.certificate.raw, *readings[at:]], memory=memory)[1] == expected
    bundle, fork = [device.certificate.raw, *readings], Head(30, hash32("another"))
    found = codes(bundle, memory=BundleMemory({device.id: fork}))
    assert found[30] == "equivocation" and found.count("ok") == 39
    assert found == codes(bundle, EACH, memory=BundleMemory({device.id: fork}))


def test_no_other_proof_has_a_name():
    with pytest.raises(Usage, match="no proof"):
        Policy(proof="forks.bundle")


# any bundle whose signatures are right has the same verdicts either way


class Drawing:
    """Readings of a few devices, with everything that a log may do but wrong signatures."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.devices = [NET.device(f"drawn {n}") for n in range(3)]
        self.messages = [device.certificate.raw for device in self.devices[:2]]
        self.late = [self.devices[2].certificate.raw]

    def bundle(self, length):
        kinds = (self.next, self.lost, self.again, self.fork, self.odd, self.other, self.revoked)
        for _ in range(length):
            for _ in range(self.random.choice((1, 1, 9, 40))):
                self.random.choices(kinds, (30, 1, 1, 1, 1, 1, 0.2))[0](self.random.choice(self.devices))
        return [*self.messages, *self.late]

    def next(self, device, **changes):
        self.messages.append(reading(device, self.random.randrange(10**6), **changes).raw)

    def lost(self, device):
        device.reading()

    def again(self, device):
        self.messages += self.random.sample(self.messages, min(3, len(self.messages)))

    def fork(self, device):
        state = device.seq, device.last
        for _ in range(self.random.randint(1, 3)):
            self.next(device)
        if self.random.random() < 0.7:
            device.seq, device.last = state

    def odd(self, device):
        choices = (
            {"clock_quality": 0},
            {"sampled_at": LATER + 10**6},
            {"sampled_at": NOW - 1000},
            {"prev": hash32("none")},
            {"prev": None},
            {"seq": self.random.choice((0, 1, 2, 23, 24, 255, 256, 2**40))},
            {"records": (Record(name="n\u00e4me", text="x" * self.random.randrange(300)),)},
            {"firmware": "9.9"},
        )
        self.next(device, **self.random.choice(choices))

    def other(self, device):
        self.messages.append(self.random.choice((device.evidence().raw, b"\x01", device.certificate.raw)))

    def revoked(self, device):
        self.messages.append(NET.revoke(device, revoked_from=NOW + self.random.randrange(60)).raw)


@settings(max_examples=120 if os.environ.get("SEALWRIGHT_FUZZ") else 40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((1, 2, 5, 512)), st.sampled_from((600, 16 << 20)))
def test_right_signatures_have_the_same_verdicts_either_way(seed, every, most):
    messages = Drawing(seed).bundle(25)
    each = run(messages, EACH)
    verifier = Verifier([NET.root], Policy(at=LATER, proof=CHAINED))
    patched = pytest.MonkeyPatch()
    patched.setattr("sealwright.verify.verifier.Chains", lambda *its: Chains(*its, every=every, most=most))
    with patched.context():
        quick = sorted(verifier.run(messages), key=lambda verdict: verdict.n)
    patched.undo()
    plain = [verdict._replace(proof=None, sealed_by=None) for verdict in quick]
    assert [one.as_dict() for one in plain] == [one.as_dict() for one in each]
    assert [(one.signer, one.mark) for one in plain] == [(one.signer, one.mark) for one in each]
    assert [one.message for one in plain] == [one.message for one in each]
