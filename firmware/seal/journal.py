"""The journal: named records on flash that survive a power cut at any write. Names: see `records`.

Reserve, sign, send: the journal stores a number or an amount before the signature over it leaves. A record file is

    "SJ1" | generation u32 | length u16 | payload (CBOR) | CRC-32 over name and all before it

`Store.write` replaces the whole file, so a cut leaves the old or the new one. A record that fails its check is
therefore damage, not a cut: StateDamaged, and the device stays locked. The record `index` lists the records: `put`
writes it after a new record, `remove` before the removal. `load` deletes a file outside the index:
that record was never released.
"""

import struct

from . import cbor
from .compat import crc32
from .errors import SealError, StateDamaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Item, Store

_MAGIC = b"SJ1"
_PREFIX = "j-"
_INDEX = "index"


def pack(name: str, generation: int, value: "Item") -> bytearray:
    """The bytes of a record. In one piece of heap: a channel's is over 1 KB, and a heap in use has few so long."""
    data = bytearray(_MAGIC + struct.pack(">IH", generation, 0))
    cbor.encode_to(data, value)
    data[7:9] = struct.pack(">H", len(data) - 9)
    data.extend(struct.pack(">I", crc32(data, crc32(name.encode()))))
    return data


def unpack(name: str, data: bytes | None) -> "tuple[int, Item]":
    """(generation, value) of a record's bytes. Raises StateDamaged."""
    if data is None:
        raise StateDamaged("record %s is missing" % name)
    body = memoryview(data)[:-4]
    if len(data) < 13 or data[:3] != _MAGIC or struct.pack(">I", crc32(body, crc32(name.encode()))) != data[-4:]:
        raise StateDamaged("record %s is damaged" % name)
    generation, length = struct.unpack(">IH", data[3:9])
    if length != len(body) - 9:
        raise StateDamaged("record %s is damaged" % name)
    try:
        return generation, cbor.decode(bytes(body[9:]))
    except SealError:
        raise StateDamaged("record %s is damaged" % name)


class Journal:
    """Named records on a Store, cached in RAM.

    Call `format` once on a blank device. `load` accepts a whole journal or a blank store, nothing else. Until one of
    them has ended well nothing is written: an index of the records read so far would give up all others.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._records = {}
        self._generations = {}
        self._is_whole = False

    def load(self) -> bool:
        """Read every record. Returns False on a blank store. Raises StateDamaged."""
        files = [name for name in self._store.names() if name.startswith(_PREFIX)]
        if not files:
            return False
        self._is_whole = False
        self._records = {}
        for name in self._read(_INDEX):
            self._records[name] = self._read(name)
        for file in files:
            name = file[len(_PREFIX) :]
            if name != _INDEX and name not in self._records:
                self._store.remove(file)
        self._is_whole = True
        return True

    def _read(self, name: str) -> "Item":
        self._generations[name], value = unpack(name, self._store.read(_PREFIX + name))
        return value

    def check(self) -> None:
        """Read every record from flash again. Raises StateDamaged unless each is as it was last put."""
        for name, value in self._records.items():
            if unpack(name, self._store.read(_PREFIX + name)) != (self._generations[name], value):
                raise StateDamaged("record %s is another than was written" % name)

    def format(self) -> None:
        """Create a journal on a blank store."""
        self._write(_INDEX, [])
        self._is_whole = True

    def _write(self, name: str, value: "Item") -> None:
        generation = self._generations.get(name, 0) + 1
        self._store.write(_PREFIX + name, pack(name, generation, value))
        self._generations[name] = generation

    def get(self, name: str, default: "Item" = None) -> "Item":
        """The record's value, as of the last `put`. Do not change it: change a copy and `put` that."""
        return self._records.get(name, default)

    def put(self, name: str, value: "Item") -> None:
        """Create or replace a record; on return the record is on flash. Raises StorageFull and keeps the old record,
        StateDamaged where the journal was not loaded whole."""
        if not self._is_whole:
            raise StateDamaged("the journal is not loaded")
        exists = name in self._records
        self._write(name, value)
        if not exists:
            self._write(_INDEX, sorted(list(self._records) + [name]))
        self._records[name] = value

    def remove(self, name: str) -> None:
        """Remove a record. Idempotent. Raises StateDamaged where the journal was not loaded whole."""
        if not self._is_whole:
            raise StateDamaged("the journal is not loaded")
        if name in self._records:
            self._write(_INDEX, sorted(other for other in self._records if other != name))
            del self._records[name]
            self._store.remove(_PREFIX + name)

    def names(self, prefix: str = "") -> list[str]:
        """The names of the records that begin with `prefix`, sorted."""
        return sorted(name for name in self._records if name.startswith(prefix))

    def generation(self, name: str) -> int:
        """Number of writes of the record so far."""
        return self._generations.get(name, 0)
