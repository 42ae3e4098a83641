"""What a sealed board's build needs agrees with itself, with the chip, and with the fuses that `harden` burns."""

import ast
import re
from pathlib import Path

import pytest
from sealwright import targets
from sealwright.bench.hardening import PLANS
from sealwright.bench.hardening.images import TABLE_BYTES, TABLE_OFFSET, planned_partitions

ROOT = Path(__file__).resolve().parents[2]
BOARDS = [path.name for path in sorted((ROOT / "boards").iterdir()) if (path / "hardened").is_dir()]
SECTOR, APP_ALIGN = 0x1000, 0x10000

# which option of ESP-IDF says what a fuse says: a fuse that is burned needs its options, and none is set without it
OPTIONS = {
    "FLASH_CRYPT_CNT": {"SECURE_FLASH_ENC_ENABLED", "SECURE_FLASH_ENCRYPTION_MODE_RELEASE"},
    "SPI_BOOT_CRYPT_CNT": {"SECURE_FLASH_ENC_ENABLED", "SECURE_FLASH_ENCRYPTION_MODE_RELEASE"},
    "ABS_DONE_1": {"SECURE_BOOT", "SECURE_BOOT_V2_ENABLED", "SECURE_SIGNED_APPS_RSA_SCHEME"},
    "SECURE_BOOT_EN": {"SECURE_BOOT", "SECURE_BOOT_V2_ENABLED", "SECURE_SIGNED_APPS_RSA_SCHEME"},
    "UART_DOWNLOAD_DIS": {"SECURE_DISABLE_ROM_DL_MODE"},
    "ENABLE_SECURITY_DOWNLOAD": {"SECURE_ENABLE_SECURE_ROM_DL_MODE"},
    "BLOCK_KEY1": {"NVS_ENCRYPTION", "NVS_SEC_KEY_PROTECT_USING_HMAC"},
}
NOT_OF_FUSES = ("PARTITION_", "ESPTOOLPY_", "BOOTLOADER_LOG", "LOG_", "ESP32")


def folder(board):
    return ROOT / "boards" / board / "hardened"


def options(board):
    """The options that are set: name -> text."""
    found = {}
    for line in (folder(board) / "sdkconfig").read_text().splitlines():
        if line and not line.startswith("#"):
            name, value = re.fullmatch(r"CONFIG_(\w+)=(.+)", line).groups()
            assert name not in found
            found[name] = value
    return found


def plan(board):
    return PLANS[targets.find(board).flash]


def flash_bytes(board):
    (size,) = [name for name in options(board) if name.startswith("ESPTOOLPY_FLASHSIZE_")]
    return int(re.search(r"(\d+)MB", size)[1]) << 20


def test_every_chip_of_a_plan_has_a_board():
    assert {targets.find(board).flash for board in BOARDS} == set(PLANS)


@pytest.mark.parametrize("board", BOARDS)
def test_the_partitions_fill_the_flash_and_do_not_overlap(board):
    found = planned_partitions(targets.find(board))
    end = TABLE_OFFSET + SECTOR
    assert TABLE_BYTES <= SECTOR
    for one in found:
        align = APP_ALIGN if one.type == 0 else SECTOR
        assert one.offset % align == one.size % SECTOR == 0
        assert 0 <= one.offset - end < (APP_ALIGN if one.type == 0 else 1), f"{one.name} leaves a hole, or overlaps"
        end = one.offset + one.size
    assert end == flash_bytes(board)
    assert len({one.name for one in found}) == len(found)
    names = {one.name: one for one in found}
    assert all(names[name].encrypted for name in ("token", "factory", "vfs"))
    assert not names["nvs"].encrypted  # it has keys of its own
    assert names["nvs"].size >= 3 * SECTOR
    assert names["token"].size >= SECTOR
    by_flash = "NVS_SEC_KEY_PROTECT_USING_FLASH_ENC" in options(board)
    assert ("nvs_keys" in names) == by_flash
    assert not by_flash or names["nvs_keys"].encrypted


@pytest.mark.parametrize("board", BOARDS)
def test_the_options_are_those_of_the_fuses(board):
    said = options(board)
    fuses = {step.fuse for step in plan(board).steps}
    wanted = set().union(*(OPTIONS[fuse] for fuse in fuses & set(OPTIONS)))
    if "BLOCK_KEY1" in fuses:
        wanted.add("NVS_SEC_HMAC_EFUSE_KEY_ID")
        assert said["NVS_SEC_HMAC_EFUSE_KEY_ID"] == "1"
        (purpose,) = [step.value for step in plan(board).steps if step.name.startswith("burn KEY_PURPOSE_1")]
        assert purpose == "HMAC_UP"
    else:
        wanted |= {"NVS_ENCRYPTION", "NVS_SEC_KEY_PROTECT_USING_FLASH_ENC"}
    purposes = [step.value for step in plan(board).steps]
    assert plan(board).xts == ("XTS_AES_128_KEY" in purposes)
    if board == "esp32_s3":  # the one chip that could have a longer key
        wanted.add("SECURE_FLASH_ENCRYPTION_AES128")
    assert {name for name in said if not name.startswith(NOT_OF_FUSES)} == wanted
    assert all(said[name] == "y" for name in wanted if not name.endswith("KEY_ID"))
    assert int(said["PARTITION_TABLE_OFFSET"], 0) == TABLE_OFFSET
    assert (folder(board) / said["PARTITION_TABLE_CUSTOM_FILENAME"].strip('"')).is_file()
    newest = {"esp32": ("ESP32_REV_MIN_3", 300), "esp32_c3": ("ESP32C3_REV_MIN_3", 3)}.get(board)
    assert {name for name in said if "REV_MIN" in name} == ({newest[0]} if newest else set())
    assert newest is None or newest[1] == plan(board).least_revision


class Frozen:
    """Runs a manifest as MicroPython's build does, and notes what it freezes. Paths with $( are the build's own."""

    def __init__(self):
        self.modules, self.outside = {}, set()

    def run(self, path):
        here = path.parent

        def resolve(name, base_path="."):
            return None if "$(" in base_path else (here / base_path / name).resolve()

        def module(name, base_path="."):
            found = resolve(name, base_path)
            if found is None:
                self.outside.add(name.removesuffix(".py"))
                return
            assert found.is_file(), f"{path}: {name} is not there"
            self.modules[name.removesuffix(".py")] = found

        def package(name, base_path="."):
            found = resolve(name, base_path)
            assert found.is_dir(), f"{path}: {name} is not there"
            for one in found.rglob("*.py"):
                self.modules[".".join(one.relative_to(found.parent).with_suffix("").parts)] = one

        def include(name):
            if "$(" in name:
                self.outside.add(Path(name).name)
                assert "boards/manifest.py" not in name, "the port's own brings its _boot.py and its prompt"
            else:
                self.run((here / name).resolve())

        space = {"module": module, "package": package, "include": include, "require": self.outside.add}
        exec(compile(path.read_text(), path, "exec"), space)
        return self


BUILT_IN = {
    *("binascii errno esp esp32 gc hashlib io machine math micropython network".split()),
    *("os select socket struct sys time vfs".split()),
}


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_frozen_is_there_and_complete(board):
    frozen = Frozen().run(folder(board) / "manifest.py")
    assert {"_boot", "boot", "main", "loader", "board", "wiring", "keystore.sealed"} <= set(frozen.modules)
    assert frozen.modules["board"] == ROOT / "boards" / board / "board.py"
    assert frozen.outside == {"espnow", "asyncio", "ssl"}
    known = {name.split(".")[0] for name in frozen.modules} | frozen.outside | BUILT_IN
    start, seen, missing = ["_boot", "main"], set(), set()
    while start:  # what the image can reach from its first code
        name = start.pop()
        for one in ast.walk(ast.parse(frozen.modules[name].read_text())):
            if isinstance(one, ast.Import):
                wanted = [alias.name for alias in one.names]
            elif isinstance(one, ast.ImportFrom) and not one.level:
                wanted = [one.module, *(f"{one.module}.{alias.name}" for alias in one.names)]
            else:
                continue
            for target in wanted:
                if target.split(".")[0] not in known:
                    missing.add((name, target))
                if target in frozen.modules and target not in seen:
                    seen.add(target)
                    start.append(target)
    typing_only = {(name, target) for name, target in missing if target.split(".")[0] in ("typing", "__future__")}
    assert missing - typing_only == set()


def test_the_first_code_gives_no_prompt():
    source = (folder("esp32") / "_boot.py").read_text()
    body = ast.parse(source).body
    assert ast.unparse(body[1]) == "import micropython"
    assert ast.unparse(body[2]) == "micropython.kbd_intr(-1)"
    assert ast.unparse(body[-1]) == "machine.reset()"
    guarded = body[-3]
    assert isinstance(guarded, ast.Try)
    assert [ast.unparse(one.type) for one in guarded.handlers] == ["BaseException"]


@pytest.mark.parametrize("board", BOARDS)
def test_what_never_ran_is_said_and_no_compiler_is_built(board):
    text = (folder(board) / "README.md").read_text()
    assert "ever been built" in text.split("##")[0]
    assert "no fuse of a real chip" in text
    header = (folder(board) / "mpconfigboard.h").read_text()
    assert re.search(r"^#define MICROPY_ENABLE_COMPILER \(0\)", header, re.MULTILINE)
