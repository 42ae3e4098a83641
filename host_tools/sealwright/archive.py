"""Files with their digests in one tar: what a backup of a home is.

The first member, `index.json`, names every other one with its size and SHA-256. A reader believes nothing else: a
member that is no plain file, that the index does not name, or that has another content ends the reading.

With a passphrase the whole tar is encrypted, see `ciphered`; without one it is as secret as what is in it.

Limits: it is not signed: who has the passphrase, or an archive without one, can change all of it.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from . import ciphered
from .errors import Malformed, Usage

INDEX: Final = "index.json"
_FORMAT: Final = 1
_MOST_INDEX: Final = 64 * 1024 * 1024  # bytes: some 500,000 files
_NAME: Final = re.compile(r"[^/\\:\0.][^/\\\0]{0,254}(/[^/\\\0.][^/\\\0]{0,254}){0,3}")  # no "..", no hidden file
_PIECE: Final = 1024 * 1024


def write_archive(
    out: BinaryIO, about: Mapping[str, Any], files: Mapping[str, bytes | Path], passphrase: bytes | None = None
) -> int:
    """Write files under these names, and return how many bytes they have. about: what JSON can say of them.
    passphrase: encrypts all. Raises OSError, and Usage for a name that no archive has."""
    total = 0
    listed: dict[str, tuple[int, str]] = {}
    for name, content in files.items():
        if not _NAME.fullmatch(name):
            raise Usage(f"{name!r} cannot go into an archive", remedy="Rename it, or move it out of the home.")
        digest, size = hashlib.sha256(), 0
        with _opened(content) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        listed[name] = size, digest.hexdigest()
        total += size
    index = json.dumps({"format": _FORMAT, "about": dict(about), "files": listed}, indent=1).encode()
    cipher = ciphered.Writer(out, passphrase) if passphrase else None
    into: Any = cipher or out
    with tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, INDEX, len(index), io.BytesIO(index))
        for name, content in files.items():
            with _opened(content) as file:
                _add(tar, name, listed[name][0], file)
    if cipher is not None:
        cipher.finish()
    return total


def read_about(path: Path, passphrase: bytes | None = None) -> dict[str, Any]:
    """What an archive says of itself, after all of it was checked, and "encrypted", whether it is. Raises Usage,
    Malformed."""
    about: dict[str, Any] = {}
    for name, content in _members(path, passphrase):
        about = content if name == INDEX else about
        if name != INDEX:
            _drain(content)
    return about


def unpack(path: Path, folder: Path, passphrase: bytes | None = None) -> dict[str, Any]:
    """Write an archive's files into an empty folder, each for its owner alone, and return what `read_about` does. What
    is there when it raises is not whole. Raises Usage, Malformed, OSError."""
    about: dict[str, Any] = {}
    for name, content in _members(path, passphrase):
        if name == INDEX:
            about = content
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            target.chmod(0o600)
            for piece in content:
                file.write(piece)
    return about


def _members(path: Path, passphrase: bytes | None) -> Iterator[tuple[str, Any]]:
    """(INDEX, about), then (name, pieces) of each file; the pieces must be taken before the next file. Raises Usage,
    Malformed."""
    try:
        with path.open("rb") as file:
            is_encrypted = file.peek(len(ciphered.MAGIC)).startswith(ciphered.MAGIC)
            source: Any = ciphered.Reader(file, passphrase) if is_encrypted else file
            with tarfile.open(fileobj=source, mode="r|") as tar:
                about, listed = _read_index(path, tar)
                yield INDEX, about | {"encrypted": is_encrypted}
                while (member := tar.next()) is not None:
                    expected = listed.pop(member.name, None)
                    content = tar.extractfile(member) if member.isreg() else None
                    if expected is None or content is None or member.size != expected[0]:
                        raise _damaged(path, f"{member.name!r} is not what its index names")
                    yield member.name, _checked(path, member.name, content, expected[1])
                if listed:
                    raise _damaged(path, f"{len(listed)} files are missing, such as {min(listed)!r}")
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror or error}", remedy="Check the path.") from error
    except (tarfile.TarError, EOFError, ciphered.Damaged) as error:
        raise _damaged(path, str(error)) from error


def _read_index(path: Path, tar: tarfile.TarFile) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.isreg() and first.name == INDEX else None
    if first is None or content is None or first.size > _MOST_INDEX:
        raise _damaged(path, "it does not begin with an index")
    try:
        index = json.loads(content.read())
        listed = {str(name): [int(size), str(digest)] for name, (size, digest) in index["files"].items()}
        if index["format"] != _FORMAT or not all(map(_NAME.fullmatch, listed)) or INDEX in listed:
            raise ValueError("a format or names of another kind")
        return dict(index["about"]), listed
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"its index cannot be read: {error}") from error


def _checked(path: Path, name: str, content: IO[bytes], expected: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    while piece := _read(path, content):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != expected:
        raise _damaged(path, f"{name!r} was changed")


def _read(path: Path, content: IO[bytes]) -> bytes:
    try:
        return content.read(_PIECE)
    except (tarfile.TarError, OSError, ciphered.Damaged) as error:
        raise _damaged(path, str(error)) from error


def _drain(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def _damaged(path: Path, why: str) -> Malformed:
    remedy = "Transfer it again, or take another backup; nothing of this one was used."
    return Malformed(f"{path} is no whole backup: {why}", remedy=remedy, code="bad_backup")


@contextmanager
def _opened(content: bytes | Path) -> Iterator[IO[bytes]]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
        return
    with content.open("rb") as file:
        yield file


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, content)
