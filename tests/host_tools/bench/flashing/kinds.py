"""Boards and images for the tests of flashing."""

import struct
from pathlib import Path

from sealwright.targets import BoardKind

PICO = BoardKind("pico", "rpi-pico", "RP2040", "armv6m", "RPI_PICO", "uf2", Path())
PICO2_W = BoardKind("pico2_w", "rpi-pico2-w", "RP2350", "armv7emsp", "RPI_PICO2_W", "uf2", Path())
ESP32 = BoardKind("esp32", "esp32", "ESP32", "xtensawin", "ESP32_GENERIC", "esp32", Path())
ESP32_S3 = BoardKind("esp32_s3", "esp32-s3", "ESP32S3", "xtensawin", "ESP32_GENERIC_S3", "esp32s3", Path())
ESP32_C3 = BoardKind("esp32_c3", "esp32-c3", "ESP32C3", "rv32imc", "ESP32_GENERIC_C3", "esp32c3", Path())
RP2040, RP2350, ABSOLUTE = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57
ESP_CHIPS = {"esp32": 0, "esp32_s3": 9, "esp32_c3": 5}


def block(family, number, of, flags=0x2000):
    """A UF2 block."""
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, 0x10000000 + 256 * number, 256, number, of, family)
    return head + bytes([number % 256]) * 476 + struct.pack("<I", 0x0AB16F30)


def uf2(family, blocks=300, first=b""):
    return first + b"".join(block(family, number, blocks) for number in range(blocks))


def esp(chip, size=150_000):
    """An ESP image as far as anyone looks: the headers, then something that compresses somewhat."""
    head = bytes([0xE9, 3, 2, 0x20]) + bytes(8) + struct.pack("<H", chip)
    return head + bytes(n * n // 77 % 251 for n in range(size - len(head)))
