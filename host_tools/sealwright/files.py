"""Writing files: whole or not at all, and never in the place of what is no plain file.

`write_whole` is for this program's own files. `output` and `exclusive` are for every file that a user names: the
functions here are the only ones of the product that open such a file for writing.

Limits: programs exclude each other by flock, which Windows does not have.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import Usage

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_OF_HOME = (".key", ".pem", ".db", ".head", ".hss", "home.json")  # what no command writes for a user


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file, whole or not at all, also when the power goes. Raises OSError."""
    with _replaced(path, 0o666) as file:
        file.write(data)


@contextmanager
def output(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file that a user named, open for writing.

    A plain file is replaced when the block ends well, and stays as it was when it does not. A character device or a
    FIFO is written in place. private: the file is its owner's alone, whatever was there. Raises Usage for anything
    else, for a file that another command writes, and for what the system refuses in the block.
    """
    try:
        with ExitStack() as stack:
            if is_stream(path):
                yield stack.enter_context(open_stream(path))
                return
            stack.enter_context(exclusive(path))
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            yield stack.enter_context(_replaced(path, 0o600 if private else 0o666, keeps_mode=not private))
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_output(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file that a user named; see `output`. Raises Usage."""
    with output(path, private=private) as file:
        file.write(data)


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """The path of an empty draft, its owner's alone, for a file that a user named and that another library writes. It
    takes its place when the block ends well. Raises Usage, also for what is no plain file."""
    if is_stream(path):
        raise Usage(f"{path} is a device or a FIFO, which keeps nothing", remedy="Name a file.", code="no_file")
    draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    with exclusive(path):
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600))
            yield draft
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise _cannot_write(path, error) from error
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def held(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Hold a file that a user named, from reading it to replacing it; gives the function that replaces it, whole or not
    at all. Raises Usage, also for what is no plain file: nothing can be kept there."""
    if is_stream(path):
        raise Usage(f"{path} is a device or a FIFO, which keeps nothing", remedy="Name a file.", code="no_file")

    def replace(data: bytes) -> None:
        try:
            write_whole(path, data)
        except OSError as error:
            raise _cannot_write(path, error) from error

    with exclusive(path):
        yield replace


def is_stream(path: Path) -> bool:
    """Whether this output is written in place: a character device or a FIFO, also behind a link. Raises Usage for what
    is neither that nor a plain file nor a free name: replacing a link, a disk or a socket would destroy it."""
    try:
        mode = path.lstat().st_mode
        linked = stat.S_ISLNK(mode)
        mode = path.stat().st_mode if linked else mode
    except FileNotFoundError:
        if not path.is_symlink():
            return False
        linked, mode = True, 0
    except OSError as error:
        raise _cannot_write(path, error) from error
    except ValueError as error:  # a NUL, or what the file system's encoding does not have
        raise Usage(f"no file can be called {path.name!r}", remedy="Name another file.", code="no_file") from error
    if stat.S_ISCHR(mode) or stat.S_ISFIFO(mode):
        return True
    if linked:
        remedy = f"Name the file itself: {path.resolve()}"
        raise Usage(f"{path} is a link, which is neither replaced nor written through", remedy=remedy, code="no_file")
    if path.name.endswith(_OF_HOME) and (path.parent / "home.json").exists():
        remedy = "Name another file: nothing can make this one again."
        raise Usage(f"{path} is a file of a home", remedy=remedy, code="file_of_home")
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a disk" if stat.S_ISBLK(mode) else "no plain file"
        raise Usage(f"{path} is {what}", remedy="Name a file.", code="no_file")
    return False


def open_stream(path: Path, buffering: int = -1) -> BinaryIO:
    """Open what `is_stream` found. Raises OSError, and Usage where another file took its place."""
    handle = os.open(path, os.O_WRONLY | _BINARY)  # neither made nor cut off
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Usage(f"{path} has just become another file", remedy="Name a file that nobody else writes.")
    return os.fdopen(handle, "wb", buffering)


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold the name of a file: a second command that writes it is refused meanwhile, or with `wait` waits for its turn.
    Gives whether it had to wait. Raises Usage."""
    if fcntl is None:
        yield False
        return
    waited = False
    lock = path.with_name(f".{path.name}.lock")
    try:
        try:
            handle = _lock(lock, wait=False)
        except BlockingIOError:
            if not wait:
                raise
            handle, waited = _lock(lock, wait=True), True
        except PermissionError:  # a folder that takes no new names: then the file is continued in place, or not at all
            if not path.exists():
                raise
            handle = os.open(path, os.O_RDONLY | _NO_LINK)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        remedy = "Wait for it to end, or name another file."
        raise Usage(f"{path} is being written by another command", remedy=remedy, code="file_in_use") from error
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield waited
    finally:
        with suppress(OSError):
            lock.unlink(missing_ok=True)  # while it is held: who waits for it looks again
        os.close(handle)


def _lock(lock: Path, *, wait: bool) -> int:
    """The lock file, made and locked. Raises BlockingIOError where another program has it and `wait` is not set,
    OSError."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if os.path.samestat(os.fstat(handle), lock.lstat()):
                return handle
        except FileNotFoundError:
            pass  # its last holder has removed it just now
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


@contextmanager
def _replaced(path: Path, mode: int, *, keeps_mode: bool = True) -> Iterator[BinaryIO]:
    """A draft beside `path` that takes its place when the block ends well. mode: of a new file, before the umask.
    keeps_mode: an existing one keeps its own. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        # a name that nobody foresaw, and no link: in a shared folder another user may have put one there
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY, mode)
        with os.fdopen(handle, "wb") as file:
            if keeps_mode:
                _take_mode(path, file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _take_mode(path: Path, draft: BinaryIO) -> None:
    """Give a draft the mode of the plain file that it will replace, if there is one. Raises OSError."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if os.name == "posix" and stat.S_ISREG(found.st_mode):
            os.fchmod(draft.fileno(), stat.S_IMODE(found.st_mode))


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on disk. Raises OSError."""
    if os.name == "nt":  # folders cannot be opened there; NTFS journals its names
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(path: Path, error: OSError) -> Usage:
    full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    remedy = "Free some space." if full else "Check the path, its permissions and its disk."
    if isinstance(error, BrokenPipeError):
        remedy = "Start its reader first, and let it read to the end."
    code = "disk_full" if full else "system"
    return Usage(f"cannot write {path}: {error.strerror or error}", remedy=remedy, code=code)
