"""The ESP32's non-volatile storage as a model: the interface of `esp32.NVS`, kept in a file.

ESP-IDF's "Non-Volatile Storage Library" is the source: a partition of pages of 126 entries of 32 bytes, one page always
kept free; an integer takes one entry, a blob one for its index, one for its header and its bytes. A replaced or erased
item keeps its entries until a page is reclaimed. At start, MicroPython's port erases the whole partition when
it finds no free page (`boardctrl_startup`), which an interrupted reclaim or another program's use can leave.

Errors are OSError with ESP-IDF's code, negative, and its name, as `check_esp_err` raises them. Changes are on flash
with `commit`, which replaces the file: old or new at every cut.

Limits: entries are counted, their places are not modelled; reclaiming is instant. Integers of other widths and
strings, which `esp32.NVS` does not offer, do not exist here.
"""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGES = 6  # 24 KB, the default partition
ENTRIES = 126

_NOT_FOUND = (-0x1102, "ESP_ERR_NVS_NOT_FOUND")
_TYPE_MISMATCH = (-0x1103, "ESP_ERR_NVS_TYPE_MISMATCH")
_NO_SPACE = (-0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")
_INVALID_NAME = (-0x1106, "ESP_ERR_NVS_INVALID_NAME")
_KEY_TOO_LONG = (-0x1109, "ESP_ERR_NVS_KEY_TOO_LONG")
_INVALID_LENGTH = (-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
_LONGEST_NAME = 15


class Partition:
    """The partition in the file `path`, at power-on; a new one where there is no file. Raises OSError, ValueError."""

    def __init__(self, path: str, pages: int = PAGES) -> None:
        self._path = path
        self._room = (pages - 1) * ENTRIES
        self.items: "dict[str, tuple[str, Any]]" = {}
        self.used = 0
        self.load()

    def load(self) -> None:
        """Start: load the committed items, or erase all if no page is free."""
        self.items, self.used = {}, 0
        try:
            with open(self._path) as file:
                content = json.loads(file.read())
        except OSError as error:
            if error.args[0] != 2:  # ENOENT
                raise
            return
        if content["used"] > self._room:
            self.save()
            return
        self.used = content["used"]
        for key, (kind, value) in content["items"].items():
            self.items[key] = kind, bytes.fromhex(value) if kind == "blob" else value

    def save(self) -> None:
        """Write all items to flash."""
        items = {}
        for key, (kind, value) in self.items.items():
            items[key] = [kind, _hex(value) if kind == "blob" else value]
        with open(self._path + ".new", "w") as file:
            file.write(json.dumps({"used": self.used, "items": items}))
        os.rename(self._path + ".new", self._path)

    def put(self, key: str, kind: str, value: "Any") -> None:
        """Write a new entry for `key`. Raises OSError when all pages but the free one are full of live entries."""
        size = 1 if kind == "i32" else 2 + -(-len(value) // 32)
        if self.used + size > self._room:
            self.used = sum(1 if old == "i32" else 2 + -(-len(data) // 32) for old, data in self.items.values())
            if self.used + size > self._room:
                raise OSError(*_NO_SPACE)
        self.used += size
        self.items[key] = kind, value


class NVS:
    """The namespace `name` of `partition`: as `esp32.NVS(name)` on a board."""

    def __init__(self, partition: Partition, name: str) -> None:
        _check(name, _INVALID_NAME)
        self._partition = partition
        self._prefix = name + "/"

    def set_i32(self, key: str, value: int) -> None:
        """Keep an integer. Raises OSError."""
        if not -(1 << 31) <= value < 1 << 31:
            raise OverflowError("an i32 has 32 bits")
        self._set(key, "i32", value)

    def get_i32(self, key: str) -> int:
        """The integer. Raises OSError when there is none, or a blob."""
        return self._get(key, "i32")

    def set_blob(self, key: str, value: bytes) -> None:
        """Keep bytes. Raises OSError."""
        self._set(key, "blob", bytes(value))

    def get_blob(self, key: str, buffer: bytearray) -> int:
        """Put the bytes into `buffer`; returns how many. Raises OSError when there are none, or more."""
        value = self._get(key, "blob")
        if len(value) > len(buffer):
            raise OSError(*_INVALID_LENGTH)
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key: str) -> None:
        """Erase the item. Raises OSError when there is none."""
        self._get(key, None)
        del self._partition.items[self._prefix + key]

    def commit(self) -> None:
        """Write the changes to flash."""
        self._partition.save()

    def _set(self, key: str, kind: str, value: "Any") -> None:
        _check(key, _KEY_TOO_LONG)
        self._partition.put(self._prefix + key, kind, value)

    def _get(self, key: str, kind: str | None) -> "Any":
        _check(key, _KEY_TOO_LONG)
        if self._prefix + key not in self._partition.items:
            raise OSError(*_NOT_FOUND)
        found, value = self._partition.items[self._prefix + key]
        if kind not in (None, found):
            raise OSError(*_TYPE_MISMATCH)
        return value


def _check(name: str, error: tuple[int, str]) -> None:
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise OSError(*error)


def _hex(data: bytes) -> str:
    return "".join("%02x" % byte for byte in data)
