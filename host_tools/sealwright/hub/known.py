"""What certifies devices, from all that a hub has seen: a device says it once, and its readings go on for years.

Purpose: a verifier's memory for intake, and what makes each segment of the spool check by itself. It knows what the
home issued, what intake found to hold (`HOME/hub/known.bundle`, certificates and rotations and revocations, each once),
and asks the ledger for others.
Limits: everything is in memory, some 2 KB for each device. The file is bounded by what issuers of the home signed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from ..errors import Rejected, SealwrightError
from ..home import Home
from ..verify.bundle_memory import BundleMemory
from ..wire.bundle import BundleWriter, read_bundle
from ..wire.messages import Body, Certificate, Grant, Message, Revocation, Rotation, parse_as, parse_message
from .spool import whole

Support: TypeAlias = Certificate | Rotation | Revocation
_DEEPEST: Final = 16  # certificates above each other, and rotations


def is_support(raw: bytes) -> bool:
    """Whether a message of the usual form certifies somebody, or takes that back."""
    return raw[:3] == b"\xd2\x84\x51" and raw[17:20] in _SUPPORT


_SUPPORT: Final = frozenset(b"\x19" + one.TYPE.to_bytes(2, "big") for one in (Certificate, Rotation, Revocation))


class Known:
    """What is known of a home's devices. path: the file; None: it is not kept. of_ledger: gives what the ledger has for
    a key hint. Raises Usage where the file cannot be written."""

    def __init__(
        self, home: Home, path: Path | None, of_ledger: Callable[[bytes], Iterable[bytes]] = lambda _: ()
    ) -> None:
        self._home, self._of_ledger = home, of_ledger
        self._about: dict[bytes, dict[bytes, Message[Any]]] = {}
        self._revoked: dict[bytes, int] = {}
        self._writer: BundleWriter | None = None
        for raw in [*_granted(home), *home.revocations()]:
            self._note(parse_message(raw))
        if path is not None:
            if path.exists():
                data = path.read_bytes()
                path.write_bytes(data[: whole(data)])  # a kill may have left half a message
                for raw in read_bundle(path):
                    self._note(parse_message(raw))
            self._writer = BundleWriter(path, append=True)

    def refresh(self) -> None:
        """Take in the revocations that were signed here meanwhile."""
        for raw in self._home.revocations():
            self._note(parse_message(raw))

    def learn(self, message: Message[Body]) -> None:
        """A certificate, rotation or revocation that was found to hold; anything else changes nothing."""
        if self._note(message) and self._writer is not None:
            self._writer.add(message.raw)

    def _note(self, message: Message[Body]) -> bool:
        match message.body:
            case Certificate() as body:
                about = body.key.kid
            case Rotation() as body:
                about = body.device[:8]
            case Revocation() as body:
                about = body.device[:8]
                self._revoked[body.device] = min(body.revoked_from, self._revoked.get(body.device, body.revoked_from))
            case _:
                return False
        found = self._about.setdefault(about, {})
        if message.digest in found:
            return False
        found[message.digest] = message
        if isinstance(message.body, Rotation):
            self._about.setdefault(message.body.key.kid, {})[message.digest] = message
        return True

    def certificates(self, kid: bytes) -> Iterator[bytes]:
        """What certifies this key hint, and rotations from or to it."""
        if kid not in self._about:
            with suppress(SealwrightError):  # a ledger that is away: the signer is unknown for now
                for raw in self._of_ledger(kid):
                    self._note(parse_message(raw))
        for message in list(self._about.get(kid, {}).values()):
            if not isinstance(message.body, Revocation):
                yield message.raw

    def revoked_from(self, device: bytes) -> int | None:
        """From when on a revocation of this device (id) counts, or None."""
        return self._revoked.get(device)

    def look_up(self, kids: Iterable[bytes]) -> None:
        """Ask for what certifies those of these key hints that are unknown. Raises what the one who is asked does."""
        for kid in kids:
            if kid not in self._about:
                for raw in self._of_ledger(kid):
                    self._note(parse_message(raw))

    def forget(self, kid: bytes) -> None:
        """Ask the ledger again for what certifies this key hint."""
        self._about.pop(kid, None)

    def support(self, kids: Iterable[bytes]) -> dict[bytes, bytes]:
        """What a verifier wants to know of these key hints, by digest, issuers first."""
        found: dict[bytes, bytes] = {}
        for kid in kids:
            self._collect(kid, found, set())
        return found

    def _collect(self, kid: bytes, found: dict[bytes, bytes], on_way: set[bytes]) -> None:
        if kid in on_way or len(on_way) >= _DEEPEST:
            return
        list(self.certificates(kid))  # asks the ledger
        for message in list(self._about.get(kid, {}).values()):
            if message.digest in found:
                continue
            if message.kid != kid:
                self._collect(message.kid, found, on_way | {kid})
            if not (
                isinstance(message.body, Certificate) and message.kid == message.body.key.kid
            ):  # verifiers have roots
                found[message.digest] = message.raw

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()


class KnownMemory(BundleMemory):
    """The memory of a verifier of one bundle that knows what a hub knows of its devices."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self._known = known

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """What certifies this key hint, and rotations from or to it."""
        return self._known.certificates(kid)

    def revoked_from(self, device: bytes) -> int | None:
        """The earliest time from which a revocation of this device counts."""
        times = [at for at in (super().revoked_from(device), self._known.revoked_from(device)) if at is not None]
        return min(times, default=None)


def _granted(home: Home) -> Iterator[bytes]:
    for path in sorted((home.folder / "grants").glob("*.cbor")):
        with suppress(Rejected, OSError):  # damaged: the device shows its certificates itself
            yield from (link.raw for link in reversed(parse_as(path.read_bytes(), Grant).body.chain))
