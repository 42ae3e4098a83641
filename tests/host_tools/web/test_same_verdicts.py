"""The JavaScript verifier says of every bundle what the Python one says: each verdict, in its order, and the sums."""

import base64
import random
from dataclasses import replace

import pytest
from sealwright.verify import Policy
from sealwright.verify.codes import LEDGER_CODES, REMEDIES
from sealwright.wire.certificates import to_pem
from sealwright.wire.messages import BODIES, Offer, sign_message

from tests.host_tools import world
from tests.host_tools.factory import DAY, NOW, Network, hash32, key
from tests.host_tools.ledger import histories
from tests.host_tools.ledger.test_law import raws_of
from tests.host_tools.rotated import after, rotation
from tests.host_tools.verify.test_chained import Drawing as ChainDrawing
from tests.host_tools.verify.verify_faults import FAULTS
from tests.host_tools.web import drawing, receipt_drawing, stories
from tests.host_tools.web.judging import Job, alike, asked, head, needs_node
from tests.host_tools.wire.schema_cases import ALL, MAPS, message_with, without
from tests.host_tools.wire.schema_messages import MESSAGES
from tests.vectors.rfc8949_appendix_a import ROWS

pytestmark = needs_node
ROOTS = (world.NET.root,)


def raw_of(message):
    return message if isinstance(message, bytes) else message.raw


def job(messages, policy=None, roots=ROOTS, **more):
    return Job(b"".join(map(raw_of, messages)), roots, policy or world.policy(), **more)


def codes(jobs):
    return set(drawing.codes_of(alike(jobs)))


def test_every_fault_one_at_a_time():
    found = codes([job(bundle.values()) for rows in FAULTS.values() for bundle, _ in rows])
    assert found >= set(FAULTS)


def test_the_sums_of_channels_are_the_same():
    bundles = [bundle.values() for rows in FAULTS.values() for bundle, _ in rows]
    bundles.append([said.message for said in stories.story()])
    alike([job(bundle, call="verifyBundle") for bundle in bundles])


def test_a_message_of_every_type_in_any_order():
    messages, draw = [said.message for said in stories.story()], random.Random(1)
    assert {message.type for message in messages} == {cls.NAME for cls in BODIES}
    policy = Policy(at=NOW, owners=(key("owner").public,), secrets=(stories.SECRET,))
    jobs = [job(messages, policy), job(messages[::-1], policy)]
    jobs += [job(draw.sample(messages, len(messages)), policy) for _ in range(20)]
    assert "ok" in codes(jobs)


def test_every_key_of_every_map_with_what_it_must_refuse():
    """And without it, and each whole message: alone, so unsigned ones too."""
    raws = [message.raw for message in MESSAGES.values()]
    for name, label in ALL:
        wrong, _ = MAPS[name][label]
        changes = [
            without(label),
            *(lambda given, value=value, label=label: {**given, label: value} for value in wrong),
        ]
        raws += [message_with(name, change) for change in changes]
        raws.append(message_with(name, lambda given: {**given, 99: 0}))
    assert len(raws) > 900
    # one bundle, so that it takes a moment: each message has its own verdict
    assert codes([job([MESSAGES["certificate"], *raws])]) >= {"malformed", "unknown_signer", "bad_signature"}


def test_every_example_of_cbor_where_a_message_should_be():
    good = MESSAGES["certificate"]
    items = [bytes.fromhex(text) for text, _, _ in ROWS]
    jobs = [job([good, item, good]) for item in items] + [job([item, good]) for item in items]
    alike([*jobs, *(job([item]) for item in items), job([])])


FOREIGN = (
    b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04" + bytes(13), b"SQLite format 3\0",
    b"%PDF-1.7\n", b"\xff\xfet\0", b"\xfe\xff\0t", b"t\0e\0x\0t\0", b"\0t\0e", b"text", b"\xef\xbb\xbftext",
    b"d2845840", b"\xd2", b"\xd2\x84", b"\xd2\x83", b"  \n", b"\0", b"\xd2\x84\xff", b"\x9f" * 70,
    b"\x9b" + b"\xff" * 8, b"\x5a\xff\xff\xff\xff", b"\x20\xd2\x84\x20\x20\x20\x20", b"\x58\x41" + bytes(65536),
)  # fmt: skip


def test_what_is_no_bundle():
    good = [message.raw for message in (MESSAGES["certificate"], MESSAGES["reading"])]
    jobs = [job(parts) for start in FOREIGN for parts in ([start], [start, *good], [*good, start])]
    jobs += [job([b"".join(good)[:cut]]) for cut in range(0, len(good[0]) + 40, 29)]
    alike(jobs)


@pytest.mark.parametrize("parts", [(3, 4, 5), (0, 3), (4, 0, 3)])
def test_logs_over_rotations(parts):
    device = world.NET.device("turning")
    readings, turns = [], []
    for at, count in enumerate(parts):
        if at:
            turns.append(rotation(device, f"key {at}", at))
            device = after(device, f"key {at}")
        readings += [device.reading() for _ in range(count)]
    old, new = replace(device, key=key("turning")), replace(device, key=key("key 1"))
    whole = [device.certificate, *turns, *readings, old.reading(seq=1, prev=None), old.reading(), new.reading()]
    policy = Policy(at=NOW + 1000)
    draw = random.Random(2)
    jobs = [job(whole, policy), *(job(draw.sample(whole, len(whole)), policy) for _ in range(10))]
    jobs += [
        job([whole[0], *turns, rotation(replace(device, key=key("turning")), "key 3", n)], policy) for n in range(4)
    ]
    assert "superseded_key" in codes(jobs)


def test_histories_of_channels_and_logs():
    jobs = []
    for seed in range(6):
        drawn = histories.Drawing(seed)
        steps = [*drawn.start(), *drawn.draw(20)]
        raws = [*histories.CERTIFICATES, *(raw for message, _ in steps for raw in raws_of(message))]
        shuffled = random.Random(seed).sample(raws, len(raws))
        policy = Policy(at=NOW + seed % 3 * 10 * DAY, owners=(histories.OWNER.key.public,))
        jobs += [job(one, policy, (histories.NETWORK.root,), call="verifyBundle") for one in (raws, shuffled)]
        jobs.append(job(ChainDrawing(seed).bundle(25), Policy(at=NOW + 10**6), (Network().root,)))
    assert codes(jobs) >= {"ok", "equivocation", "gap"}


def test_what_was_known_before():
    device = world.NET.device("logger")
    readings = [device.reading() for _ in range(5)]
    policy = Policy(at=NOW + 60)
    known = (device.certificate.raw, readings[0].raw)
    other = head(readings[1])._replace(digest=hash32("another"))
    jobs = [job(readings[1:], policy, known=known), job(readings[2:], policy, known=known)]
    jobs += [job([device.certificate, *readings[start:]], policy, heads=((device.id, one),))
             for start in range(4) for one in (head(readings[1]), other)]  # fmt: skip
    assert codes(jobs) == {"ok", "gap", "equivocation"}


def test_certificates_that_renew_others():
    """Of one key: at the same second or later, by the same issuer or one above it, with less custody, in any order."""
    issuer, other = world.NET.issuer(may_issue=1), world.NET.issuer("other issuer", may_issue=1)
    device = world.NET.device("renewed", issuer)
    made = [
        (by, {"issued_at": NOW - later, "custody": custody, "id": bytes([at] * 16)})
        for at, (by, later, custody) in enumerate(
            (by, later, custody)
            for by in (issuer.key, world.NET.key, other.key)
            for later in (3, 3, 2)
            for custody in (2, 0)
        )
    ]
    renewals = [world.NET.certify(device.key, by, **changes) for by, changes in made]
    draw, jobs = random.Random(3), []
    for number in range(60):
        order = [world.NET.certify(device.key, issuer.key, issued_at=NOW - 3, custody=1)] if number % 2 else []
        order += draw.sample(renewals, 3)
        bundle = [
            issuer.certificate,
            other.certificate,
            *order,
            device.reading(seq=1, prev=None),
            *draw.sample(order, 1),
        ]
        jobs.append(job(bundle, Policy(at=NOW + 9, custody_floor=number % 3)))
    assert codes(jobs) >= {"ok", "bad_certificate", "custody_too_low"}


def test_bounds_of_numbers():
    """2 ** 53 and what is beyond it, where a double would be wrong."""
    edges = (2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1)
    payer, payee = world.NET.device("rich"), world.NET.device("payee")
    opens = [payer.open(payee, edge, nonce=hash32(str(edge))[:16], expires=edge) for edge in edges]
    vouchers = [payer.voucher(one, edge, seq=2**64 - 1 - n) for one in opens for n, edge in enumerate(edges)]
    sums = [payer.voucher(opens[-1], 2**63 - 1, seq=lane, lane=lane) for lane in range(1, 5)]
    offer = Offer(payer.id, "kWh", 2**53 + 1, "credit", 2**64 - 1, 2**53 + 1)
    whole = [payer.certificate, payee.certificate, *opens, *vouchers, *sums, sign_message(payer.key, offer)]
    whole.append(payer.reading(seq=2**53 + 1, prev=hash32("before"), sampled_at=2**64 - 1))
    whole.append(payer.reading(seq=2**53 + 2, prev=payer.last))
    alike([job(whole, Policy(at=NOW), call="verifyBundle")])


@pytest.mark.parametrize("seed", ["a", "b"])
def test_drawn_bundles(seed):
    """`make campaign-js` draws ten thousand."""
    found = codes(drawing.jobs(seed, 200))
    rare = {"bad_receipt", "bad_rotation", "bad_lane", "not_delegated", "not_the_owner", "wrong_type", "wrong_ledger"}
    rare |= {"not_a_ledger", "not_a_party", "over_capacity", "not_deterministic"}
    assert set(REMEDIES) - LEDGER_CODES - rare <= found


def test_drawn_receipts():
    assert codes(receipt_drawing.jobs("a", 150)) >= {"ok", "bad_receipt", "bad_signature", "malformed", "equivocation"}


def test_a_root_that_is_none_is_an_error_and_no_verdict():
    good = world.good()
    found = asked({"call": "verifyBundle", "bytes": "", "options": {"roots": [good["payer"].raw.hex()], "now": NOW}})
    assert found["code"] == "bad_certificate"


def test_roots_and_keys_as_people_have_them():
    """The armour that `init` writes, several roots in it; owners' keys as PEM, DER, a point, or X || Y."""
    command = world.good()["command"]
    armour = b"a comment\n" + to_pem(stories.OTHER_NET.root) + to_pem(world.NET.root)
    forms = [owner_key_form(form) for form in ("xy", "point", "der", "pem")]
    for form in forms:
        options = {"roots": [armour.hex()], "owners": [form.hex()], "now": NOW}
        found = asked(
            {"call": "verifyBundle", "bytes": world.PAYER.chain[1].raw.hex() + command.raw.hex(), "options": options}
        )
        assert [verdict["code"] for verdict in found["verdicts"]] == ["ok", "ok"]
    for wrong in ({"owners": [forms[0][:-1].hex()]}, {"custody": 3}, {"network": "00"}, {"roots": [b"no root".hex()]}):
        found = asked({"call": "verifyBundle", "bytes": "", "options": {"roots": [armour.hex()], "now": NOW, **wrong}})
        assert found["code"] in ("malformed", "usage", "bad_certificate")


def owner_key_form(form):
    public = world.OWNER.key.public
    pem = public.pem()
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    return {"xy": public.xy, "point": b"\x04" + public.xy, "der": der, "pem": pem}[form]
