"""The register of devices: a file a device, and the one answer to which device a text means.

    devices/ID.json      name, URLs, model, state of its provisioning, groups

What is read is kept until the folder changes: to resolve every name of a fleet reads each file once.
"""

import json
import os
import re
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from ..errors import AmbiguousDevice, BadKey, UnknownDevice, Usage
from ..files import exclusive, write_whole
from ..wire.keys import PublicKey
from .entry import Registered, parse_entry
from .names import id_prefix, name_key, tidy_name
from .urls import aliases, split_broker, url_of

_RACY_NS: Final = 2_000_000_000  # a folder changed so lately may change again and show the same time
_TTY: Final = re.compile(r"(tty|cu\.)\w+")
_LISTED: Final = "`sealwright devices` lists this home's devices; give a name, 4 digits of an id, a did:key or a URL."
_WHICH: Final = "Name the one you mean by the beginning of its id."


class Register:
    """The entries in the folder `devices` of a home. boards: the folder of the home's emulated boards."""

    def __init__(self, folder: Path, boards: Path) -> None:
        self._folder, self._boards = folder, boards
        self._lock = threading.Lock()  # devices are collected from in threads
        self._seen: dict[str, tuple[tuple[int, int, int], Registered]] = {}
        self._stamp: int | None = None
        self._index = _Index(())

    def write(self, entry: Registered) -> None:
        """Write an entry, whole or not at all. Raises Usage for a name that it takes anew and that another device has,
        and where the disk refuses it."""
        known = self.find(bytes.fromhex(entry.device))
        kept = known is not None and known.active and name_key(known.name) == name_key(entry.name)
        if not entry.active or kept:
            self._write(entry)
            return
        with exclusive(self._folder / "names", wait=True):  # of two commands that take one name, one is the first
            self.check_name(entry.name, bytes.fromhex(entry.device))
            self._write(entry)

    def _write(self, entry: Registered) -> None:
        try:
            write_whole(self._folder / f"{entry.device}.json", json.dumps(asdict(entry), indent=1).encode())
        except OSError as error:
            raise Usage(f"cannot write the register: {error.strerror}", remedy="Free some space.") from error
        self._stamp = None

    def entries(self) -> Sequence[Registered]:
        """Every entry, by name. Raises Usage for a damaged one."""
        return self._read().entries

    def find(self, device: bytes) -> Registered | None:
        """The entry of a device id, as it is on disk now, or None. Raises Usage for a damaged one."""
        path = self._folder / f"{device.hex()}.json"
        return parse_entry(path) if path.exists() else None

    def at(self, url: str) -> Sequence[Registered]:
        """The active devices that the register has for a URL, or for another URL of the same emulated board: those that
        the owner named there, else those that were provisioned there. The latest comes last."""
        index = self._read()
        return index.named_at.get(url) or sorted(
            (one for known in aliases(self._boards, url) for one in index.made_at.get(known, ())),
            key=lambda one: one.registered_at,
        )

    def same_name(self, name: str) -> Sequence[Registered]:
        """The active devices with this name."""
        return self._read().by_name.get(name_key(name), ())

    def group(self, name: str) -> list[Registered]:
        """The active devices of a group; see `Home.group`."""
        key = name_key(name)
        found = [one for one in self.entries() if one.active and key in map(name_key, one.groups)]
        if not found:
            remedy = "`sealwright devices group` lists the groups; with a name and devices it makes one."
            raise Usage(f"no device is in a group {name!r}", remedy=remedy, code="unknown_group")
        return found

    def resolve(self, text: str) -> Registered:
        """The active device that `text` means: its name, 4 digits or more of its id, its did:key, its URL or port.

        Raises UnknownDevice, and AmbiguousDevice where several fit.
        """
        url = url_of(text)
        if url is not None and url.startswith("mqtts:"):
            text, url = split_broker(url)[1], None
        if not text:
            raise UnknownDevice("no device is named", remedy=f"A broker's URL ends with /NAME. {_LISTED}")
        found = self.at(url) if url is not None else self._named(text)
        if len(found) == 1:
            return found[0]
        if url is not None and not found:
            raise UnknownDevice(f"the register has no device at {url}", remedy=_LISTED)
        if found:
            names = [f"{one.name} ({one.device[:16]})" for one in found]
            raise AmbiguousDevice(f"{text!r} may be {' or '.join(names)}", remedy=_WHICH, candidates=names)
        raise self._unknown(text)

    def identify(self, text: str, *, retired: bool = False) -> bytes:
        """The id (32 bytes) that `text` means; see `Home.identify`."""
        identifier = exact_id(text)
        if identifier is not None:
            one = self.find(identifier)
            if one is not None and not one.active and not retired:
                raise self._unknown(identifier.hex())
            return identifier
        prefix = id_prefix(text)
        if retired and prefix is not None and len(prefix) >= 8:
            gone = [one for one in self.entries() if one.device.startswith(prefix)]
            if len(gone) == 1:
                return bytes.fromhex(gone[0].device)
        return bytes.fromhex(self.resolve(text).device)

    def check_name(self, name: str, device: bytes | None) -> str:
        """`name` as it is kept; see `Home.check_name`."""
        found = tidy_name(name)
        for one in self.same_name(found):
            if device is None or one.device != device.hex():
                remedy = f"Take another name; if that device is no more, `sealwright devices forget {one.device[:16]}`."
                raise Usage(f"another device is called {one.name}", remedy=remedy, code="name_taken")
        return found

    def labels(self) -> dict[bytes, str]:
        """Device id -> label; where devices of an old register share a name, it has the beginning of the id."""
        return dict(self._read().labels)

    def _named(self, text: str) -> Sequence[Registered]:
        identifier, index = exact_id(text), self._read()
        if identifier is not None:
            one = self.find(identifier)
            return [one] if one is not None and one.active else []
        found = {one.device: one for one in index.by_name.get(name_key(text), ())}
        prefix = id_prefix(text)
        if prefix is not None:
            found |= {one.device: one for one in index.begin_with(prefix)}
        return list(found.values())

    def retired(self, text: str) -> Sequence[Registered]:
        """The devices that are no more, and had this name or an id that begins so."""
        prefix, key = id_prefix(text), name_key(text)
        gone = [one for one in self.entries() if not one.active]
        return [one for one in gone if name_key(one.name) == key or (prefix and one.device.startswith(prefix))]

    def _unknown(self, text: str) -> UnknownDevice:
        gone = self.retired(text)
        if gone:
            remedy = "`sealwright devices adopt` brings it back if it still has its key."
            return UnknownDevice(f"no device is called {text!r} now: {gone[-1].label}", remedy=remedy, code="retired")
        by_name = self._read().by_name
        near = get_close_matches(name_key(text), by_name, n=1, cutoff=0.7)
        meant = by_name[near[0]][0].name if near else f"/dev/{text}" if _TTY.fullmatch(text) else None
        hint = f" Did you mean {meant}?" if meant else ""
        return UnknownDevice(f"no device is called {text!r}", remedy=f"{_LISTED}{hint}")

    def _read(self) -> "_Index":
        with self._lock:
            return self._read_alone()

    def _read_alone(self) -> "_Index":
        try:
            stamp = self._folder.stat().st_mtime_ns
            if stamp == self._stamp:
                return self._index
            self._stamp = stamp if time.time_ns() - stamp > _RACY_NS else None
            with os.scandir(self._folder) as files:
                seen = {one.name: self._look(one) for one in files if one.name.endswith(".json")}
        except FileNotFoundError:
            seen, self._stamp = {}, None
        except OSError as error:
            raise Usage(f"cannot read {self._folder}: {error.strerror}", remedy="Check its permissions.") from error
        if seen != self._seen:
            self._seen, self._index = seen, _Index(entry for _, entry in seen.values())
        return self._index

    def _look(self, file: os.DirEntry[str]) -> tuple[tuple[int, int, int], Registered]:
        about = file.stat()
        version = (about.st_ino, about.st_mtime_ns, about.st_size)
        known = self._seen.get(file.name)
        return known if known is not None and known[0] == version else (version, parse_entry(Path(file.path)))


class _Index:
    """What is looked up in the register."""

    def __init__(self, entries: Iterable[Registered]) -> None:
        self.entries = sorted(entries, key=lambda one: one.name)
        self.by_name: dict[str, list[Registered]] = {}
        self.named_at: dict[str, list[Registered]] = {}
        self.made_at: dict[str, list[Registered]] = {}
        active = [one for one in self.entries if one.active]
        for one in active:
            self.by_name.setdefault(name_key(one.name), []).append(one)
            self.made_at.setdefault(one.url, []).append(one)
            for url in set(one.urls):
                self.named_at.setdefault(url, []).append(one)
        twice = {one.device for same in self.by_name.values() if len(same) > 1 for one in same}
        self.labels = {
            bytes.fromhex(one.device): f"{one.name} ({one.device[:8]})" if one.device in twice else one.label
            for one in self.entries
        }
        self._active = sorted(active, key=lambda one: one.device)
        self._ids = [one.device for one in self._active]

    def begin_with(self, prefix: str) -> Iterator[Registered]:
        for one in self._active[bisect_left(self._ids, prefix) :]:
            if not one.device.startswith(prefix):
                return
            yield one


def exact_id(text: str) -> bytes | None:
    """The 32 bytes of a device id in hexadecimal or of a did:key; None for any other text. Raises UnknownDevice for a
    did:key that is none."""
    if text.startswith("did:key:"):
        try:
            return PublicKey.from_did(text).device_id
        except BadKey as error:
            raise UnknownDevice(f"{text!r}: {error}", remedy="Copy the did:key whole.") from error
    return bytes.fromhex(text) if len(text) == 64 and id_prefix(text) is not None else None
