"""A home in one file, and a home made of it again, without what must not come back.

A backup is of one moment. A home that is restored from it must never sign again what the old one has signed since:

    command numbers   begin anew at the restore's unix time, above every number the old home has used
    update.hss        has only one-time keys that were set aside for this, and comes back only where that is wished for
    ledger.db         is as old as the backup: bundles since then are to be settled again, which pays nothing twice
    readings.db       is copied while others write to it, as the ledger is
    hub/              has its spool, before the ledger is copied, and its broker's accounts,
                      what alerts it gives, its cluster; the rest is made anew, and the servers keep their streams
    boards/           is left out: an emulated board that is put back would promise again what it has promised
    web/              is left out: a token that was revoked, or a browser that was signed out, would be good again
    config.toml       is set aside where it names a ledger's file: that would be the old home's
    ledger.head       comes along where the ledger is on a server: so does the line of config.toml that names it

The file is encrypted with a passphrase where there is one, see `ciphered`. Whose update key it brought back is noted in
a file beside it, so that the same command does not do so twice.

Limits: a copy of the file elsewhere is not marked. Nothing here can know what the old home did after the backup,
revocations and factory records among it.
"""

import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from . import archive
from .bench.updates import HssKey
from .bench.updates import hss as update_key
from .errors import Malformed, Usage
from .files import is_stream, output, sync_folder, write_whole
from .home import Home, config, passphrase_of_environment
from .ledger import Head, check_copy, copy_ledger
from .readings.copying import copy_readings
from .taken_along import HEAD, LEDGER, READINGS, plain_files

KIND: Final = "sealwright home"
SET_ASIDE: Final = f"{config.NAME}.old"
TAKEN: Final = ".key-taken"  # what a backup's name gets in the file that notes it
_MOST_IN_MEMORY: Final = 1024 * 1024  # bytes of one file


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: `head` of the ledger, None where the home has none; `made_at` unix seconds; `size` bytes;
    `update_key`: whether there is one in it; `encrypted`: whether the file is; `set_aside`: whether its config.toml
    was, at the restore; `on_server`: whether its ledger is on a server and not in it."""

    network: str
    made_at: int
    files: int
    size: int
    head: Head | None
    update_key: bool
    encrypted: bool
    set_aside: bool = False
    on_server: bool = False


def back_up(home: Home, path: Path, passphrase: bytes | None = None) -> Backup:
    """Write the home into one file, which only its owner may read, and check it.

    passphrase: encrypts the file, else $SEALWRIGHT_PASSPHRASE does, which must open the home's keys; without one it is
    not encrypted. Raises Usage, LedgerError, ReadingsError, BadKeyFile.
    """
    if passphrase is None and (passphrase := passphrase_of_environment()):
        home.key("owner")  # a slip in it would make a backup that nobody opens
    if path.resolve().is_relative_to(home.folder):
        raise Usage(f"{path} is in the home itself", remedy="Name a file elsewhere, best on another disk.")
    folder = Path(mkdtemp(prefix=".backup-", dir=home.folder))  # as secret as the home, and on a disk with its room
    try:
        place = home.ledger_place  # the config may put it elsewhere in the home
        ledger = (place if isinstance(place, Path) else home.folder / LEDGER).resolve()
        theirs = {ledger.with_name(f"{ledger.name}{end}") for end in ("", "-wal", "-shm", "-journal")}
        plain = ((name, _steady(one, folder)) for name, one in plain_files(home.folder) if one not in theirs)
        files = {name: kept for name, kept in plain if kept is not None}
        head = None
        if isinstance(place, Path) and place.exists():  # one on a server has backups of its own
            copy = folder / LEDGER
            copy.touch(0o600)
            head = copy_ledger(place, copy)
            files |= {LEDGER: copy, HEAD: f"{head}\n".encode()}
        if not isinstance(place, Path) and home.ledger_head_path.exists():
            files[HEAD] = home.ledger_head_path.read_bytes()
        if home.readings_path.exists():
            (folder / READINGS).touch(0o600)
            copy_readings(home.readings_path, folder / READINGS)
            files[READINGS] = folder / READINGS
        key = HssKey.find(home.folder)
        if key is not None:
            files[update_key.FILE] = key.set_aside()
        made_at = int(time.time())
        about = {"kind": KIND, "network": home.network, "made_at": made_at, "head": str(head) if head else None}
        with output(path, private=True) as out:
            size = archive.write_archive(out, about, files, passphrase)
        if not is_stream(path):
            archive.read_about(path, passphrase)
        return Backup(home.network, made_at, len(files), size, head, key is not None, passphrase is not None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _steady(path: Path, folder: Path) -> bytes | Path | None:
    """What is in a file now, read once: other commands may write it before the backup is done. None where it has gone,
    as a hub's segment that was settled meanwhile."""
    with suppress(FileNotFoundError):
        if path.stat().st_size <= _MOST_IN_MEMORY:
            return path.read_bytes()
        copy = folder / f"{os.urandom(8).hex()}"
        shutil.copyfile(path, copy)
        return copy
    return None


def restore(
    path: Path,
    folder: Path,
    *,
    with_update_key: bool,
    anchor: Head | None = None,
    passphrase: bytes | None = None,
) -> Backup:
    """Make the home `folder` of a backup, whole or not at all.

    with_update_key: take the update key's numbers that were set aside; right once, for one backup of a home that is
    gone. anchor: a row that the ledger must have. passphrase: what the file is encrypted with, else what
    $SEALWRIGHT_PASSPHRASE says. Raises Usage, Malformed, LedgerError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        remedy = "Name a folder that does not exist yet: nothing is put over a home."
        raise Usage(f"{folder} is there already", remedy=remedy, code="home_exists")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700, as a home's
        try:
            about = archive.unpack(path, draft, passphrase or passphrase_of_environment())
            if passphrase is not None and not about["encrypted"]:
                remedy = "Is it the file that you made? If so, leave --passphrase-file out."
                raise Usage(f"{path} is not encrypted", remedy=remedy, code="not_encrypted")
            made = _restore(path, about, draft, with_update_key, anchor)
            if made.update_key and with_update_key:
                _note_taken(path, folder)
            draft.replace(folder)
            sync_folder(folder.parent)
            return made
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise Usage(f"cannot make the home {folder}: {error.strerror}", remedy="Check the path and space.") from error


def _note_taken(path: Path, folder: Path) -> None:
    """Note beside the backup that its update key was taken, or refuse: two homes would use one-time keys twice."""
    if not path.is_file():
        raise Usage(f"{path} is no plain file", remedy="With --update-key, give the file itself.", code="no_file")
    note = path.with_name(path.name + TAKEN)
    try:
        with note.open("x", encoding="utf-8") as file:
            file.write(f"The update key of this backup is in {folder} since {int(time.time())}.\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        remedy = f"Restore without --update-key. If that home was never used, remove {note} and begin again."
        raise Usage(f"the update key of {path} was taken before", remedy=remedy, code="update_key_taken") from error
    except OSError as error:
        remedy = "Copy the backup to where a file can be written beside it."
        raise Usage(f"cannot write {note}: {error.strerror}", remedy=remedy) from error


def _restore(path: Path, about: dict[str, Any], draft: Path, with_update_key: bool, anchor: Head | None) -> Backup:
    if about.get("kind") != KIND:
        raise Usage(f"{path} is no backup of a home", remedy="Give what `sealwright home backup` wrote.")
    head = _check_ledger(draft, about, anchor)
    home = Home.open(draft)
    has_ledger = (draft / LEDGER).exists()
    set_aside = isinstance(home.config.ledger, Path) or (has_ledger and home.config.ledger is not None)
    on_server = not has_ledger and (isinstance(home.config.ledger, str) or (draft / HEAD).exists())
    if set_aside:
        (draft / config.NAME).replace(draft / SET_ASIDE)
    for name in ("devices", "boards"):
        (draft / name).mkdir(exist_ok=True)
    now = int(time.time())
    for entry in (draft / "devices").glob("*.json"):
        _raise_number(entry, now)
    has_key = (draft / update_key.FILE).exists()
    if not with_update_key:
        (draft / update_key.FILE).unlink(missing_ok=True)
    files = [one for one in draft.rglob("*") if one.is_file()]
    for one in files:
        _sync(one)
    for place in {one.parent for one in files}:
        sync_folder(place)
    size = sum(one.stat().st_size for one in files)
    made_at, encrypted = int(about.get("made_at", 0)), bool(about["encrypted"])
    return Backup(home.network, made_at, len(files), size, head, has_key, encrypted, set_aside, on_server)


def _check_ledger(draft: Path, about: dict[str, Any], anchor: Head | None) -> Head | None:
    if not (draft / LEDGER).exists():
        if anchor is not None:
            raise Usage("the backup has no ledger", remedy="Take the backup that has it, or leave out --anchor.")
        return None
    noted = Head.parse((draft / HEAD).read_text("ascii"))
    return check_copy(draft / LEDGER, [noted, *([anchor] if anchor else [])])


def _raise_number(entry: Path, now: int) -> None:
    """Nobody has signed a command a second since 1970: the time is above every number that was used."""
    try:
        values = json.loads(entry.read_text())
        values["commands"] = max(int(values.get("commands", 0)), now)
    except (ValueError, TypeError, AttributeError) as error:
        remedy = "Take another backup; nothing was made of this one."
        raise Malformed(f"the backup's {entry.name} is no entry of a register", remedy=remedy) from error
    write_whole(entry, json.dumps(values, indent=1).encode())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
