"""Requests to a device: one method for each kind (firmware/schema/rpc.cddl).

Every method raises Unreachable when the device does not answer, RefusedByDevice with the device's own code when it
refuses, and Malformed when it answers with something else than it should.
"""

import secrets
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

from ..errors import BadSignature, Malformed, RefusedByDevice, Unreachable
from ..wire import cbor
from ..wire.key_line import line_of, newest_of
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Message, Reading, Rotation, Status, parse_as
from .codes import NO_MEMORY, refusal
from .frames import Frame, FrameReader, pack
from .info import Channel, Info, byte_strings, parse_info
from .labels import (
    AGAIN_SECONDS,
    CHAIN,
    CHANNELS,
    COMMAND,
    ERROR,
    EVIDENCE,
    GRANT,
    INFO,
    LEDGER,
    MOST_SECONDS,
    NONCE_BYTES,
    OWNERS,
    READINGS,
    REPLY,
    REPLY_SECONDS,
    REVOKE,
)
from .transport import Transport, open_url
from .trial_requests import TrialRequests
from .update_requests import UpdateRequests

_READING: Final = frozenset({CHAIN, CHANNELS, INFO, READINGS})  # requests that change nothing
_BATCH: Final = 8
_PROMPT: Final = b"raw REPL; CTRL-B"  # what a frame, which begins with Ctrl-A's byte, makes of a prompt
_MOST_OWNERS: Final = 1000
_MOST_CHANNELS: Final = 1000  # no flash holds as many: a device that shows more never ends


class Client(UpdateRequests, TrialRequests):
    """An open command link. Use as a context manager. patience: how many times longer than usual the device may take
    for its replies; most: seconds for a reply, with whatever signs of life. device: the id of
    the device that is meant (32 bytes), or None: whichever the register has for the URL."""

    def __init__(
        self,
        transport: Transport,
        url: str,
        seconds: float = REPLY_SECONDS,
        *,
        patience: float = 1.0,
        most: float = MOST_SECONDS,
        device: bytes | None = None,
    ) -> None:
        self.url = url
        self.device = device
        self._transport = transport
        self._seconds = seconds
        self._patience = patience
        self.most = most  # seconds
        self._frames = FrameReader()
        self._rotated: int | None = None  # how often its key was, as it said last
        self._last = secrets.randbelow(2**31)  # a reply to an earlier client on the same wire is not taken for ours
        transport.write(b"\0")  # ends whatever half frame an earlier client left on the wire

    def call(self, kind: int, item: cbor.Value, seconds: float | None = None, every: float | None = None) -> Any:
        """The result of request `kind`, waiting up to `seconds` of the device's time for it. every: send it again so
        often meanwhile, under the same number; only for what may be done twice."""
        self._last += 1
        request = pack(Frame(self._last, kind, item))
        left = seconds = self._seconds if seconds is None else seconds
        most = time.monotonic() + max(seconds * self._patience, self.most)
        try:
            while left > 0 and time.monotonic() < most:
                self._transport.write(request)
                reply = self._reply(min(left, every or left) * self._patience, most)
                if reply and (kind not in _READING or reply.item != [NO_MEMORY] or left <= AGAIN_SECONDS):
                    return self._result(reply)
                if reply:
                    time.sleep(AGAIN_SECONDS * self._patience)  # a board that trades has room again soon
                left -= AGAIN_SECONDS if reply else every or left
        except Unreachable as error:
            raise Unreachable(f"{self.url}: {error}", remedy=error.remedy) from error
        silent = f"{self.url}: no answer in {seconds * self._patience:.0f} s"
        raise Unreachable(silent, remedy="Check that it runs Sealwright's firmware.")

    def _result(self, frame: Frame) -> Any:
        if frame.kind == REPLY:
            return frame.item
        if frame.kind == ERROR and isinstance(frame.item, list) and len(frame.item) == 1:
            code = frame.item[0]
            if isinstance(code, int):
                raise refusal(code, self.url)
        raise Malformed(f"{self.url} answered with neither a result nor an error")

    def _reply(self, seconds: float, most: float) -> Frame | None:
        end, heard = time.monotonic() + seconds, b""
        while (left := min(end, most) - time.monotonic()) > 0:
            data = self._transport.read(left)
            heard = heard[-len(_PROMPT) :] + data
            if _PROMPT in heard:
                remedy = f"Put it there: `sealwright deploy --board BOARD --device {self.url}`."
                raise Unreachable("MicroPython's prompt answers, and no Sealwright firmware", remedy=remedy)
            if data and not data.strip(b"\0"):
                end = time.monotonic() + seconds
            for frame in self._frames.feed(data):
                if frame.id == self._last:
                    return frame
        return None

    def info(self, seconds: float | None = None) -> Info:
        """Its state, identity and counters, waiting up to `seconds` of its time for them. Asked for again meanwhile: a
        device that is starting loses what comes too early."""
        return self._info(None, seconds)

    def _info(self, nonce: bytes | None, seconds: float | None) -> Info:
        try:
            info = parse_info(self.call(INFO, nonce, seconds, AGAIN_SECONDS))
        except Malformed as error:
            raise Malformed(f"{self.url} answered with something else than its state: {error}") from error
        self._rotated = info.raw.get("rotations", 0)
        return info

    def status(self) -> Message[Status]:
        """Its signed status over a fresh nonce. The device that signed it is the one that the status names; whether
        that is the one you mean is for the caller to check. Raises RefusedByDevice for a device that is not
        provisioned, or whose firmware has none."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        info = self._info(nonce, None)
        if not info.provisioned:
            remedy = "Provision it first: `sealwright provision --device URL --name NAME`."
            raise RefusedByDevice(f"{self.url}: the device is {info.state}", remedy=remedy, code=f"device_{info.state}")
        raw = info.raw.get("status")
        if not isinstance(raw, bytes):
            raise RefusedByDevice(
                f"{self.url} does not sign its status", remedy="Update its firmware.", code="no_status"
            )
        message = parse_as(raw, Status)
        key = self.key()
        signed = message.signed_by(newest_of(key))
        if key.device_id != message.body.device or not signed or message.body.nonce != nonce:
            raise BadSignature(f"{self.url} answers with a status that does not hold")
        return message

    def revoke(self, raw: bytes) -> None:
        """Hand it an issuer's revocation of another device."""
        self.call(REVOKE, raw)

    def ledger(self, raw: bytes) -> None:
        """Hand over a message of the ledger, funding or refund, for a channel that the device has."""
        self.call(LEDGER, raw)

    def evidence(self, nonce: bytes) -> bytes:
        """Signed evidence over `nonce` (32 bytes). A blank device makes its key first."""
        return byte_strings([self.call(EVIDENCE, nonce)])[0]

    def grant(self, raw: bytes) -> None:
        """Give it its identity, or a renewed chain."""
        self.call(GRANT, raw)

    def command(self, raw: bytes, delegation: bytes | None = None) -> None:
        """Have it carry out its owner's signed command, or an operator's with the owner's delegation."""
        self.call(COMMAND, raw if delegation is None else [raw, delegation])

    def transfers(self) -> list[bytes]:
        """The transfers of its ownership since it was provisioned, oldest first. Older firmware knows of none."""
        found: list[bytes] = []
        for index in range(_MOST_OWNERS):
            try:
                reply = self.call(OWNERS, index)
            except RefusedByDevice as error:
                if error.code == "unsupported":
                    return []
                raise
            if not isinstance(reply, list) or len(reply) not in (1, 2):
                raise Malformed(f"{self.url} answered with something else than a transfer")
            if len(reply) == 1:
                return found
            found += byte_strings(reply[1:])
        raise Malformed(f"{self.url} shows transfers without end")

    def chain(self) -> list[Message[Certificate]]:
        """Its certificates, leaf first."""
        chain = [parse_as(raw, Certificate) for raw in byte_strings(self.call(CHAIN, None))]
        if not chain:
            raise Malformed(f"{self.url} shows no certificate")
        return chain

    def rotations(self) -> list[Message[Rotation]]:
        """The rotations of its key, oldest first; those of a device that has none, or has never heard of them: none."""
        count = self.info().raw.get("rotations", 0) if self._rotated is None else self._rotated
        if not count:
            return []
        return [parse_as(raw, Rotation) for raw in byte_strings(self.call(CHAIN, "rotations"))]

    def key(self) -> PublicKey:
        """The key of its certificate, or the line of keys that it was rotated to. Raises BadCertificate for one that
        does not hold."""
        return line_of(self.chain()[0].body.key, self.rotations())

    def readings(self, after: int) -> Iterator[bytes]:
        """Every stored reading with a number above `after`, oldest first."""
        while True:
            batch = byte_strings(self.call(READINGS, [after, _BATCH]))
            if not batch:
                return
            yield from batch
            last = parse_as(batch[-1], Reading).body.seq
            if last <= after:
                raise Malformed(f"{self.url} shows its readings in no order")
            after = last

    def channels(self) -> Iterator[Channel]:
        """Every channel it keeps."""
        for index in range(_MOST_CHANNELS):
            reply = self.call(CHANNELS, index)
            if not isinstance(reply, list) or len(reply) not in (1, 4):
                raise Malformed(f"{self.url} answered with something else than a channel")
            if len(reply) == 1:
                return
            yield Channel(reply[1] == 0, byte_strings(reply[2]), byte_strings(reply[3]))
        raise Malformed(f"{self.url} shows channels without end")

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(url: str, seconds: float = REPLY_SECONDS) -> Client:
    """Open `serial:PATH` or `tcp:HOST:PORT`. For `emulated:NAME` see `emulator.resolve`. Raises Usage, Unreachable."""
    return Client(open_url(url), url, seconds)
