"""How a device and its peers stand: its signed status, and a peer's chain against the revocations that it keeps.

A status answers a host's nonce: it proves which device answers, and its last command. A command or a renewal may name
the device's last status by digest, so that nobody can keep it for later. `renewal` has what changes the standing.
"""

from . import __version__, identity, labels, messages
from .compat import const, finish
from .errors import BadCertificate, Expired, Replay, Revoked
from .records import OWNER_GENERATION, OWNER_SEQ, REVOKED_RECORD, ROTATED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator, Sequence
    from .device import Device
    from .ports import Item

STATUS_SECONDS = const(600)  # how long a status may be named


class Standing:
    """The status that a device showed last, and the revocations that it keeps."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._last: "tuple[bytes, int] | None" = None  # digest, the clock's seconds
        self._said: "tuple[list[Item], bytes] | None" = None  # what it answered and told, the message
        self.known = identity.Known()

    def status(self, nonce: bytes) -> bytes:
        """The signed status (bytes) of a provisioned device over `nonce` (32 bytes)."""
        device = self._device
        clock, log = device.board.clock, device.log
        now = clock.now()
        # a host repeats its request to a slow device, and names the first answer: the second must be the same
        owner = device.owner_record()
        generation = owner.get(OWNER_GENERATION, 0)
        says = [nonce, owner[OWNER_SEQ], clock.quality, generation]
        if self._last is not None and self._said is not None and self._said[0] == says and now - self._last[1] < 60:
            return self._said[1]
        claims = {
            labels.STATUS_DEVICE: device.device_id,
            labels.NONCE: nonce,
            labels.STATUS_COMMAND: owner[OWNER_SEQ],
            labels.STATUS_SEQ: log.seq,
            labels.STATUS_READING: log.prev,
            labels.STATUS_ACKNOWLEDGED: log.acknowledged,
            labels.IAT: now,
            labels.CLOCK_QUALITY: clock.quality,
            labels.FIRMWARE: __version__,
        }
        if generation:
            claims[labels.STATUS_OWNER] = [generation, identity.device_id(device.owner_key)]
        raw, digest = device.signer.sign(labels.STATUS, claims)
        self._last, self._said = (digest, now), (says, raw)
        return raw

    def check_last(self, digest: bytes) -> None:
        """Raise Replay unless `digest` is that of the last status, and Expired if that is over STATUS_SECONDS old."""
        if not self.answers(digest):
            raise Replay("this does not answer the device's last status")
        if not 0 <= self._device.board.clock.now() - self._last[1] <= STATUS_SECONDS:
            raise Expired("the status is over %d seconds old" % STATUS_SECONDS)

    def forget(self) -> None:
        """Nothing may name the last status any more."""
        self._last = None

    def answers(self, digest: bytes) -> bool:
        """Whether this is the digest of the last status."""
        return self._last is not None and digest == self._last[0]

    def check_peer(self, chain: list[bytes], rotations: "Sequence[bytes]" = ()) -> "identity.CertifiedKey":
        """The leaf of a peer's chain, checked at this device's time and against its revocations, with the key that its
        rotations lead to. Raises as `identity.check_chain` does, and Revoked."""
        return finish(self.peer_steps(chain, rotations))

    def check_line(self, peer: "identity.CertifiedKey") -> None:
        """Raise Superseded for a peer, proved by its key, that has rotated this key away."""
        if peer.generation or self._device.journal.get(ROTATED_RECORD):
            from . import key_line  # heap, for devices that meet one

            key_line.check_seen(self._device, peer)

    def peer_steps(
        self, chain: list[bytes], rotations: "Sequence[bytes]" = ()
    ) -> "Generator[None, None, identity.CertifiedKey]":
        """`check_peer` in steps, see `identity.check_steps`."""
        device = self._device
        leaf = yield from identity.check_steps(chain, device.root, device.network, device.now(), self.known)
        if leaf.may_issue is not None or leaf.is_ledger:
            raise BadCertificate("issuers and ledgers do not trade")
        subjects, now = leaf.line, device.now()
        for since, revoked, issuer in device.journal.get(REVOKED_RECORD, []):
            if revoked in subjects and issuer in subjects[subjects.index(revoked) + 1 :]:
                if now is None or now >= since:
                    raise Revoked("the issuer has taken back a certificate of this chain")
        if rotations:
            from . import key_line

            yield from key_line.steps(leaf, rotations)
        return leaf


def public_in(certificate: bytes) -> bytes:
    """The public key (64 bytes) that a certificate is for."""
    return identity.public_of(messages.parse(certificate, labels.CERTIFICATE).payload[labels.CNF][labels.CNF_KEY])


def subject_in(certificate: bytes) -> bytes:
    """The device id (32 bytes) that a certificate is for."""
    return identity.device_id(public_in(certificate))
