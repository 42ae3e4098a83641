"""Certificates: roots, chains and every way in which a link can fail; text armour."""

import base64
import dataclasses
from hashlib import sha256

import pytest
from sealwright.errors import BadCertificate, BadKeyFile, Malformed
from sealwright.verify import REMEDIES
from sealwright.wire import certificates
from sealwright.wire.cbor import encode
from sealwright.wire.certificates import check_chain, check_root, from_pem, load_roots, network_id, to_pem
from sealwright.wire.messages import Certificate, Message, parse_as, sign_message

from tests.host_tools.factory import DAY, NOW, Network, hash32, key

NET = Network()
TOP = NET.issuer("top", may_issue=1)
SUB_KEY = key("sub")


def link(issuer, subject, **changes):
    """A certificate by `issuer` (a key) for `subject` (a key): good for a device of NET unless changed."""
    fields = {"network": NET.id, "custody": 2, "issued_at": NOW - DAY, "id": bytes(16), **changes}
    return certificates.issue(issuer, subject.public, **fields)


SUB = link(TOP.key, SUB_KEY, may_issue=0)
LEAF_KEY = key("leaf")
LEAF = link(SUB_KEY, LEAF_KEY, model="board", expires=NOW + DAY)
CHAIN = (LEAF, SUB, TOP.certificate)


def code_of(chain, roots=(NET.root,), at=NOW, **policy):
    with pytest.raises(BadCertificate) as caught:
        check_chain(chain, roots, at=at, **policy)
    assert caught.value.code in REMEDIES
    assert str(caught.value)
    return caught.value.code


def test_the_network_id_is_of_name_and_root():
    expected = sha256(encode(["test net", NET.key.public.device_id])).digest()
    assert network_id("test net", NET.key.public) == expected == NET.id
    assert network_id("other net", NET.key.public) != expected
    assert network_id("test net", key("other").public) != expected


def test_what_is_issued_says_what_was_asked():
    body = LEAF.body
    assert (body.issuer, body.subject) == (SUB_KEY.public.did, LEAF_KEY.public.did)
    assert (body.key, body.ueid) == (LEAF_KEY.public, LEAF_KEY.public.ueid)
    assert (body.custody, body.network, body.model, body.expires, body.may_issue) == (
        2,
        NET.id,
        "board",
        NOW + DAY,
        None,
    )
    assert LEAF.signed_by(SUB_KEY.public)
    root = NET.root.body
    assert (root.issuer, root.subject, root.custody, root.may_issue) == (NET.key.public.did, NET.key.public.did, 0, 3)


def test_ids_are_random_unless_given():
    first, second = (
        certificates.issue(NET.key, LEAF_KEY.public, network=NET.id, custody=0, issued_at=NOW) for _ in "12"
    )
    assert first.body.id != second.body.id


def test_what_the_schema_does_not_allow_is_not_issued():
    for wrong in ({"custody": 3}, {"may_issue": 4}, {"network": bytes(31)}, {"expires": -1}, {"id": b""}):
        with pytest.raises(Malformed):
            link(NET.key, LEAF_KEY, **wrong)


def test_good_chains_hold():
    assert check_chain(CHAIN, [NET.root], at=NOW) == LEAF.body
    assert check_chain([*CHAIN, NET.root], [NET.root], at=NOW, custody_floor=2) == LEAF.body
    assert check_chain([link(NET.key, LEAF_KEY), NET.root], [NET.root], at=NOW)
    assert check_chain([link(NET.key, LEAF_KEY)], [Network("other").root, NET.root], at=NOW)
    assert check_chain([TOP.certificate], [NET.root], at=NOW).may_issue == 1


def test_every_depth_a_root_allows():
    keys = [key(f"depth {n}") for n in range(4)]
    links = [link(NET.key, keys[0], may_issue=2), link(keys[0], keys[1], may_issue=1)]
    links += [link(keys[1], keys[2], may_issue=0), link(keys[2], keys[3])]
    assert check_chain(links[::-1], [NET.root], at=NOW)


def altered(message, **changes):
    """The certificate with a changed body, signed by nobody that counts."""
    return sign_message(key("nobody"), dataclasses.replace(message.body, **changes))


def forged(message):
    signature = bytes((message.sign1.signature[0] ^ 1,)) + message.sign1.signature[1:]
    return parse_as(message.raw[: -len(signature)] + signature, Certificate)


def resigned(signer, message, **changes):
    return sign_message(signer, dataclasses.replace(message.body, **changes))


BAD = {
    "bad_certificate": [
        (),
        (LEAF, TOP.certificate),
        (resigned(SUB_KEY, LEAF, subject=key("x").public.did), SUB, TOP.certificate),
        (resigned(SUB_KEY, LEAF, ueid=key("x").public.ueid), SUB, TOP.certificate),
        (resigned(SUB_KEY, LEAF, issuer=TOP.key.public.did), SUB, TOP.certificate),
        (link(LEAF_KEY, key("below"), custody=2), *CHAIN),
        (resigned(SUB_KEY, LEAF, may_issue=0), SUB, TOP.certificate),
        (LEAF, resigned(TOP.key, SUB, may_issue=1), TOP.certificate),
        (link(SUB_KEY, LEAF_KEY), link(TOP.key, SUB_KEY), TOP.certificate),
        (link(NET.key, SUB_KEY, may_issue=3),),
        (NET.root,),
    ],
    "unknown_signer": [
        (LEAF,),
        (LEAF, SUB),
        (LEAF, TOP.certificate, SUB),
        (Network("other", "other root").device().certificate,),
    ],
    "wrong_network": [
        (resigned(SUB_KEY, LEAF, network=bytes(32)), SUB, TOP.certificate),
        (LEAF, resigned(TOP.key, SUB, network=bytes(32)), TOP.certificate),
    ],
    "expired_certificate": [
        (resigned(SUB_KEY, LEAF, expires=NOW), SUB, TOP.certificate),
        (LEAF, resigned(TOP.key, SUB, expires=NOW - 1), TOP.certificate),
        (LEAF, SUB, resigned(NET.key, TOP.certificate, expires=0)),
    ],
    "bad_signature": [
        (forged(LEAF), SUB, TOP.certificate),
        (LEAF, forged(SUB), TOP.certificate),
        (LEAF, SUB, forged(TOP.certificate)),
        (altered(LEAF, custody=1), SUB, TOP.certificate),
    ],
}


@pytest.mark.parametrize("code,at", [(code, at) for code, chains in BAD.items() for at in range(len(chains))])
def test_bad_chains_do_not_hold(code, at):
    assert code_of(BAD[code][at]) == code


def test_custody_and_time_are_the_callers_to_demand():
    chain = (link(SUB_KEY, LEAF_KEY, custody=1, expires=NOW), SUB, TOP.certificate)
    assert check_chain(chain, [NET.root], at=NOW - 1, custody_floor=1)
    assert code_of(chain, at=NOW - 1, custody_floor=2) == "custody_too_low"
    assert code_of(chain, at=NOW) == "expired_certificate"


def test_an_expired_root_ends_everything():
    net = Network(expires=NOW)
    assert check_chain(net.device().chain, [net.root], at=NOW - 1)
    assert code_of(net.device().chain, [net.root]) == "expired_certificate"


def test_test_roots_need_leave():
    for model in ("emulated", "emulated pico"):
        net = Network(model=model)
        assert code_of(net.device().chain, [net.root]) == "test_root"
        assert check_chain(net.device().chain, [net.root], at=NOW, allow_test=True)
    assert check_chain(Network(model="not emulated").device().chain, [Network(model="not emulated").root], at=NOW)
    # only the root's word counts: a device of a real network may be called what it likes
    assert check_chain(NET.device(model="emulated").chain, [NET.root], at=NOW)


def test_a_copy_of_the_root_with_other_rights_changes_nothing():
    net = Network(may_issue=0)
    grand = certificates.make_root(net.key, net.name, issued_at=NOW, may_issue=3)
    sub = certificates.issue(net.key, SUB_KEY.public, network=net.id, custody=0, issued_at=NOW, may_issue=2)
    assert code_of([sub, grand], [net.root]) == "bad_certificate"


NO_ROOTS = {
    "issued by another": TOP.certificate,
    "a device": sign_message(LEAF_KEY, NET.root.body),
    "forged": forged(NET.root),
    "may not issue": certificates.make_root(NET.key, "n", issued_at=NOW, may_issue=None),
    "another ueid": resigned(NET.key, NET.root, ueid=bytes(33)),
}


@pytest.mark.parametrize("name", NO_ROOTS)
def test_what_is_no_root(name):
    with pytest.raises(BadCertificate, match="not a root"):
        check_root(NO_ROOTS[name])
    check_root(NET.root)


def test_text_armour_there_and_back():
    pem = b"a network\n" + to_pem(NET.root) + b"and an issuer\n" + to_pem(TOP.certificate)
    assert from_pem(pem) == [NET.root, TOP.certificate]
    assert from_pem(pem.replace(b"\n", b"\r\n")) == [NET.root, TOP.certificate]
    assert all(len(line) <= 64 or line.startswith(b"-") for line in to_pem(NET.root).split(b"\n"))
    assert isinstance(from_pem(pem)[0], Message)


def test_other_armour_is_refused():
    pem = to_pem(NET.root)
    voucher = NET.device().voucher(hash32("c"), 1).raw
    wrong = (
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        pem[:-40],
        pem[:60] + pem[61:],
        pem[:60] + pem[64:],
        pem.replace(pem.split(b"\n")[1], b""),
        certificates.to_pem(parse_as(NET.root.raw, Certificate)).replace(b"SEALWRIGHT", b"OTHER"),
    )
    for text in wrong:
        with pytest.raises(BadCertificate):
            from_pem(text)
    body = base64.encodebytes(voucher)
    armour = b"-----BEGIN SEALWRIGHT CERTIFICATE-----\n%s-----END SEALWRIGHT CERTIFICATE-----\n"
    with pytest.raises(BadCertificate, match="cannot be read"):
        from_pem(armour % body)


def test_roots_from_files(tmp_path):
    one, other = tmp_path / "one.pem", tmp_path / "other.pem"
    one.write_bytes(to_pem(NET.root))
    other.write_bytes(to_pem(Network("other", "other root").root))
    assert load_roots(one, str(other)) == [NET.root, Network("other", "other root").root]
    with pytest.raises(BadKeyFile, match="cannot read"):
        load_roots(tmp_path / "missing.pem")
    one.write_bytes(to_pem(TOP.certificate))
    with pytest.raises(BadCertificate, match="not a root"):
        load_roots(one)
