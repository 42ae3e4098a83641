"""The other side of an agent's socket: a program that needs a signature asks, and looks what came of it."""

import json
import os
import socket
from pathlib import Path
from typing import Any, Final

from ..errors import SealwrightError, Unreachable, Usage
from .acts import Act, values_of
from .door import MOST_BYTES, NAME, peer

SECONDS: Final = 3.0
_MOST_ANSWER: Final = 256 << 10


class NoAgent(Unreachable):
    """No agent of this home runs, or it does not answer."""

    code = "no_agent"
    remedy = "Start it in a terminal: `sealwright agent`."


class Refused(SealwrightError):
    """The agent did not take the request."""

    exit_code = 4
    code = "refused"


class Agent:
    """The agent of the home in `folder`, where one runs. Every method raises NoAgent and Refused."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def ask(self, act: Act) -> dict[str, Any]:
        """Have an act wait for the person; {"id", "state"}."""
        return self._call({"ask": "act", "act": values_of(act)})

    def look(self, identifier: str) -> dict[str, Any]:
        """How an act is."""
        return self._call({"ask": "look", "id": identifier})

    def list(self) -> list[dict[str, Any]]:
        """Every act that it knows, the oldest first."""
        found: list[dict[str, Any]] = self._call({"ask": "list"})["acts"]
        return found

    def lock(self) -> None:
        """Have it forget the keys, and end."""
        self._call({"ask": "lock"})

    def _call(self, asked: dict[str, Any]) -> dict[str, Any]:
        line = json.dumps(asked).encode() + b"\n"
        if len(line) > MOST_BYTES:
            raise Usage("this is more than an agent takes", remedy="Shorten it.", code="bad_act")
        try:
            said = json.loads(self._exchange(line))
        except OSError as error:
            raise NoAgent("no agent of this home answers") from error
        except ValueError as error:
            raise NoAgent("what answers is no agent") from error
        if not said.get("ok"):
            raise Refused(str(said.get("error")), remedy=str(said.get("remedy")), code=str(said.get("code")))
        return dict(said)

    def _exchange(self, line: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(self._path))
            found = peer(connection)
            if found is not None and found[1] != os.getuid():
                raise NoAgent("another user's process is at the agent's socket", remedy="See who made it.")
            connection.sendall(line)
            data = b""
            while not data.endswith(b"\n") and len(data) < _MOST_ANSWER:
                piece = connection.recv(65536)
                if not piece:
                    break
                data += piece
            return data
