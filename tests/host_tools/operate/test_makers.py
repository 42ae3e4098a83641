"""The certificate of a chip's maker: for this chip and this key, up to a root that the user trusts, or not at all."""

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sealwright.errors import Rejected, Usage
from sealwright.operate.makers import check_maker, load_makers

from tests.host_tools.maker import DAY, NOW, Maker

SERIAL = bytes.fromhex("0123aabbccddee1122ee"[:18])


def public_of(key):
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


ROOT = Maker("a maker")
SIGNER = Maker("a signer", ROOT)
CHIP = ec.generate_private_key(ec.SECP256R1())
KNOWN = [ROOT.certificate, SIGNER.certificate]
GOOD = SIGNER.issue(f"sn{SERIAL.hex().upper()}", CHIP.public_key())


def check(leaf=GOOD, known=KNOWN, serial=SERIAL, key=CHIP):
    return check_maker(
        leaf if isinstance(leaf, bytes) else der(leaf), public_of(key), serial, known, int(NOW.timestamp())
    )


def test_a_chip_of_a_maker_that_is_trusted():
    assert check() == ROOT.certificate.fingerprint(hashes.SHA256())
    direct = ROOT.issue(f"sn{SERIAL.hex()}", CHIP.public_key())
    assert check(direct, [ROOT.certificate]) == check() and len(der(direct)) <= 382  # it fits the chip's notes


STRANGER = Maker("a maker")  # of the same name
LATE = Maker("a signer", ROOT, end=NOW - DAY / 2)
SUBJECT = f"sn{SERIAL.hex()}"
WRONG = {
    "no certificate": (b"\x30\x03\x02\x01\x05", KNOWN, "no X.509"),
    "of another chip": (SIGNER.issue("sn0123" + "00" * 7, CHIP.public_key()), KNOWN, "not for the chip"),
    "of no chip": (SIGNER.issue("a chip", CHIP.public_key()), KNOWN, "not for the chip"),
    "for another key": (SIGNER.issue(SUBJECT, ROOT.key.public_key()), KNOWN, "another key"),
    "for a key on another curve": (
        SIGNER.issue(SUBJECT, ec.generate_private_key(ec.SECP384R1()).public_key()), KNOWN, "P-256",
    ),
    "by a stranger": (STRANGER.issue(SUBJECT, CHIP.public_key()), [ROOT.certificate], "no certificate that"),
    "without the signer": (GOOD, [ROOT.certificate], "no certificate that"),
    "without the root": (GOOD, [SIGNER.certificate], "no certificate that"),
    "expired": (SIGNER.issue(SUBJECT, CHIP.public_key(), end=NOW - DAY / 2), KNOWN, "not valid today"),
    "not yet valid": (SIGNER.issue(SUBJECT, CHIP.public_key(), start=NOW + DAY / 2), KNOWN, "not valid today"),
    "by a signer that has expired": (
        LATE.issue(SUBJECT, CHIP.public_key(), end=NOW + DAY), [ROOT.certificate, LATE.certificate], "not valid today",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("leaf", "known", "why"), WRONG.values(), ids=WRONG.keys())
def test_no_other_certificate_counts(leaf, known, why):
    with pytest.raises(Rejected, match=why) as caught:
        check(leaf, known)
    assert caught.value.code == "chip_certificate" and caught.value.remedy


@pytest.mark.parametrize("is_authority", [None, False])
def test_who_may_not_issue_issues_nothing(is_authority):
    """A chip's own certificate issues no other chip's."""
    other = Maker("a signer", ROOT, is_authority=is_authority)
    with pytest.raises(Rejected, match="no certificate that you trust"):
        check(other.issue(SUBJECT, CHIP.public_key()), [ROOT.certificate, other.certificate])


def test_a_way_that_is_too_long():
    way = [ROOT]
    for number in range(4):
        way.append(Maker(f"signer {number}", way[-1]))
    with pytest.raises(Rejected, match="too long"):
        check(way[-1].issue(SUBJECT, CHIP.public_key()), [one.certificate for one in way])


def test_files_of_roots(tmp_path):
    path = tmp_path / "roots.pem"
    path.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in KNOWN))
    assert load_makers(path) == KNOWN
    path.write_text("no certificates")
    with pytest.raises(Usage) as caught:
        load_makers(path)
    assert caught.value.code == "bad_chip_roots"
    with pytest.raises(Usage):
        load_makers(tmp_path / "nothing.pem")
