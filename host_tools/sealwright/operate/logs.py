"""What a home remembers of devices' logs: the newest reading of each, and proof where a log contradicts itself.

    HOME/heads/ID.cbor             the newest reading of the device, as received
    HOME/forks/ID-NUMBER.bundle    two messages that cannot both be true, with the device's certificates

A device whose flash was put back to an earlier state, or whose key is used twice, signs two readings of one number.
Limits: beside the newest, the last 32 readings of each device are remembered, and those while this lasts.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import RefusedByDevice, Rejected, SealwrightError, Usage
from ..files import write_whole
from ..home import Home
from ..link.client import Client
from ..wire.keys import PublicKey
from ..wire.messages import Body, Message, Reading, parse_as
from .proving import EACH, Proved, gathered, prove

RECENT: Final = 32  # of each device; in bytes, as they came: a fleet has many devices


class Equivocation(Rejected):
    """A device contradicts what it signed before. device: its id, 32 bytes. first, second: the two messages, the second
    a reading, or a status whose log ends before the first. proof: the bundle that shows them, once it is kept."""

    code = "equivocation"

    def __init__(self, device: bytes, first: Message[Reading], second: Message[Body]) -> None:
        number = first.body.seq
        if isinstance(second.body, Reading):
            what = f"signed another reading {number} than the one that is kept"
        else:
            what = f"shows a log that ends before reading {number}, which it signed"
        super().__init__(f"the device {what}: its flash was put back, or its key is used twice", remedy=_remedy(None))
        self.device, self.first, self.second = device, first, second
        self.proof: Path | None = None

    def kept(self, proof: Path) -> None:
        """Note where the proof is."""
        self.proof, self.remedy = proof, _remedy(proof)


def _remedy(proof: Path | None) -> str:
    keep = "Keep both messages" if proof is None else f"Keep both messages, which are in {proof}"
    return f"{keep}. Rely on none of its readings from there on: wipe it and provision it anew."


class Logs:
    """The logs that a home remembers; home None: those of this run alone. Several threads may use it, each for its own
    devices."""

    def __init__(self, home: Home | None = None) -> None:
        self._folder = None if home is None else home.folder
        self._recent: dict[bytes, OrderedDict[int, bytes]] = {}
        self._heads: dict[bytes, Message[Reading] | None] = {}
        self._changed: set[bytes] = set()
        self._lock = threading.Lock()

    def head(self, device: bytes) -> Message[Reading] | None:
        """The newest reading of this device (id, 32 bytes) that was seen, or None. Raises Usage for a damaged file."""
        if device not in self._heads:
            self._heads[device] = None if self._folder is None else _read(self._path(device))
        return self._heads[device]

    def heard(self, device: bytes) -> int | None:
        """When the newest reading of this device (id) was kept, unix seconds by this machine's clock; None for never.
        Raises Usage."""
        try:
            return None if self._folder is None else int(self._path(device).stat().st_mtime)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Usage(f"cannot read {self._path(device)}: {error.strerror}", remedy="Check its folder.") from error

    def compare(self, key: PublicKey, message: Message[Reading]) -> None:
        """Raise Equivocation if this key signed another reading with the number of `message`, and `message` too."""
        first = self._other(key.device_id, message)
        if first is not None and message.signed_by(key) and first.signed_by(key):  # a chain may have proved the first
            raise Equivocation(key.device_id, first, message)

    def _other(self, device: bytes, message: Message[Reading]) -> Message[Reading] | None:
        recent = self._recent.get(device)
        raw = None if recent is None else recent.get(message.body.seq)
        if raw == message.raw:
            return None
        first = None if raw is None else parse_as(raw, Reading)
        if first is None:
            head = self.head(device)
            first = head if head is not None and head.body.seq == message.body.seq else None
        return first if first is not None and first.digest != message.digest else None

    def note(self, key: PublicKey, message: Message[Reading]) -> None:
        """Remember a reading, if this key signed it. Raises Equivocation as `compare` does."""
        self.note_proved(key, Proved(message, message.signed_by(key)))

    def note_proved(self, key: PublicKey, proved: Proved) -> None:
        """Remember a reading that this key proves; as a log's newest, only one whose own signature does: it is to be
        proof by itself. Raises Equivocation as `compare` does."""
        self.compare(key, proved.message)
        if proved.holds:
            self._remember(key.device_id, proved.message, newest=not proved.by_chain)

    def note_held(self, device: bytes, message: Message[Reading]) -> None:
        """Remember a reading that a verifier found to hold. Raises Equivocation as `compare` does."""
        first = self._other(device, message)
        if first is not None:
            raise Equivocation(device, first, message)
        self._remember(device, message)

    def _remember(self, device: bytes, message: Message[Reading], *, newest: bool = True) -> None:
        number = message.body.seq
        recent = self._recent.setdefault(device, OrderedDict())
        recent.setdefault(number, message.raw)
        if len(recent) > RECENT:
            recent.popitem(last=False)
        head = self.head(device)
        if newest and (head is None or number > head.body.seq):
            with self._lock:
                self._heads[device] = message
                self._changed.add(device)

    def keep(self) -> None:
        """Write the newest readings into the home; call it once they are on disk. Raises Usage where that fails."""
        if self._folder is None:
            return
        with self._lock:
            changed = [(device, self._heads[device]) for device in self._changed]
            self._changed.clear()
        try:
            for device, message in changed:
                path = self._path(device)
                path.parent.mkdir(exist_ok=True)
                if message is not None:
                    write_whole(path, message.raw)
        except OSError as error:
            remedy = "Check its permissions and free some space."
            raise Usage(f"cannot write into {self._folder / 'heads'}: {error.strerror}", remedy=remedy) from error

    def prove(self, fork: Equivocation, chain: Sequence[Message[Any]]) -> None:
        """Keep the proof of a fork. chain: the device's rotations that are known, newest first, and then its
        certificates, leaf first. Raises Usage."""
        if self._folder is None:
            return
        path = self._folder / "forks" / f"{fork.device.hex()}-{fork.first.body.seq}.bundle"
        raws = [*(message.raw for message in reversed(chain)), fork.first.raw, fork.second.raw]
        try:
            path.parent.mkdir(exist_ok=True)
            write_whole(path, b"".join(raws))
        except OSError as error:
            raise Usage(f"cannot write {path}: {error.strerror}", remedy="Check its permissions.") from error
        fork.kept(path)

    def _path(self, device: bytes) -> Path:
        assert self._folder is not None
        return self._folder / "heads" / f"{device.hex()}.cbor"


def _read(path: Path) -> Message[Reading] | None:
    try:
        return parse_as(path.read_bytes(), Reading)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check its permissions.") from error
    except SealwrightError as error:
        remedy = "Put it back from a copy, or remove it: forks with what it held will not be seen."
        raise Usage(f"the log head {path} is damaged", remedy=remedy, code="bad_heads") from error


def follow(client: Client, key: PublicKey, logs: Logs, after: int, proof: str = EACH) -> Iterator[Proved]:
    """The readings above number `after` that a device shows, held against what is known of its log.

    The last known one is fetched again to be compared. proof: `EACH`, or `CHAINED`: what comes was proved, or shown to
    be not. Raises Equivocation, and what the client raises.
    """
    head = logs.head(key.device_id)
    last = 0
    for run in gathered(client.readings(max(0, after - 1) if head is not None else after), proof):
        for proved in prove(key, run):
            number = proved.message.body.seq
            last = max(last, number)
            logs.note_proved(key, proved)
            if number > after:
                yield proved
    if head is not None and last < head.body.seq:
        _check_end(client, key, head)


def _check_end(client: Client, key: PublicKey, head: Message[Reading]) -> None:
    """Raise Equivocation if the device signs that its log ends before a reading that it signed."""
    try:
        status = client.status()
    except RefusedByDevice:
        return  # firmware without a status: nothing can be shown
    body = status.body
    if body.device == key.device_id and status.signed_by(key) and body.reading_seq < head.body.seq:
        raise Equivocation(key.device_id, head, Message(status.sign1, status.body))
