"""Any row is proved again, by a bundle with no more than that takes, to a verifier who has nothing but the root."""

import random
import sqlite3
from dataclasses import replace

import pytest
from sealwright.errors import Rejected
from sealwright.readings import ReadingsDamaged
from sealwright.readings.proof import prove
from sealwright.readings.tables import Stored
from sealwright.verify import Policy, Verifier
from sealwright.verify.policy import CHAINED

from tests.host_tools.factory import DAY, NOW, Network
from tests.host_tools.readings.conftest import POLICY
from tests.host_tools.rotated import after, rotation


def proof_of(desk, message, policy=POLICY):
    with desk.store() as store:
        (found,) = store.named(message.digest[:6])
        return prove(found, store, [desk.net.root], policy)


def holds(desk, proof, message, policy=POLICY):
    """Whether a fresh verifier takes the whole bundle, the message in it."""
    verdicts = list(Verifier([desk.net.root], policy).run(proof.raws))
    return all(one.ok for one in verdicts) and message.digest in {one.digest for one in verdicts}


def with_bad_signature(message):
    """The bytes of a message whose signature is altered: its digest is the same."""
    return message.raw[:-1] + bytes([message.raw[-1] ^ 1])


def test_every_row_is_proved_by_itself_and_its_certificates(desk):
    readings = [one.reading(n) for n in range(10) for one in (desk.roof, desk.car)]
    desk.take(desk.net.root, *readings)
    for message in random.Random(3).sample(readings, 6):
        proof = proof_of(desk, message)
        assert len(proof.raws) == 3 and proof.chain == 0 and proof.raws[-1] == message.raw
        assert holds(desk, proof, message)
        assert desk.issuer.certificate.raw == proof.raws[0]


def test_what_a_later_signature_proved_comes_with_the_readings_up_to_that_one(desk):
    readings = [desk.roof.reading(n) for n in range(40)]
    raws = [with_bad_signature(one) if 10 <= n < 20 else one.raw for n, one in enumerate(readings)]
    policy = replace(POLICY, proof=CHAINED)
    while desk.take(*raws, policy=policy).counts["known"] < 40:  # where a bad one is drawn it is refused
        pass
    with desk.store() as store:
        chained = {row.seq for row in store.rows() if row.chained}
        assert chained >= set(range(11, 21)) and 40 not in chained
    plain = proof_of(desk, readings[5])
    assert plain.chain == 0 and holds(desk, plain, readings[5])
    proof = proof_of(desk, readings[12])
    assert proof.chain == 8 and len(proof.raws) == 2 + 9 and proof.raws[-1] == readings[20].raw
    assert any(holds(desk, proof, readings[12], policy) for _ in range(5))
    assert not holds(desk, proof, readings[12])  # each by its own signature: no


def test_a_chain_that_the_store_does_not_have_whole_proves_nothing(desk, monkeypatch):
    readings = [desk.roof.reading(n) for n in range(3)]
    raws = [with_bad_signature(readings[0]), with_bad_signature(readings[1]), readings[2].raw]
    policy = replace(POLICY, proof=CHAINED)
    while desk.take(*raws, policy=policy).counts["known"] < 3:
        pass
    desk.car.reading()
    other = desk.car.reading()  # a number 2, which does not follow
    for found in (None, Stored(1, 2, other.digest, other.raw)):
        monkeypatch.setattr("sealwright.readings.store.ReadingStore.find", lambda *_, found=found: found)
        with pytest.raises(Rejected, match="no reading up to 1 has one"):
            proof_of(desk, readings[0])


def test_a_rotated_key_is_led_back_to_the_first(desk):
    before = desk.roof.reading(1)
    turn = rotation(desk.roof, "new")
    roof = after(desk.roof, "new")
    later = roof.reading(2)
    desk.take(before, turn, later)
    for message in (before, later):
        proof = proof_of(desk, message)
        assert len(proof.raws) == 4 and holds(desk, proof, message)


def test_of_a_renewed_certificate_the_newest_is_shown(desk):
    message = desk.roof.reading()
    renewed = desk.net.device("roof", desk.issuer, issued_at=NOW - 5).certificate
    desk.take(message, renewed)
    proof = proof_of(desk, message)
    assert proof.raws == (desk.issuer.certificate.raw, renewed.raw, message.raw)


def test_a_revoked_devices_reading_is_shown_as_it_is(desk):
    message = desk.roof.reading()
    desk.take(message)
    desk.take(desk.net.revoke(desk.roof))
    with pytest.raises(Rejected) as caught:
        proof_of(desk, message)
    assert caught.value.code == "revoked"


def test_an_expired_certificate_holds_as_of_then(desk):
    short = desk.net.device("brief", expires=NOW + DAY)
    message = short.reading()
    desk.take(short.certificate, message, policy=Policy(at=NOW + 60))
    with pytest.raises(Rejected) as caught:
        proof_of(desk, message)
    assert caught.value.code == "expired_certificate" and "--at" in caught.value.remedy
    then = Policy(at=NOW + 60)
    assert holds(desk, proof_of(desk, message, then), message, then)


def edit(desk, query, *values):
    connection = sqlite3.connect(desk.path)
    with connection:
        connection.execute(query, values)
    connection.close()


def test_a_row_that_has_another_message_is_damage(desk):
    readings = [desk.roof.reading(n) for n in range(8)]
    desk.take(*readings)
    edit(desk, "UPDATE messages SET raw = ?, digest = ? WHERE seq = 5", readings[6].raw, readings[6].digest)
    with desk.store() as store, pytest.raises(ReadingsDamaged, match=r"row 5 .*readings\.db"):
        prove(store.find(desk.roof.id, 5), store, [desk.net.root], POLICY)


def test_a_reading_under_another_device_is_damage(desk):
    message = desk.roof.reading()
    desk.take(message)
    edit(desk, "UPDATE devices SET device = ? WHERE device = ?", desk.roof.id[:8] + bytes(24), desk.roof.id)
    with pytest.raises(ReadingsDamaged, match=rf"readings\.db has a reading of {desk.roof.id.hex()}"):
        proof_of(desk, message)


@pytest.mark.parametrize("table", ["messages", "support"])
def test_an_edited_message_is_damage_and_names_the_store(desk, table):
    message = desk.roof.reading(seq=2, prev=bytes(32))
    desk.take(message)
    edit(desk, f"UPDATE {table} SET raw = ?", b"\x00\x01")
    with pytest.raises(ReadingsDamaged, match=r"readings\.db") as caught:
        proof_of(desk, message)
    assert "import the bundles again" in caught.value.remedy
    if table == "messages":
        with pytest.raises(ReadingsDamaged, match=r"readings\.db"):  # what it names is held against the new one
            desk.take(desk.roof.reading(seq=1, prev=None))


def test_each_refusal_has_its_own_remedy(desk):
    message = desk.roof.reading()
    desk.take(message, policy=POLICY)
    with pytest.raises(Rejected) as caught, desk.store() as store:
        prove(store.named(message.digest)[0], store, [], POLICY)
    assert caught.value.code == "unknown_signer" and "--root" in caught.value.remedy
    desk.net = Network(label="test root", model="emulated pico")
    emulated = desk.net.device("emulated")
    message = emulated.reading()
    allowed = replace(POLICY, allow_test=True)
    desk.take(emulated.certificate, message, policy=allowed, certificates=False)
    with pytest.raises(Rejected) as caught:
        proof_of(desk, message)
    assert caught.value.code == "test_root" and "--allow-test" in caught.value.remedy
    assert proof_of(desk, message, allowed).chain == 0
