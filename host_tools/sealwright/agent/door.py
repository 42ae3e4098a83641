"""The agent's socket, HOME/agent.sock: one JSON object a line in, one out, then the connection ends.

    {"ask": "act", "act": {"kind", ...}}  ->  {"ok": true, "id", "state", ...}
    {"ask": "look", "id"}    {"ask": "list"}    {"ask": "lock"}

Who may ask: processes of the user that the agent runs as, by the socket's mode (600) and by what the system says of the
other end (SO_PEERCRED). Nobody else, root neither. Limits: MOST_BYTES a request, SECONDS for it, one at a time; on
systems without SO_PEERCRED the mode alone.
"""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ..errors import SealwrightError, Usage, cause_of
from ..files import exclusive

NAME: Final = "agent.sock"
MOST_BYTES: Final = 4096
SECONDS: Final = 1.0
_BACKLOG: Final = 64  # connections that wait for their turn
_MOST_IGNORED: Final = 1 << 20  # bytes
_UCRED: Final = struct.Struct("3i")  # pid, uid, gid
_LONGEST_WHO: Final = 80

# gets a request and who sent it, gives the answer; may raise a SealwrightError
Answer = Callable[[dict[str, Any], str], dict[str, Any]]


def peer(connection: socket.socket) -> tuple[int, int] | None:
    """(process, user) of the other end, as the system says; None where it does not."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    pid, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))
    return pid, uid


@contextmanager
def opened(folder: Path, answer: Answer, *, uid: int | None = None) -> Iterator[Path]:
    """Take requests in a thread of its own while this lasts; gives the socket's path. uid: who may ask, by default the
    user that this process runs as. Raises Usage (agent_runs) where another agent of the home runs."""
    path = folder / NAME
    try:
        with exclusive(path):
            listening = _listen(path)
            try:
                ends = threading.Event()
                allowed = os.getuid() if uid is None else uid
                thread = threading.Thread(target=_serve, args=(listening, answer, allowed, ends), daemon=True)
                thread.start()
                yield path
                ends.set()
            finally:
                path.unlink(missing_ok=True)
                listening.close()
    except Usage as error:
        if error.code != "file_in_use":
            raise
        remedy = "Use the one that runs, or lock it with `sealwright agent --lock`."
        raise Usage("an agent of this home runs already", remedy=remedy, code="agent_runs") from error


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of an agent that was killed
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(_BACKLOG)
        listening.settimeout(0.5)
    except OSError as error:
        listening.close()
        why = cause_of(error) if error.strerror else "its path is longer than a socket's may be"
        raise Usage(f"cannot open {path}: {why}", remedy="Give the home a shorter path.", code="no_socket") from error
    finally:
        os.umask(before)
    return listening


def _serve(listening: socket.socket, answer: Answer, uid: int, ends: threading.Event) -> None:
    while not ends.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        except OSError:  # it was closed
            return
        with connection, suppress(OSError, ValueError):
            _take(connection, answer, uid)


def _take(connection: socket.socket, answer: Answer, uid: int) -> None:
    found = peer(connection)
    try:
        line = _read(connection)  # also of a stranger, who would not hear the answer otherwise
        if found is not None and found[1] != uid:
            raise Usage("the agent is another user's", remedy="Ask as its user.", code="wrong_user")
        asked = json.loads(line)
        if not isinstance(asked, dict):
            raise Usage("the request is no JSON object", remedy="Send one object on one line.", code="bad_request")
        said = answer(asked, _who(None if found is None else found[0]))
    except SealwrightError as error:
        said = {"ok": False, "code": error.code, "error": str(error), "remedy": error.remedy}
    except (ValueError, RecursionError):
        said = {"ok": False, "code": "bad_request", "error": "the request is no JSON", "remedy": ""}
    _send(connection, said)


def _read(connection: socket.socket) -> bytes:
    """One line. What is too long is read all the same, up to a bound: unread bytes would take the answer back."""
    end, data, size = time.monotonic() + SECONDS, b"", 0
    while not data.endswith(b"\n"):
        left = end - time.monotonic()
        if left <= 0 or size > _MOST_IGNORED:
            raise Usage("the request is too long or too slow", remedy="Send it in one line.", code="bad_request")
        connection.settimeout(left)
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            continue  # too slow: said above
        if not piece:
            break
        size += len(piece)
        data = data + piece if size <= MOST_BYTES else piece[-1:]
    if size > MOST_BYTES:
        raise Usage(f"the request has more than {MOST_BYTES} bytes", remedy="Shorten it.", code="bad_request")
    return data


def _send(connection: socket.socket, said: dict[str, Any]) -> None:
    connection.settimeout(SECONDS)
    connection.sendall(json.dumps(said).encode() + b"\n")


def _who(pid: int | None) -> str:
    """The command line of a process, as it says itself: a hint, which proves nothing."""
    if pid is None:
        return "unknown"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        words = ""
    return f"process {pid} {words[:_LONGEST_WHO]}".rstrip()
