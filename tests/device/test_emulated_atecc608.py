"""The emulated ATECC608 on the bus: sleep, busy, watchdog, registers and status codes, packet by packet."""

from check import raises
from emulated.atecc608 import ADDRESS, TIMES, WAKE_MS, WATCHDOG_MS, ATECC608Chip, crc16
from emulated.i2c import I2C

WOKEN = b"\x04\x11\x33\x43"
INFO, NONCE, SIGN, RANDOM = 0x30, 0x16, 0x41, 0x1B


class Time:
    """Milliseconds that pass when a test says so."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


class Wires:
    """A chip with both zones locked and a key in slot 0, on a bus; `pass_` lets time pass."""

    def __init__(self):
        self.time = Time()
        self.chip = ATECC608Chip(None, self.time)
        self.bus = I2C({ADDRESS: self.chip})
        self.chip.memory.config[86:88] = b"\x00\x00"
        self.chip.memory.slots[0][4:36] = bytes(31) + b"\x07"

    def pass_(self, ms):
        self.time.now += ms

    def wake(self):
        raises(OSError, self.bus.writeto, 0, b"\x00")
        self.pass_(WAKE_MS)

    def send(self, opcode, param1=0, param2=0, data=b""):
        body = bytes((len(data) + 7, opcode, param1, param2, 0)) + data
        self.bus.writeto(ADDRESS, b"\x03" + body + crc16(body))

    def answer(self, size):
        """The data, or the one byte of status."""
        found = self.bus.readfrom(ADDRESS, size + 3)
        count = found[0]
        assert crc16(found[: count - 2]) == found[count - 2 : count]
        return found[1 : count - 2]

    def ask(self, size, opcode, *rest):
        self.send(opcode, *rest)
        self.pass_(TIMES[opcode])
        return self.answer(size)


def test_crc_of_the_data_sheet():
    assert crc16(WOKEN[:2]) == WOKEN[2:] and crc16(b"\x07\x30\x00\x00\x00") == b"\x03\x5d"


def test_it_sleeps_until_the_line_is_low():
    wires = Wires()
    assert wires.bus.scan() == []
    raises(OSError, wires.bus.readfrom, ADDRESS, 4)
    raises(OSError, wires.bus.writeto, 0, b"\x00")
    raises(OSError, wires.bus.readfrom, ADDRESS, 4)  # not yet
    wires.pass_(WAKE_MS)
    assert wires.bus.readfrom(ADDRESS, 4) == WOKEN
    wires.bus.writeto(ADDRESS, b"\x01")
    raises(OSError, wires.bus.readfrom, ADDRESS, 4)


def test_it_acknowledges_nothing_while_it_works():
    wires = Wires()
    for opcode, size, rest in ((INFO, 4, ()), (RANDOM, 32, ()), (NONCE, 1, (3, 0, bytes(32))), (SIGN, 64, (0x80,))):
        if opcode == INFO:
            wires.wake()
        wires.send(opcode, *rest)
        wires.pass_(TIMES[opcode] - 1)
        raises(OSError, wires.bus.readfrom, ADDRESS, 4)
        raises(OSError, wires.bus.writeto, ADDRESS, b"\x00")
        wires.pass_(1)
        assert len(wires.answer(size)) == size


def test_an_answer_is_read_in_parts_and_again():
    wires = Wires()
    wires.wake()
    wires.send(INFO)
    wires.pass_(TIMES[INFO])
    assert wires.bus.readfrom(ADDRESS, 1) == b"\x07" and wires.bus.readfrom(ADDRESS, 4) == b"\x00\x00\x60\x03"
    wires.bus.writeto(ADDRESS, b"\x00")
    assert wires.bus.readfrom(ADDRESS, 9) == b"\x07\x00\x00\x60\x03\x83\xbb\xff\xff"
    wires.bus.unread(ADDRESS, 8)
    assert wires.bus.readfrom(ADDRESS, 2) == b"\x00\x00"


def test_the_watchdog_puts_it_to_sleep_and_refuses_what_would_be_late():
    wires = Wires()
    wires.wake()
    wires.pass_(WATCHDOG_MS - WAKE_MS - 10)
    wires.send(RANDOM)
    wires.pass_(1)
    assert wires.answer(1) == b"\xee"
    wires.pass_(10)
    raises(OSError, wires.bus.readfrom, ADDRESS, 4)
    wires.wake()
    assert len(wires.ask(32, RANDOM)) == 32


def test_idle_keeps_the_registers_and_sleep_forgets_them():
    for word, status in ((b"\x02", 64), (b"\x01", 1)):
        wires = Wires()
        wires.wake()
        assert wires.ask(1, NONCE, 3, 0, bytes(32)) == b"\x00"
        wires.bus.writeto(ADDRESS, word)
        raises(OSError, wires.bus.readfrom, ADDRESS, 4)
        wires.wake()
        assert len(wires.ask(64, SIGN, 0x80)) == status


def test_status_codes():
    wires = Wires()
    wires.wake()
    wires.bus.writeto(ADDRESS, b"\x03\x07\x30\x00\x00\x00\x03\x5c")  # a bit of the CRC
    wires.pass_(1)
    assert wires.answer(1) == b"\xff"
    wires.bus.writeto(ADDRESS, b"\x03\x09\x30\x00\x00\x00\x03\x5d")  # shorter than it says
    wires.pass_(1)
    assert wires.answer(1) == b"\xff"
    wires.send(0x47)  # SHA, which the model does not have
    wires.pass_(1)
    assert wires.answer(1) == b"\x03"
    wires.send(SIGN, 0x80)  # nothing to sign
    wires.pass_(TIMES[SIGN])
    assert wires.answer(1) == b"\x0f"
    wires.send(NONCE, 3, 0, bytes(31))
    wires.pass_(TIMES[NONCE])
    assert wires.answer(1) == b"\x03"
    for slot in range(1, 4):  # no key there
        wires.ask(1, NONCE, 3, 0, bytes(32))
        answer = wires.ask(64, SIGN, 0x80, slot)
        assert answer == (b"\x05" if slot < 3 else b"\x0f")
