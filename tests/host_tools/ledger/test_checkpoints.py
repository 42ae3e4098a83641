"""Checkpoints and COSE Receipts: what a ledger proves of its log, and what nobody can make of it."""

import cwt
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import CoseMessage
from sealwright.errors import Malformed, Rejected, Usage
from sealwright.ledger import LedgerIdentity, OtherLog
from sealwright.verify import Policy, ReceiptFile, Verifier
from sealwright.wire import cbor
from sealwright.wire.log_receipt import Consistency, Inclusion, is_receipt, parse_receipt, sign_receipt
from sealwright.wire.messages import Checkpoint, parse_message, sign_message

from tests.host_tools.factory import NOW, hash32, key


@pytest.fixture
def settled(world):
    """A ledger with a channel and vouchers in it; `world.channel` is open."""
    world.book, world.channel = world.opened(1000)
    vouchers = [world.payer.voucher(world.channel, amount, seq=amount) for amount in range(1, 9)]
    assert set(world.codes(world.book, vouchers)) == {"ok"}
    world.vouchers = vouchers
    return world


def more(world, amount):
    assert world.codes(world.book, [world.payer.voucher(world.channel, amount, seq=amount)]) == ["ok"]


def bundle(world, *parts):
    return [*(certificate.raw for certificate in world.identity.certificates), *parts]


def checked(world, items):
    verifier = Verifier([world.network.root], Policy(at=NOW))
    return list(ReceiptFile(verifier).run(items))


def receipts_of(world, vouchers):
    signed, entered = world.book.prove([one.digest for one in vouchers])
    return signed, [raw for one in entered for raw in (one.message, one.receipt)]


def test_a_receipt_proves_a_message_offline(settled):
    signed, parts = receipts_of(settled, settled.vouchers)
    checkpoint, *found = checked(settled, bundle(settled, signed.raw, *parts))
    assert checkpoint.ok and checkpoint.code == "ok"
    assert [one.code for one in found] == ["ok"] * 8
    assert [one.digest for one in found] == [one.digest for one in settled.vouchers]
    rows = [one.row for one in found]
    assert rows == sorted(set(rows)) and found[0].checkpoint.rows == signed.body.rows >= rows[-1]
    assert found[0].as_dict()["ledger"] == settled.identity.id.hex()


def test_the_beginning_of_a_digest_is_enough_where_it_is_the_only_one(settled):
    _, (entered,) = settled.book.prove([settled.vouchers[0].digest[:6]])
    assert entered.message == settled.vouchers[0].raw
    for unknown in (hash32("nothing"), hash32("nothing")[:5]):
        with pytest.raises(Usage, match="no message whose digest begins"):
            settled.book.prove([unknown])
    with pytest.raises(Usage, match="several messages"):
        settled.book.prove([b""])


def test_a_receipt_is_for_its_message_row_and_checkpoint_alone(settled):
    signed, parts = receipts_of(settled, settled.vouchers[:2])
    more(settled, 100)
    newer, _ = receipts_of(settled, settled.vouchers[:1])
    first, one, second, two = parts
    foreign = sign_message(key("thief"), signed.body)
    stolen = sign_receipt(key("thief"), parse_receipt(one).proof, signed.body.root)
    for items, code in [
        ([signed.raw, first, two], "bad_receipt"),  # of another message
        ([signed.raw, one], "bad_receipt"),  # of none
        ([first, one], "bad_receipt"),  # no checkpoint
        ([newer.raw, first, one], "bad_receipt"),  # a later checkpoint
        ([foreign.raw, first, one], "bad_receipt"),  # of somebody else
        ([signed.raw, first, stolen], "bad_receipt"),
        ([signed.raw, settled.payer.voucher(settled.channel, 999, seq=999).raw, one], "bad_receipt"),
    ]:
        *_, last = checked(settled, bundle(settled, *items))
        assert (last.ok, last.code) == (False, code), items
    forged = bytearray(one)
    forged[-1] ^= 1
    *_, last = checked(settled, bundle(settled, signed.raw, first, bytes(forged)))
    assert (last.ok, last.code) == (False, "bad_signature")


def test_a_root_that_its_ledger_did_not_sign_counts_for_nothing(settled):
    signed, (first, one) = receipts_of(settled, settled.vouchers[:1])
    body = signed.body
    lie = settled.identity.sign(Checkpoint(body.ledger, body.rows, body.head, body.signed_at, hash32("root")))
    *_, last = checked(settled, bundle(settled, lie.raw, first, one))
    assert (last.ok, last.code) == (False, "bad_signature")
    old = settled.identity.sign(Checkpoint(body.ledger, body.rows, body.head, body.signed_at))
    *_, last = checked(settled, bundle(settled, old.raw, first, one))
    assert (last.ok, last.code) == (False, "bad_receipt")


def test_a_log_that_grows_proves_it(settled):
    earlier, none = settled.book.checkpoint()
    assert none is None
    more(settled, 100)
    more(settled, 200)
    newer, grown = settled.book.checkpoint(earlier)
    *_, last = checked(settled, bundle(settled, earlier.raw, newer.raw, grown))
    assert last.ok and (last.type, last.row) == ("consistency", earlier.body.rows)
    same, proof = settled.book.checkpoint(newer)
    assert checked(settled, bundle(settled, newer.raw, same.raw, proof))[-1].ok
    for items in ([newer.raw, grown], [earlier.raw, grown]):
        *_, last = checked(settled, bundle(settled, *items))
        assert (last.ok, last.code) == (False, "bad_receipt")


def test_a_log_that_was_cut_signs_no_proof_that_it_grew(settled, tmp_path):
    more(settled, 100)
    kept, _ = settled.book.checkpoint()
    settled.book.close()
    settled.path = tmp_path / "other.db"
    settled.book, settled.channel = settled.opened(1000, nonce=bytes(16))
    with pytest.raises(OtherLog, match="ends before row"):
        settled.book.checkpoint(kept)
    for amount in range(1, 12):
        more(settled, amount)
    with pytest.raises(OtherLog, match="has another row"):
        settled.book.checkpoint(kept)
    foreign = sign_message(key("thief"), Checkpoint(hash32("other"), 1, hash32("head"), NOW, hash32("root")))
    with pytest.raises(OtherLog, match="another ledger"):
        settled.book.checkpoint(foreign)


def test_two_checkpoints_that_contradict_each_other_are_an_equivocation(settled):
    signed, _ = settled.book.checkpoint()
    body = signed.body
    later = settled.identity.sign(Checkpoint(body.ledger, body.rows, body.head, NOW + 5, body.root))
    without = settled.identity.sign(Checkpoint(body.ledger, body.rows, body.head, NOW + 6))
    assert [one.code for one in checked(settled, bundle(settled, signed.raw, later.raw, without.raw))] == ["ok"] * 3
    head = settled.identity.sign(Checkpoint(body.ledger, body.rows, hash32("head"), NOW, body.root))
    root = settled.identity.sign(Checkpoint(body.ledger, body.rows, body.head, NOW, hash32("root")))
    for lie in (head, root):
        for pair in ((signed, lie), (lie, signed)):
            codes = [one.code for one in checked(settled, bundle(settled, *(one.raw for one in pair)))]
            assert codes == ["ok", "equivocation"]
            verdicts = list(
                Verifier([settled.network.root], Policy(at=NOW)).run(bundle(settled, *(o.raw for o in pair)))
            )
            assert verdicts[-1].code == "equivocation"


def test_contradicting_checkpoints_of_several_files_are_seen_and_prove_nothing_more(settled):
    signed, (first, one) = receipts_of(settled, settled.vouchers[:1])
    body = signed.body
    lie = settled.identity.sign(Checkpoint(body.ledger, body.rows, hash32("head"), NOW, hash32("root")))
    checked_files = ReceiptFile(Verifier([settled.network.root], Policy(at=NOW)))
    assert [v.code for v in checked_files.run(bundle(settled, signed.raw, first, one))] == ["ok", "ok"]
    assert [v.code for v in checked_files.run(bundle(settled, lie.raw))] == ["equivocation"]
    assert [v.code for v in checked_files.run([first, one])] == ["bad_receipt"]
    assert [v.code for v in checked_files.run([one])] == ["bad_receipt"]


def test_what_cannot_be_signed(world):
    ledger = world.ledger()
    ledger.deposit(world.owner.deposit(world.payer, 1).raw)
    reader = world.ledger(identity=LedgerIdentity(world.identity.certificates))
    with pytest.raises(Usage, match="key is missing"):
        reader.checkpoint()
    ledger.close()


def test_other_libraries_read_receipts(settled):
    """Payloads are detached: pycose and cwt are given the root."""
    signed, (_, raw) = receipts_of(settled, settled.vouchers[:1])
    public = settled.identity.key.public
    read = CoseMessage.decode(raw)
    assert read.payload is None and read.phdr_encoded == parse_receipt(raw).protected
    read.key = EC2Key(crv=P256, x=public.xy[:32], y=public.xy[32:], d=b"")
    assert read.verify_signature(detached_payload=signed.body.root)
    assert not read.verify_signature(detached_payload=bytes(32))
    ours = cwt.COSEKey.new({**public.cose, 2: public.kid, 3: -7})
    assert cwt.COSE.new().decode(raw, ours, detached_payload=signed.body.root) == signed.body.root


HASHES = some.lists(some.binary(min_size=32, max_size=32), max_size=64).map(tuple)
NUMBERS = some.integers(0, 2**64 - 1)
PROOFS = some.builds(Inclusion, NUMBERS, NUMBERS, HASHES) | some.builds(Consistency, NUMBERS, NUMBERS, HASHES)


@given(PROOFS)
def test_receipts_are_read_as_they_were_written(proof):
    assert parse_receipt(sign_receipt(key("ledger"), proof, hash32("root"))).proof == proof


RAW = sign_receipt(key("ledger"), Inclusion(4, 1, (hash32("a"), hash32("b"))), hash32("root"))


@given(some.integers(0, len(RAW) - 1), some.integers(1, 255))
def test_an_altered_byte_is_an_error_or_another_receipt(at, change):
    altered = bytearray(RAW)
    altered[at] ^= change
    is_receipt(bytes(altered))
    try:
        receipt = parse_receipt(bytes(altered))
    except Rejected:
        return
    good = parse_receipt(RAW)
    same = (receipt.proof, receipt.kid, receipt.signature) == (good.proof, good.kid, good.signature)
    assert not same and not (receipt.signed_by(key("ledger").public, hash32("root")) and receipt.proof == good.proof)


@pytest.mark.parametrize(
    ("header", "unprotected", "payload"),
    [
        ({1: -7, 4: bytes(8), 395: 2}, {396: {-1: [b""]}}, None),
        ({1: -8, 4: bytes(8), 395: 1}, {396: {-1: [b""]}}, None),
        ({1: -7, 4: bytes(8), 395: 1, 5: 1}, {396: {-1: [b""]}}, None),
        ({1: -7, 4: bytes(8), 395: 1}, {}, None),
        ({1: -7, 4: bytes(8), 395: 1}, {396: {-1: [b""]}}, b""),
        ({1: -7, 4: bytes(8), 395: 1}, {396: {-1: [], -2: []}}, None),
        ({1: -7, 4: bytes(8), 395: 1}, {396: {-1: [cbor.encode([1, 0, []])] * 2}}, None),
        ({1: -7, 4: bytes(8), 395: 1}, {396: {-1: [cbor.encode([1, -1, []])]}}, None),
        ({1: -7, 4: bytes(8), 395: 1}, {396: {-1: [cbor.encode([1, 0, [b"short"]])]}}, None),
        ({1: -7, 4: bytes(8), 395: 1}, {396: {-1: [cbor.encode([1, 0, [bytes(32)] * 65])]}}, None),
    ],
)
def test_malformed_receipts(header, unprotected, payload):
    raw = cbor.encode(cbor.Tag(18, [cbor.encode(header), unprotected, payload, bytes(64)]))
    with pytest.raises(Malformed):
        parse_receipt(raw)
    with pytest.raises(Malformed):
        parse_message(raw)


def test_a_receipt_names_its_structure_by_a_number_and_not_by_true():
    raw = sign_receipt(key("ledger"), Inclusion(3, 2, (hash32("node"),)), hash32("root"))
    header, unprotected, payload, signature = cbor.decode(raw).value
    header = cbor.encode({**cbor.decode(header), 395: True})
    with pytest.raises(Malformed, match="RFC9162_SHA256"):
        parse_receipt(cbor.encode(cbor.Tag(18, [header, unprotected, payload, signature])))
