"""Rotations in a bundle: whose turn it was to sign, what contradicts itself, and both proofs."""

from dataclasses import replace

import pytest
from sealwright.verify import Policy, Verifier
from sealwright.verify.heads import Forks
from sealwright.wire.bundle import read_bundle
from sealwright.wire.messages import Funding, Offer, Rotation, sign_message

from tests.host_tools.factory import DAY, LEDGER, NOW, Network, hash32, key
from tests.host_tools.rotated import Later, after, rotation

NET = Network()


def verdicts(messages, **policy):
    policy.setdefault("at", NOW + 1000)
    raws = [message if isinstance(message, bytes) else message.raw for message in messages]
    found = Verifier([NET.root], Policy(**policy)).run(raws)
    return sorted(found, key=lambda verdict: verdict.n)


def codes(messages, **policy):
    return [verdict.code for verdict in verdicts(messages, **policy)]


def log(proof="each", parts=(3, 4, 5)):
    """(device, messages): a log over two rotations; certificates and rotations come first, as devices show them."""
    device = NET.device()
    readings, rotations = [], []
    for at, count in enumerate(parts):
        if at:
            rotations.append(rotation(device, f"key {at}", at))
            device = after(device, f"key {at}")
        readings += [device.reading() for _ in range(count)]
    return device, [device.certificate, *rotations, *readings]


@pytest.mark.parametrize("proof", ["each", "chained"])
@pytest.mark.parametrize("parts", [(3, 4, 5), (0, 3), (4, 0, 3), (600, 700)])
def test_a_log_goes_on_over_rotations(proof, parts):
    device, messages = log(parts=parts)
    found = verdicts(messages, proof=proof)
    assert {verdict.code for verdict in found} == {"ok"} and len(found) == len(messages)
    assert {verdict.device for verdict in found} == {device.id}, "it stays the device it was"


@pytest.mark.parametrize("proof", ["each", "chained"])
def test_the_hint_of_the_new_key_does_as_well(proof):
    device = NET.device()
    before = [device.reading() for _ in range(3)]
    turn = rotation(device, "new")
    new = replace(device, key=key("new"))  # its own hint
    later = [new.reading() for _ in range(600)]
    found = verdicts([device.certificate, turn, *before, *later], proof=proof)
    assert {verdict.code for verdict in found} == {"ok"}
    assert {verdict.device for verdict in found} == {device.id}


@pytest.mark.parametrize("proof", ["each", "chained"])
def test_each_key_signs_its_part_of_the_log(proof):
    device = NET.device()
    first = [device.reading() for _ in range(3)]
    turn = rotation(device, "new")
    thief, new = replace(device), after(device, "new")
    stolen, own = [thief.reading(1) for _ in range(3)], [new.reading() for _ in range(3)]
    head = [device.certificate, turn, *first]
    assert codes([*head, *own, *stolen], proof=proof)[-3:] == ["superseded_key"] * 3
    assert codes([*head, *stolen, *own], proof=proof) == ["ok"] * 5 + ["superseded_key"] * 3 + ["ok"] * 3
    early = replace(new, seq=2, last=first[0].digest)
    assert codes([device.certificate, turn, first[0], early.reading(1)], proof=proof)[-1] == "not_yet_valid"
    # a chain that an old key ends proves nothing of what it could not sign
    mixed = replace(new)
    mixed.key = device.key
    last = mixed.reading()
    assert codes([*head, *own, last], proof=proof)[-1] == "superseded_key"


@pytest.mark.parametrize("proof", ["each", "chained"])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_the_old_key_that_goes_on_as_usual_is_refused(proof, count):
    device = NET.device()
    before = [device.reading() for _ in range(40)]  # so many that its next is known by its looks
    turn = rotation(device, "new")
    stolen = [device.reading() for _ in range(count)]
    found = codes([device.certificate, *before, turn, *stolen], proof=proof)
    assert found == ["ok"] * 42 + ["superseded_key"] * count


def test_a_reading_that_the_rotation_does_not_name_contradicts_it():
    device = NET.device()
    device.reading()
    other = device.reading(1, seq=1, prev=None)
    turn = rotation(device, "new", seq=1, prev=hash32("the one"))
    assert codes([device.certificate, turn, other]) == ["ok", "ok", "equivocation"]


@pytest.mark.parametrize("proof", ["each", "chained"])
def test_it_does_so_within_a_chain(proof):
    device = NET.device()
    before = [device.reading() for _ in range(3)]
    turn, new = rotation(device, "new", prev=hash32("the one")), after(device, "new")
    later = [new.reading() for _ in range(3)]
    found = codes([device.certificate, turn, *before, *later], proof=proof)
    assert found[:5] == ["ok", "ok", "ok", "ok", "equivocation"] and found[5] == "gap"


def test_a_rotation_without_a_place_stands_before_the_log():
    device = NET.device()
    reading = device.reading()
    turn = rotation(device, "new", seq=None, prev=None)
    assert codes([device.certificate, turn, reading]) == ["ok", "ok", "superseded_key"]


def test_rotations_that_do_not_hold():
    device, other = NET.device(), NET.device("other")
    turn, new = rotation(device, "new"), after(device, "new")
    beside = [device.certificate, other.certificate]

    def code(*messages, **policy):
        return codes([*beside, *messages], **policy)[-1]

    assert code(turn) == code(turn, turn) == code(turn, rotation(new, "newer", 2)) == "ok"
    assert code(_by(other, device)) == "not_a_party"
    assert code(_by(replace(other, key=Later(device.key, other.key)), device)) == "bad_signature"
    for generation in (0, 2, 3, 2**64 - 1):
        assert code(rotation(device, "new", generation)) == "bad_rotation", generation
    assert code(turn, rotation(device, "newer", 2)) == "bad_rotation", "the old key signs no second one"
    assert code(rotation(device, device.key)) == "bad_rotation"
    assert code(turn, rotation(new, device.key, 2)) == code(turn, rotation(new, "new", 2)) == "bad_rotation"
    assert code(rotation(device, other.key)) == "bad_rotation", "another device's key"
    assert code(turn, rotation(other, "new")) == "bad_rotation", "a key that another device went over to"
    assert code(rotation(device, "new", rotated_at=NOW + DAY)) == "not_yet_valid"
    assert code(rotation(new, "newer", 2)) == "unknown_signer"
    assert codes([*beside, rotation(new, "newer", 2), turn]) == ["ok"] * 4, "it waits for the one before it"
    assert code(NET.revoke(device), turn) == "revoked"
    assert code(sign_message(key(LEDGER), turn.body)) == "unknown_signer"
    ledger = NET.ledger().certificates[0]
    body = replace(turn.body, device=key(LEDGER).public.device_id)
    assert code(ledger, sign_message(key(LEDGER), body)) == "not_a_device"
    assert code(NET.root, sign_message(NET.key, replace(turn.body, device=NET.key.public.device_id))) == "not_a_device"


def _by(signer, device):
    body = Rotation(device=device.id, key=key("new").public, rotated_at=NOW, generation=1)
    return sign_message(signer.key, body)


def test_a_key_off_the_curve_is_no_rotation():
    device = NET.device()
    raw = rotation(device, "new").raw
    x = key("new").public.xy[:32]
    assert codes([device.certificate.raw, raw.replace(x, bytes(31) + b"\x05")])[-1] == "malformed"


def test_two_rotations_of_one_generation_contradict_each_other():
    device = NET.device()
    one, two = rotation(device, "new"), rotation(device, "thief's")
    messages = [device.certificate, one, two, after(device, "new").reading()]
    assert codes(messages) == ["ok", "ok", "equivocation", "ok"], "the first counts"
    assert codes([*messages[:2], after(device, "thief's").reading()])[-1] == "bad_signature"


def test_a_device_has_eight_rotations():
    device = NET.device()
    messages = [device.certificate]
    for generation in range(1, 10):
        messages.append(rotation(device, f"key {generation}", generation))
        device = after(device, f"key {generation}")
    assert codes(messages) == ["ok"] * 9 + ["bad_rotation"]


def trade(payer, payee, later):
    """An open by the payer's first key; vouchers by that and by a later one."""
    opened = payer.open(payee)
    return opened, payer.voucher(opened, 10), later.voucher(opened, 20, seq=2)


def test_what_an_old_key_promised_counts_in_a_channel_that_was_funded():
    payer, payee = NET.device(), NET.device("payee")
    turn, later = rotation(payer, "new"), after(payer, "new")
    opened, first, second = trade(payer, payee, later)
    ledger = NET.ledger()
    funding = sign_message(key(LEDGER), Funding(opened.digest, 1000, NOW))
    certificates = [payer.certificate, payee.certificate, ledger.certificates[0], turn]
    assert codes([*certificates, opened, first, second]) == ["ok"] * 4 + ["superseded_key"] + ["unknown_channel"] * 2
    assert codes([*certificates, opened, first, second, funding]) == ["ok"] * 8
    assert codes([*certificates, later.open(payee), first, second]) == ["ok"] * 7, "the device signs it again"


def test_a_close_by_an_old_key_begins_the_end_and_gives_nothing_up():
    payer, payee = NET.device(), NET.device("payee")
    turned, newer = rotation(payee, "payee's"), after(payee, "payee's")
    opened, first, _ = trade(payer, payee, payer)
    messages = [payer.certificate, payee.certificate, turned, opened, first, payee.receipt(first)]
    old, low, new = (one.close(opened, claims=of) for one, of in ((payee, (first,)), (payee, ()), (newer, (first,))))
    found = verdicts([*messages, old])
    assert {verdict.code for verdict in found} == {"ok"} and verdicts([*messages, new])[-1].why == ""
    assert "gives nothing up" in found[-1].why and "sealwright collect" in found[-1].why
    assert codes([*messages, old, low, new])[-3:] == ["ok"] * 3, "what a thief claims is no contradiction"
    assert codes([*messages, new, low, newer.close(opened, NOW + 1, claims=())])[-3:] == ["ok", "ok", "equivocation"]
    assert codes([*messages, old, old, new, new, old])[-5:] == ["ok", "replay", "ok", "replay", "replay"]
    verifier = Verifier([NET.root], Policy(at=NOW + 1000))
    for shown, closed in ((messages, False), ([old], True)):
        assert all(verifier.check(one.raw).ok for one in shown)
        assert [channel.closed for channel in verifier.memory.channels()] == [closed]


def test_what_has_no_number_is_the_newest_keys_to_sign():
    device, peer = NET.device(), NET.device("peer")
    turn, new = rotation(device, "new"), after(device, "new")
    offer = Offer(device.id, "J", 3, "credit", NOW + DAY, NOW)
    for old, good in (
        (device.peer_proof(peer), new.peer_proof(peer)),
        (sign_message(device.key, offer), sign_message(new.key, offer)),
    ):
        assert codes([device.certificate, turn, old])[-1] == "superseded_key"
        assert codes([device.certificate, turn, good])[-1] == "ok"


def test_a_rotated_key_has_no_proof_that_a_chip_keeps_it():
    device = NET.device(custody=2)
    turn, new = rotation(device, "new"), after(device, "new")
    messages = [device.certificate, turn, new.reading()]
    assert codes(messages, custody_floor=0) == ["ok"] * 3
    for floor in (1, 2):
        assert codes(messages, custody_floor=floor) == ["ok", "ok", "custody_too_low"]
    sealed = NET.device("sealed", custody=1)
    messages = [sealed.certificate, rotation(sealed, "new"), after(sealed, "new").reading()]
    assert codes(messages, custody_floor=1) == ["ok"] * 3


@pytest.mark.parametrize("proof", ["each", "chained"])
def test_forks_are_shown_with_the_rotations_that_prove_them(proof):
    device = NET.device()
    turn = rotation(device, "new")
    new = after(device, "new")
    one, two = new.reading(), new.reading(1, seq=1, prev=None)
    other = rotation(device, "thief's")
    forks = Forks()
    found = [forks.note(verdict) for verdict in verdicts([device.certificate, turn, one, two, other], proof=proof)]
    pairs = [fork for fork in found if fork is not None]
    assert [(fork.first, fork.second) for fork in pairs] == [(one.raw, two.raw), (turn.raw, other.raw)]
    for fork in pairs:
        assert fork.needs == (device.certificate.raw, turn.raw)
        shown = codes(list(read_bundle(fork.bundle())))
        assert shown[-1] == "equivocation" and set(shown[:-1]) == {"ok"}
