"""What a chip says of a key, in its own signature: over the nonce, the whole configuration, and that key alone."""

from check import raises
from element_bus import Element
from keystore import atecc608_attest, atecc608_config
from rig import Board, Issuer, policy
from seal import p256
from seal.compat import sha256
from seal.device import Device
from seal.errors import BadKey, ElementRefused, Fault, Refused, Unsupported
from seal.provision import Provisioner
from seal.service import Service

NONCE = bytes(range(32))
COMMON = b"\xee\x01\x23" + bytes(25)


def made():
    """A locked chip with a device key, and that key's public half."""
    element = Element()
    return element, element.keys.generate(0, None)


def signed(report):
    """The digest that the report's signature must be of, as the data sheet has it."""
    nonce, config, place, public, _, statement = report[:6]
    held = nonce
    for block in range(4):
        held = sha256(config[32 * block : 32 * block + 32] + bytes((0x15, 0, block, 0)) + COMMON + held)
    return sha256(sha256(held + bytes((0x40, 8, place, 0)) + COMMON + public) + statement)


def test_chip_signs_nonce_configuration_and_key():
    element, public = made()
    report = element.keys.attest(NONCE)
    assert report[0] == NONCE and report[1] == bytes(element.chip.memory.config) and report[2:4] == [0, public]
    assert p256.verify(report[4], signed(report), report[6]) and report[4] != public and report[7] is None
    said = report[5]
    serial = report[1][0:4] + report[1][8:13]
    assert said[:8] == b"\x41\x40\x07\x00\x81\x20\x33\x00" and said[8] == 0x50
    assert said[11:20] == serial[8:] + serial[4:8] + serial[:4] and said[20:] == bytes(3)


def test_each_part_counts():
    element, _ = made()
    report = element.keys.attest(NONCE)
    for part in (0, 1, 3, 5):
        for at in (0, len(report[part]) - 1):
            other = list(report)
            other[part] = report[part][:at] + bytes((report[part][at] ^ 1,)) + report[part][at + 1 :]
            assert not p256.verify(report[4], signed(other), report[6]), (part, at)


def test_attestation_key_is_made_once_and_locked():
    element, _ = made()
    assert not atecc608_config.is_slot_locked(element.chip.memory.config, 7)
    first = element.keys.attest(NONCE)
    assert atecc608_config.is_slot_locked(element.chip.memory.config, 7)
    again = element.restart().attest(bytes(32))
    assert again[4] == first[4] and again[6] != first[6]


def test_attestation_key_signs_nothing_from_outside_and_the_device_key_says_nothing_of_itself():
    element, _ = made()
    element.keys.attest(NONCE)
    chip = element.keys._chip
    raises(ElementRefused, chip.sign, 7, NONCE)
    chip.command(0x16, 3, 0, NONCE, 1, True)
    raises(ElementRefused, chip.command, 0x41, 0x40, 7, b"", 64)  # a digest that no chip made
    chip.command(0x16, 3, 0, NONCE, 1, True)
    chip.command(0x15, 0, 0, b"", 1, True)
    raises(ElementRefused, chip.command, 0x41, 0x40, 7, b"", 64)  # a digest of no key
    chip.command(0x16, 3, 0, NONCE, 1, True)
    chip.command(0x40, 8, 0, b"", 64, True)
    raises(ElementRefused, chip.command, 0x41, 0x40, 0, b"", 64)


def test_second_life_of_the_device_key():
    element, first = made()
    element.keys.wipe(0)
    raises(BadKey, element.keys.attest, NONCE)
    second = element.keys.generate(0, None)
    report = element.keys.attest(NONCE)
    assert report[2:4] == [2, second] and second != first and report[5][8] == 0x52


def test_a_wrong_signature_is_not_released():
    element, _ = made()
    element.keys.attest(NONCE)
    element.chip.fault("wrong")
    raises(Fault, element.keys.attest, NONCE)
    assert element.keys.attest(NONCE)[0] == NONCE


def test_certificate_in_the_notes():
    for size in (1, 30, 31, 62, 63, 382):
        element, _ = made()
        certificate = bytes((at & 0xFF for at in range(size)))
        data = size.to_bytes(2, "big") + certificate
        data += bytes(-len(data) % 32)
        for block in range(len(data) // 32):
            element.keys._chip.write(2, 8 << 3 | block + 1 << 8, data[32 * block : 32 * block + 32])
        assert element.keys.attest(NONCE)[7] == certificate, size
    element.keys._chip.write(2, 8 << 3 | 1 << 8, b"\x01\x7f" + bytes(30))  # 383: more than there is room for
    assert element.keys.attest(NONCE)[7] is None


def test_only_a_device_with_a_key_answers():
    element = Element()
    board = Board(element.store)
    board.keystore = element.keys
    device = Device(board)
    device.load()
    service = Service(device)
    raises(Refused, service.element, NONCE)
    provisioner = Provisioner(device)
    provisioner.evidence(NONCE)
    assert service.element(NONCE)[3] == device.public
    provisioner.grant(Issuer().grant(device.public, NONCE, policy()))
    assert service.element(NONCE)[3] == device.public
    raises(Unsupported, Service(Device(Board())).element, NONCE)


def test_cut_between_the_attestation_key_and_its_lock():
    element, _ = made()
    atecc608_attest.run(element.keys._chip, 0, NONCE)
    other, _ = made()
    other.keys._chip.generate(7)  # and the power went
    report = other.restart().attest(NONCE)
    assert p256.verify(report[4], signed(report), report[6])
