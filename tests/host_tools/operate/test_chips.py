"""The chip's word, part by part: what a chip would sign is made here by hand, and each change of it is refused by name.

Programs that lie on real devices are in tests/e2e/test_liars.py.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from sealwright.errors import Rejected, Usage
from sealwright.home import DONE, RETIRED, Home, Registered
from sealwright.home.chips import MAKER, OPERATOR
from sealwright.link.element import Attested
from sealwright.operate import chips
from sealwright.operate.chips import NOBODY, Trust, check, prove
from sealwright.wire.keys import PrivateKey

from tests.host_tools.maker import Maker

NONCE = bytes(range(32))
SERIAL = bytes.fromhex("0123aabbccddeeffee")
HEAD = b"\xee\x01\x23" + bytes(25)
SLOTS = b"\x81\x20" * 7 + b"\x82\x20\x00\x00" + b"\x8f\x8f" * 7
KEYS = b"\x33\x00" * 8 + b"\x3c\x00" + b"\x1c\x00" * 7
OPEN = b"\x00\x00\x7f\xff"  # locks, with slot 0 open
CHIP, DEVICE = PrivateKey.generate(), PrivateKey.generate()


def config_of(serial=SERIAL, locks=b"\x00\x00\x7e\xff"):
    zone = serial[:4] + b"\x00\x00\x60\x03" + serial[4:] + b"\x01\x01\x00" + b"\xc0\x00\x00\x00" + SLOTS
    zone += b"\xff\xff\xff\xff\x00\x00\x00\x00" * 2 + bytes(18) + locks + bytes(6) + KEYS
    assert len(zone) == 128
    return zone


def signed(nonce=NONCE, config=None, slot=0, public=None, key=CHIP, said=None, certificate=None):
    """What a chip with this configuration says of the key in a slot. said: its statement, if it is another."""
    config, public = config or config_of(), public or DEVICE.public.xy
    serial = config[0:4] + config[8:13]
    is_open = config[88 + slot // 8] >> slot % 8 & 1
    said = said or b"\x41\x40\x07\x00" + config[20 + 2 * slot :][:2] + config[96 + 2 * slot :][:2] + bytes(
        (0x50 | slot, 0, 0)
    ) + serial[8:] + serial[4:8] + serial[:4] + bytes((is_open, 0, 0))
    held = nonce
    for block in range(4):
        held = sha256(config[32 * block :][:32] + bytes((0x15, 0, block, 0)) + HEAD + held).digest()
    held = sha256(held + bytes((0x40, 8, slot, 0)) + HEAD + public).digest()
    signature = key.sign(sha256(held + said).digest())
    return Attested(nonce, config, slot, public, key.public.xy, said, signature, certificate)


def changed(data, at, value=None):
    return data[:at] + bytes((data[at] ^ 1 if value is None else value,)) + data[at + 1 :]


GOOD = signed()


@pytest.mark.parametrize("slot", [0, 2, 4, 6])
def test_each_life_of_the_key_holds(slot):
    locks = 0x7F & ~(1 << slot)
    check(signed(slot=slot, config=config_of(locks=bytes((0, 0, locks, 0xFF)))), DEVICE.public, NONCE)


def test_what_a_chip_may_have_otherwise():
    """Its own bytes, counters in use, other slots locked."""
    for at in (13, 14, 15, 52, 60, 67, 84, 85, 89):
        check(signed(config=changed(config_of(), at)), DEVICE.public, NONCE)


LIES = {
    "an old one": (signed(bytes(32)), "chip_stale"),
    "an old one as new": (replace(signed(bytes(32)), nonce=NONCE), "chip_unproved"),
    "of another key": (signed(public=CHIP.public.xy), "chip_other_key"),
    "of another key as mine": (replace(signed(public=CHIP.public.xy), public=DEVICE.public.xy), "chip_unproved"),
    "another serial": (replace(GOOD, config=changed(GOOD.config, 9)), "chip_serial"),
    "another serial below": (replace(GOOD, config=changed(GOOD.config, 3)), "chip_serial"),
    "a wallet's slot": (signed(slot=1, config=config_of(locks=b"\x00\x00\x7d\xff")), "chip_config"),
    "data open": (signed(config=config_of(locks=b"\x55\x00\x7e\xff")), "chip_open"),
    "configuration open": (signed(config=config_of(locks=b"\x00\x55\x7e\xff")), "chip_open"),
    "slot open": (signed(config=config_of(locks=OPEN)), "chip_open"),
    "attestation open": (signed(config=config_of(locks=b"\x00\x00\xfe\xff")), "chip_open"),
    "slot open, shown as locked": (replace(signed(config=config_of(locks=OPEN)), config=config_of()), "chip_open"),
    "signed by another": (replace(GOOD, attestation=DEVICE.public.xy), "chip_unproved"),
    "no key": (replace(GOOD, attestation=bytes(64)), "chip_unproved"),
    "no signature": (replace(GOOD, signature=bytes(64)), "chip_unproved"),
    "other slot": (replace(GOOD, slot=2, config=config_of(locks=b"\x00\x00\x7a\xff")), "chip_unproved"),
}  # fmt: skip


@pytest.mark.parametrize(("report", "code"), LIES.values(), ids=LIES.keys())
def test_lies_have_names(report, code):
    with pytest.raises(Rejected) as caught:
        check(report, DEVICE.public, NONCE)
    assert caught.value.code == code and caught.value.remedy


@pytest.mark.parametrize("at", [*range(16, 52), *range(68, 84), *range(90, 128)])
def test_every_byte_of_our_configuration_counts(at):
    with pytest.raises(Rejected) as caught:
        check(signed(config=changed(config_of(), at)), DEVICE.public, NONCE)
    assert caught.value.code == "chip_config"


@pytest.mark.parametrize("at", range(23))
def test_every_byte_of_the_statement_counts(at):
    """Also where a chip, or who had its key, has signed it so: an external signature by slot 7 has another form."""
    for report in (replace(GOOD, statement=changed(GOOD.statement, at)), signed(said=changed(GOOD.statement, at))):
        with pytest.raises(Rejected):
            check(report, DEVICE.public, NONCE)


@pytest.mark.parametrize("at", [13, 14, 15, *range(52, 68), 84, 85, 89])
def test_what_the_chip_may_have_otherwise_is_signed_too(at):
    with pytest.raises(Rejected) as caught:
        check(replace(GOOD, config=changed(GOOD.config, at)), DEVICE.public, NONCE)
    assert caught.value.code == "chip_unproved"


class Board:
    """A device that passes on a chip's word. report: None where there is no chip."""

    def __init__(self, report=GOOD):
        self.report = report

    def call(self, kind, item):
        one = self.report
        return [one.nonce, one.config, one.slot, one.public, one.attestation, one.statement, one.signature,
                one.certificate]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return Home.init(tmp_path / "home", "net")


def registered(home, name, state=DONE, key=DEVICE):
    home.register(Registered(name, key.public.device_id.hex(), "tcp:127.0.0.1:9", "rig", 2, state, "00" * 32, 0))


def test_the_operators_word_makes_a_record(home):
    record, is_believed = prove(home, Board(), DEVICE.public, NONCE, NOBODY)
    assert not is_believed and record.proof == OPERATOR
    record, is_believed = prove(home, Board(), DEVICE.public, NONCE, Trust(SERIAL))
    assert is_believed and chips.keep(home, record, DEVICE.public.device_id) == SERIAL.hex()
    kept = home.chips.find(SERIAL.hex())
    assert kept == home.chips.of(DEVICE.public.device_id) and kept.devices == (DEVICE.public.device_id.hex(),)
    assert (kept.revision, kept.attestation) == ("00006003", CHIP.public.xy.hex())
    assert kept.config == sha256(config_of()).hexdigest()
    assert prove(home, Board(), DEVICE.public, NONCE, NOBODY)[1]  # on record, by the same key
    message = chips.as_message(kept)
    assert (message.serial, message.by_maker) == (SERIAL, 0) and chips.as_message(None) is None


def test_a_record_holds_against_another_key_and_another_device(home):
    chips.keep(home, prove(home, Board(), DEVICE.public, NONCE, Trust(SERIAL))[0], DEVICE.public.device_id)
    other = PrivateKey.generate()
    with pytest.raises(Rejected) as caught:
        prove(home, Board(signed(key=other)), DEVICE.public, NONCE, Trust(SERIAL))
    assert caught.value.code == "chip_changed"
    twin = Board(signed(public=other.public.xy))
    registered(home, "vault")
    assert prove(home, Board(), DEVICE.public, NONCE, NOBODY)[1], "itself it may prove again"
    with pytest.raises(Rejected) as caught:
        prove(home, twin, other.public, NONCE, Trust(SERIAL))
    assert caught.value.code == "chip_in_use" and "vault" in caught.value.remedy
    registered(home, "vault", RETIRED)
    record, is_believed = prove(home, twin, other.public, NONCE, NOBODY)
    chips.keep(home, record, other.public.device_id)
    assert is_believed and len(home.chips.find(SERIAL.hex()).devices) == 2
    registered(home, "vault")
    assert chips.keep(home, home.chips.find(SERIAL.hex()), other.public.device_id) == SERIAL.hex()
    assert len(home.chips.find(SERIAL.hex()).devices) == 2


def test_another_chip_than_the_one_named(home):
    with pytest.raises(Rejected) as caught:
        prove(home, Board(), DEVICE.public, NONCE, Trust(bytes(9)))
    assert caught.value.code == "chip_not_named"


def test_a_makers_certificate_and_nobodys_word(home, tmp_path):
    start = datetime.fromtimestamp(home.now() - 60, UTC)
    maker, stranger = (Maker("maker", start=start, end=start + timedelta(days=9)) for _ in range(2))
    key = serialization.load_pem_public_key(CHIP.public.pem())
    certificate = maker.issue(f"sn{SERIAL.hex()}", key).public_bytes(serialization.Encoding.DER)
    board = Board(signed(certificate=certificate))
    record, is_believed = prove(home, board, DEVICE.public, NONCE, Trust(makers=(maker.certificate,)))
    assert is_believed and record.proof == MAKER and len(record.maker) == 64
    with pytest.raises(Rejected) as caught:
        prove(home, board, DEVICE.public, NONCE, Trust(SERIAL, (stranger.certificate,)))
    assert caught.value.code == "chip_certificate"
    assert not prove(home, board, DEVICE.public, NONCE, NOBODY)[1]  # by whom, nobody said
    chips.keep(home, record, DEVICE.public.device_id)
    again, _ = prove(home, board, DEVICE.public, NONCE, NOBODY)
    assert (again.proof, again.maker) == (MAKER, record.maker) and chips.as_message(again).by_maker == 1
    assert chips.trust_of(home, None, None) == NOBODY
    home.chips.roots_path.write_bytes(maker.certificate.public_bytes(serialization.Encoding.PEM))
    assert chips.trust_of(home, None, None).makers == [maker.certificate]


@pytest.mark.parametrize(
    "wrong", [{"serial": "00" * 9}, {"proof": "me"}, {"attestation": "zz"}, {"devices": ["00"]}, {"x": 1}]
)
def test_a_damaged_record_is_told(home, wrong):
    chips.keep(home, prove(home, Board(), DEVICE.public, NONCE, Trust(SERIAL))[0], DEVICE.public.device_id)
    path = home.folder / "chips" / f"{SERIAL.hex()}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **wrong}))
    with pytest.raises(Usage) as told:
        home.chips.find(SERIAL.hex())
    assert told.value.code == "home_damaged"
