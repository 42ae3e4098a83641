"""What a hub noticed of its devices: when each was seen, what it said of itself, what went wrong, what it offers.

Written by `intake` and `watching`, read by the page. Limits: of faults the newest MOST_FAULTS are kept, and MOST_OF_ONE
of a device, so that a device that fails all day hides no other; of devices as many as were certified here.
"""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from .fleet_tables import FleetFile

BROKER, URL, BUNDLE = "broker", "url", "bundle"  # how a device was seen
MOST_FAULTS: Final = 10_000
MOST_OF_ONE: Final = 200
PATIENCE: Final = 10.0  # seconds
_LONGEST_TEXT: Final = 500
_LONGEST_INFO: Final = 16_384
_TRIM_EVERY: Final = 100  # faults


class Seen(NamedTuple):
    """A device as it was seen last. device: its id in hex; seen: unix seconds; how: BROKER, URL or BUNDLE; info: its
    last answer to `info`, or None."""

    device: str
    seen: int
    how: str
    info: dict[str, Any] | None


class FaultSeen(NamedTuple):
    """What went wrong. at: unix seconds; device: its id in hex, or "" where it is nobody's."""

    at: int
    device: str
    code: str
    text: str


class Fleet:
    """The file at `path`. write: make it where it is missing. Every method may raise a FleetError."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        self._file = FleetFile.open(path, write=write, patience=PATIENCE)
        self._since_trim = 0

    def note_seen(self, seen: Mapping[bytes, str], infos: Mapping[bytes, dict[str, Any]] | None = None) -> None:
        """These devices (ids) were seen now, each in its way; infos: what some of them said of themselves."""
        at, said = int(time.time()), infos or {}
        rows = [(one.hex(), at, how, _text_of(said.get(one))) for one, how in seen.items()]
        with self._file.writing():
            self._file.run_many(
                "INSERT INTO devices (device, seen, how, info) VALUES (?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET "
                "seen = excluded.seen, how = excluded.how, info = coalesce(excluded.info, devices.info)",
                rows,
            )

    def note_fault(self, device: bytes | None, code: str, text: str) -> None:
        """Something went wrong with this device (id), or with None. What is no Unicode, such as the name of a file that
        somebody dropped, is kept with marks in its place."""
        who = "" if device is None else device.hex()
        text = text.encode(errors="replace").decode()
        with self._file.writing():
            row = (int(time.time()), who, code[:64], text[:_LONGEST_TEXT])
            self._file.run("INSERT INTO faults (at, device, code, text) VALUES (?, ?, ?, ?)", row)
            older = "SELECT rowid FROM faults WHERE device = ? ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?"
            self._file.run(f"DELETE FROM faults WHERE rowid IN ({older})", (who, MOST_OF_ONE))
            self._since_trim += 1
            if self._since_trim >= _TRIM_EVERY:
                self._since_trim = 0
                older = "SELECT rowid FROM faults ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?"
                self._file.run(f"DELETE FROM faults WHERE rowid IN ({older})", (MOST_FAULTS,))

    def note_verdicts(self, counts: Mapping[str, int]) -> None:
        """So many more verdicts of each code were given."""
        rows = sorted(counts.items())
        with self._file.writing():
            self._file.run_many(
                "INSERT INTO verdicts (code, count) VALUES (?, ?) ON CONFLICT (code) DO UPDATE SET "
                "count = count + excluded.count",
                rows,
            )

    def note_offer(self, device: bytes, at: int, offer: bytes) -> None:
        """This device (id) offered this, a message as received, at that time (unix seconds). An older one than the one
        that is kept changes nothing."""
        with self._file.writing():
            self._file.run(
                "INSERT INTO offers (device, at, offer) VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET "
                "at = excluded.at, offer = excluded.offer WHERE excluded.at >= offers.at",
                (device.hex(), min(at, int(time.time())), offer),  # one from the future would be the last for ever
            )

    def devices(self) -> Iterator[Seen]:
        """Every device that was seen, the latest first."""
        for device, seen, how, info in self._file.rows(
            "SELECT device, seen, how, info FROM devices ORDER BY seen DESC"
        ):
            yield Seen(str(device), _int(seen), str(how), None if info is None else json.loads(str(info)))

    def seen(self) -> Iterator[tuple[str, int]]:
        """When each device (id in hex) was seen last, in unix seconds."""
        for device, seen in self._file.rows("SELECT device, seen FROM devices"):
            yield str(device), _int(seen)

    def faults(self, device: bytes | None = None, most: int = 100) -> Iterator[FaultSeen]:
        """What went wrong, the latest first: of this device (id), or of all."""
        query, order = "SELECT at, device, code, text FROM faults", "ORDER BY at DESC, rowid DESC LIMIT ?"
        if device is None:
            rows = self._file.rows(f"{query} {order}", (most,))
        else:
            rows = self._file.rows(f"{query} WHERE device = ? {order}", (device.hex(), most))
        for at, who, code, text in rows:
            yield FaultSeen(_int(at), str(who), str(code), str(text))

    def faults_after(self, row: int, most: int) -> Iterator[tuple[int, FaultSeen]]:
        """What went wrong after a row, with the number of its own, the first so many."""
        query = "SELECT rowid, at, device, code, text FROM faults WHERE rowid > ? ORDER BY rowid LIMIT ?"
        for number, at, who, code, text in self._file.rows(query, (row, most)):
            yield _int(number), FaultSeen(_int(at), str(who), str(code), str(text))

    def last_row(self) -> int:
        """The number of the last fault; 0 where there is none."""
        ((row,),) = self._file.rows("SELECT coalesce(max(rowid), 0) FROM faults")
        return _int(row)

    def verdicts(self) -> dict[str, int]:
        """How many verdicts of each code were given."""
        return {str(code): _int(count) for code, count in self._file.rows("SELECT code, count FROM verdicts")}

    def offers(self) -> Iterator[tuple[str, int, bytes]]:
        """The last offer of each device: its id in hex, unix seconds, the message as received. The latest first."""
        for device, at, offer in self._file.rows("SELECT device, at, offer FROM offers ORDER BY at DESC"):
            yield str(device), _int(at), offer if isinstance(offer, bytes) else b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _text_of(info: dict[str, Any] | None) -> str | None:
    if info is None:
        return None
    text = json.dumps(info, default=lambda value: value.hex() if isinstance(value, bytes) else str(value))
    return text if len(text) <= _LONGEST_INFO else None


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
