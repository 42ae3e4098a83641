"""Keys in an emulated ATECC608: born there, locked there, never out. And what the chip does when it fails."""

from check import raises
from element_bus import Element
from emulated import atecc608 as model
from emulated.atecc608_commands import p256 as model_p256
from keystore import atecc608_config as ours
from keystore.element import FOREIGN, OPEN, OURS
from seal import p256
from seal.errors import (
    BadKey,
    ElementForeign,
    ElementGarbled,
    ElementOpen,
    ElementRefused,
    ElementSilent,
    Fault,
    Malformed,
    Refused,
)

DIGEST = bytes(range(32))


def no_random(count):
    raise AssertionError("the key is born in the chip")


def test_key_is_born_in_the_chip_and_signs():
    element = Element()
    public = element.keys.generate(0, no_random)
    signature = element.keys.sign(0, DIGEST)
    assert p256.verify(public, DIGEST, signature)
    assert element.keys.sign(0, DIGEST) != signature  # its nonces are its own
    assert element.restart().public(0) == public and element.keys.has(0)
    assert p256.verify(public, DIGEST, element.keys.sign(0, DIGEST))


def test_custody_is_a_claim_that_a_host_has_to_prove():
    assert Element().keys.custody == 2


def test_identity_and_wallet_are_two_keys():
    element = Element()
    publics = [element.keys.generate(slot, no_random) for slot in (0, 1)]
    assert publics[0] != publics[1]
    assert p256.verify(publics[1], DIGEST, element.keys.sign(1, DIGEST))
    element.keys.wipe(0)
    assert not element.keys.has(0) and element.keys.has(1)


def test_empty_and_invalid_slots():
    keys = Element().keys
    raises(BadKey, keys.public, 0)
    raises(BadKey, keys.sign, 0, DIGEST)
    for call in (keys.has, keys.public, keys.wipe):
        raises(BadKey, call, 2)
    keys.generate(0, no_random)
    raises(Refused, keys.generate, 0, no_random)
    raises(Malformed, keys.sign, 0, DIGEST[:31])


def test_open_chip_keeps_no_key():
    element = Element(is_locked=False)
    assert element.keys.state() == OPEN and not element.keys.has(0)
    raises(ElementOpen, element.keys.generate, 0, no_random)
    assert not element.chip.memory.is_config_locked


def test_what_is_locked_is_what_was_shown():
    element = Element(is_locked=False)
    state, revision, serial, config, wanted = element.keys.report()
    assert state == OPEN and revision == b"\x00\x00\x60\x03" and len(serial) == 9
    assert config == bytes(element.chip.memory.config)
    raises(Malformed, element.keys.lock, config)
    raises(Malformed, element.keys.lock, wanted[:127])
    assert element.keys.report()[0] == OPEN and not element.chip.memory.is_config_locked
    element.keys.lock(wanted)
    locked = element.keys.report()
    assert locked[0] == OURS and locked[3][:86] == wanted[:86] and locked[3][88:] == wanted[88:]
    element.keys.lock(wanted)  # again changes nothing


def test_configuration_differs_nowhere_from_its_table():
    wanted = ours.wanted(bytes(128))
    assert wanted[16:20] == b"\xc0\x00\x00\x00"
    for slot in range(16):
        slot_config, key_config = wanted[20 + 2 * slot : 22 + 2 * slot], wanted[96 + 2 * slot : 98 + 2 * slot]
        if slot < 7:
            assert slot_config == b"\x81\x20" and key_config == b"\x33\x00"
        elif slot == 7:
            assert slot_config == b"\x82\x20" and key_config == b"\x33\x00"
        elif slot == 8:
            assert slot_config == b"\x00\x00" and key_config == b"\x3c\x00"
        else:
            assert slot_config == b"\x8f\x8f" and key_config == b"\x1c\x00"


def test_foreign_configuration_is_refused_for_ever():
    for at in (16, 19, 20, 35, 90, 96, 112, 127):
        element = Element(is_locked=False)
        element.chip.memory.config[:] = ours.wanted(bytes(element.chip.memory.config))
        element.chip.memory.config[at] ^= 1
        element.chip.memory.config[86:88] = b"\x00\x00"
        assert element.keys.state() == FOREIGN
        raises(ElementForeign, element.keys.has, 0)
        raises(ElementForeign, element.keys.lock, element.keys.report()[4])


def test_locking_resumes_after_a_cut_at_every_command():
    element = Element(is_locked=False)
    wanted = element.keys.report()[4]
    cuts = 0
    while True:
        element.chip.memory.config[:] = bytes(wanted[:16]) + bytes(72) + wanted[88:]
        element.chip.memory.config[86:88] = b"\x55\x55"
        left = [cuts]
        execute = element.chip._commands.execute

        def cut(*arguments):
            if left[0] == 0:
                raise OSError(5, "the power is gone")
            left[0] -= 1
            return execute(*arguments)

        element.chip._commands.execute = cut
        try:
            element.restart().lock(wanted)
            is_done = True
        except (OSError, ElementSilent):
            is_done = False
        element.chip._commands.execute = execute
        element.chip.wake()
        element.restart().lock(wanted)
        assert element.keys.state() == OURS
        if is_done:
            break
        cuts += 9 if cuts < 30 else 1
    assert cuts > 34  # it was cut within the locks too


def test_key_counts_once_its_slot_is_locked():
    element = Element()
    first = element.keys._chip.generate(0)  # power fails here
    assert not element.restart().has(0)
    public = element.keys.generate(0, no_random)
    assert public != first and element.restart().public(0) == public
    raises(ElementRefused, element.keys._chip.generate, 0)  # and by nobody else


def test_four_lives_and_no_fifth():
    element = Element()
    publics = set()
    for _ in range(4):
        publics.add(element.keys.generate(0, no_random))
        element.keys.wipe(0)
        assert not element.restart().has(0)
        raises(BadKey, element.keys.sign, 0, DIGEST)
    assert len(publics) == 4
    raises(Refused, element.keys.generate, 0, no_random)
    assert not element.keys.has(1)
    element.keys.generate(1, no_random)


def test_wipe_that_the_chip_did_not_take_is_none():
    element = Element()
    public = element.keys.generate(0, no_random)
    element.bus.fault(model.ADDRESS, "nack")
    raises(ElementSilent, element.keys.wipe, 0)
    element.bus.fault(model.ADDRESS)
    assert element.keys.has(0) and element.keys.public(0) == public
    element.keys.sign(0, DIGEST)


def test_another_chip_is_not_taken():
    element = Element()
    element.keys.generate(0, no_random)
    other = Element()
    other.store = element.store
    raises(ElementForeign, other.restart().has, 0)
    raises(ElementForeign, other.keys.public, 0)


def test_noise_on_the_bus_is_read_again():
    element = Element()
    public = element.keys.generate(0, no_random)
    read, hits = element.bus.readfrom, [0]

    def noisy(address, count, stop=True):
        data = read(address, count, stop)
        if count > 4:
            hits[0] += 1
            if hits[0] % 2:
                data = data[:3] + bytes((data[3] ^ 0x10,)) + data[4:]
        return data

    element.bus.readfrom = noisy
    for _ in range(3):
        assert p256.verify(public, DIGEST, element.keys.sign(0, DIGEST))
    assert hits[0] > 5


def test_answer_that_stays_damaged_is_no_answer():
    element = Element()
    element.keys.generate(0, no_random)
    element.chip.fault(model.CRC)
    raises(ElementGarbled, element.keys.sign, 0, DIGEST)
    element.keys.sign(0, DIGEST)


def test_packet_that_is_damaged_or_not_acknowledged_is_sent_again():
    element = Element()
    public = element.keys.generate(0, no_random)
    element.chip.fault(model.NACK)
    assert p256.verify(public, DIGEST, element.keys.sign(0, DIGEST))
    write, hits = element.bus.writeto, [0]

    def noisy(address, data, stop=True):
        if len(data) > 7:
            hits[0] += 1
            if hits[0] % 2:
                data = data[:-1] + bytes((data[-1] ^ 1,))
        return write(address, data, stop)

    element.bus.writeto = noisy
    assert p256.verify(public, DIGEST, element.keys.sign(0, DIGEST))


def test_command_that_never_ends():
    element = Element()
    element.keys.generate(0, no_random)
    usual, element.chip._ticks.step = element.chip._ticks.step, 1
    element.chip.fault(model.HANG)
    raises(ElementSilent, element.keys.sign, 0, DIGEST)
    element.chip._ticks.now += model.WATCHDOG_MS  # it ends what hangs
    element.chip._ticks.step = usual  # the driver's patience is real time: on a busy machine small steps outlast it
    element.keys.sign(0, DIGEST)


def test_chip_that_is_pulled_while_it_signs():
    element = Element()
    element.keys.generate(0, no_random)
    element.chip.fault(model.PULLED)
    raises(ElementSilent, element.keys.sign, 0, DIGEST)
    raises(ElementSilent, element.keys.sign, 0, DIGEST)
    raises(ElementSilent, element.restart().has, 0)
    element.chip.fault(None)
    element.keys.sign(0, DIGEST)


def test_wrong_signature_never_leaves_and_three_are_enough():
    element = Element()
    element.keys.generate(0, no_random)
    for _ in range(3):
        element.chip.fault(model.WRONG)
        raises(Fault, element.keys.sign, 0, DIGEST)
    raises(Fault, element.keys.sign, 0, DIGEST)
    element.restart().sign(0, DIGEST)


def test_chip_left_awake_is_woken():
    element = Element()
    element.keys.generate(0, no_random)
    element.chip.wake()
    element.chip._ticks.now += 5  # the board was reset in the middle of something
    element.restart().sign(0, DIGEST)


def test_random_feeds_the_pool_and_fails_as_a_source_fails():
    element = Element()
    data = element.keys.random(64)
    assert len(data) == 64 and data[:32] != data[32:]
    element.chip.fault(model.PULLED)
    element.keys._chip._i2c = type(element.bus)()
    raises(OSError, element.keys.random, 64)


def test_generation_only_rises():
    element = Element()
    assert element.keys.generation() == 0
    assert [element.keys.generation(is_raised=True) for _ in range(3)] == [1, 2, 3]
    assert element.restart().generation() == 3


def test_known_answer():
    element = Element()
    element.keys.check()
    p256_verify, model_p256.verify = model_p256.verify, lambda *_: True  # a chip that finds all good
    try:
        raises(Fault, element.keys.check)
    finally:
        model_p256.verify = p256_verify
    element.chip.fault(model.CRC)
    raises(ElementGarbled, element.keys.check)
