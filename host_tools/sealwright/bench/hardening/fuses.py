"""Which fuses are burned on which chip, in which order, and why. Nothing here burns.

The order is what makes it safe. Keys first: a chip whose encryption or secure boot is on without its key is scrap. Then
read protection, then the lock on the read protection itself, so that nobody can make the digest of the signing key
unreadable. Then what is closed (JTAG, the caches of download mode). Then flash encryption, then secure boot. Download
mode comes last: after it no fuse of the chip can be read or burned over its cable.

Source: ESP-IDF, "Security Features Enablement Workflows"; the chips' fuse tables as espefuse has them.
"""

from dataclasses import dataclass
from typing import Final

FIELD: Final = "burn"
KEY: Final = "key"
READ_PROTECT: Final = "read-protect"
WRITE_PROTECT: Final = "write-protect"

FLASH_KEY: Final = "flash"  # which key a block gets, see `home.hardened.Secrets`
NVS_KEY: Final = "nvs"
DIGEST: Final = "digest"  # of the public key that images are signed with: no secret


@dataclass(frozen=True, slots=True)
class Step:
    """One burn that cannot be undone. fuse: as espefuse names it. value: of a FIELD. key: which one a KEY's block gets;
    reverse: its bytes are burned in the opposite order, as the chip's engine reads them. why: for the dry run."""

    act: str
    fuse: str
    why: str
    value: int | str = 1
    key: str = ""
    reverse: bool = False

    @property
    def name(self) -> str:
        """What is burned, in one phrase; no two steps of a chip have the same."""
        return f"{self.act} {self.fuse}" + (f" = {self.value}" if self.act == FIELD else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a chip. clear: fuses outside the steps that must be as the factory left them, with that value.
    least_revision: 100 x major + minor. xts: flash is encrypted with AES-XTS, else as the first ESP32 does it.
    boot_offset: where its boot ROM looks for the boot loader."""

    chip: str
    steps: tuple[Step, ...]
    clear: tuple[tuple[str, int | str], ...]
    least_revision: int
    xts: bool
    boot_offset: int


def _key(block: str, purpose: tuple[str, str] | None, key: str, why: str, *, reverse: bool, secret: bool) -> list[Step]:
    """A key block: its purpose, the key, then its protections. The purpose first: espefuse knows by it which keys must
    stay readable."""
    steps = []
    if purpose:
        steps.append(Step(FIELD, purpose[0], f"says what the key in {block} is for", purpose[1]))
    steps.append(Step(KEY, block, why, key=key, reverse=reverse))
    if secret:
        steps.append(Step(READ_PROTECT, block, "no program and no cable reads this key again"))
    steps.append(Step(WRITE_PROTECT, block, "no further bit of this key can be set"))
    if purpose:
        steps.append(Step(WRITE_PROTECT, purpose[0], "the key serves no other purpose"))
    return steps


_FLASH_WHY: Final = "the key that encrypts this board's flash, of this board alone"
_DIGEST_WHY: Final = "the digest of the key that signs images: the chip boots nothing else"
_LOCK_WHY: Final = "from here on no block can be made unreadable: the digest stays readable"

_ESP32: Final = (
    *_key("BLOCK1", None, FLASH_KEY, _FLASH_WHY, reverse=True, secret=True),
    *_key("BLOCK2", None, DIGEST, _DIGEST_WHY, reverse=False, secret=False),
    Step(WRITE_PROTECT, "RD_DIS", _LOCK_WHY),
    Step(FIELD, "FLASH_CRYPT_CONFIG", "flash encryption depends on the address in all its bits", 0xF),
    Step(FIELD, "JTAG_DISABLE", "closes JTAG: a debugger reads memory, and what the chip has decrypted"),
    Step(FIELD, "CONSOLE_DEBUG_DISABLE", "closes the BASIC prompt of the boot ROM"),
    Step(FIELD, "DISABLE_DL_ENCRYPT", "download mode encrypts nothing"),
    Step(FIELD, "DISABLE_DL_DECRYPT", "download mode decrypts nothing"),
    Step(FIELD, "DISABLE_DL_CACHE", "download mode does not see the flash through the cache, which decrypts"),
    Step(WRITE_PROTECT, "DIS_CACHE", "nobody can break the board by closing its cache"),
    Step(FIELD, "FLASH_CRYPT_CNT", "turns flash encryption on: all bits, so that it is never off again", 127),
    Step(FIELD, "ABS_DONE_1", "turns secure boot v2 on: an image that is not signed never starts again"),
    Step(FIELD, "UART_DOWNLOAD_DIS", "closes download mode: no cable flashes this board, or reads a fuse, again"),
)


def _later(caches: tuple[str, ...]) -> tuple[Step, ...]:
    """ESP32-S3 and ESP32-C3, which differ by the caches that download mode has."""
    hmac = "the key under which the chip encrypts its NVS, where the device's own key is"
    return (
        *_key("BLOCK_KEY0", ("KEY_PURPOSE_0", "XTS_AES_128_KEY"), FLASH_KEY, _FLASH_WHY, reverse=True, secret=True),
        *_key("BLOCK_KEY1", ("KEY_PURPOSE_1", "HMAC_UP"), NVS_KEY, hmac, reverse=False, secret=True),
        *_key("BLOCK_KEY2", ("KEY_PURPOSE_2", "SECURE_BOOT_DIGEST0"), DIGEST, _DIGEST_WHY, reverse=False, secret=False),
        Step(WRITE_PROTECT, "RD_DIS", _LOCK_WHY),
        Step(FIELD, "SECURE_BOOT_KEY_REVOKE1", "no second signing key can be added"),
        Step(FIELD, "SECURE_BOOT_KEY_REVOKE2", "no third signing key can be added"),
        *(Step(FIELD, name, "download mode does not see the flash through this cache") for name in caches),
        Step(FIELD, "DIS_DOWNLOAD_MANUAL_ENCRYPT", "download mode encrypts nothing"),
        Step(FIELD, "DIS_PAD_JTAG", "closes JTAG at the pins: a debugger reads memory, and what was decrypted"),
        Step(FIELD, "DIS_USB_JTAG", "closes JTAG over USB"),
        Step(FIELD, "SOFT_DIS_JTAG", "no program opens JTAG again", 7),
        Step(FIELD, "DIS_DIRECT_BOOT", "closes the boot mode that looks for no signature"),
        Step(WRITE_PROTECT, "DIS_ICACHE", "nobody can break the board by closing its cache"),
        Step(FIELD, "SPI_BOOT_CRYPT_CNT", "turns flash encryption on: all bits, so that it is never off again", 7),
        Step(FIELD, "SECURE_BOOT_EN", "turns secure boot v2 on: an image that is not signed never starts again"),
        Step(
            FIELD,
            "ENABLE_SECURITY_DOWNLOAD",
            "narrows download mode: it writes flash for a repair, reads none, runs no program, burns no fuse",
        ),
    )


_LATER_CLEAR: Final[tuple[tuple[str, int | str], ...]] = (
    *((f"KEY_PURPOSE_{number}", "USER") for number in (3, 4, 5)),
    ("SECURE_BOOT_KEY_REVOKE0", 0),
    ("SECURE_BOOT_AGGRESSIVE_REVOKE", 0),
    ("DIS_ICACHE", 0),
    ("DIS_DOWNLOAD_MODE", 0),
    ("DIS_FORCE_DOWNLOAD", 0),
)

PLANS: Final = {
    "esp32": Plan(
        "esp32",
        _ESP32,
        (("CODING_SCHEME", 0), ("ABS_DONE_0", 0), ("DIS_CACHE", 0), ("KEY_STATUS", 0)),
        300,
        False,
        0x1000,
    ),
    "esp32s3": Plan(
        "esp32s3",
        _later(("DIS_DOWNLOAD_ICACHE", "DIS_DOWNLOAD_DCACHE")),
        (*_LATER_CLEAR, ("DIS_DCACHE", 0)),
        0,
        True,
        0x0,
    ),
    "esp32c3": Plan("esp32c3", _later(("DIS_DOWNLOAD_ICACHE",)), _LATER_CLEAR, 3, True, 0x0),
}
