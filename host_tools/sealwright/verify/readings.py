"""Gap-proof logs, of each device's readings and of each issuer's factory: numbers rise by one, and each message names
the digest of the one before it."""

from ..wire.certificates import Fault
from ..wire.messages import FactoryRecord, Reading


class Logs:
    """The newest message of each signer, in the order of the bundle. A log may start anywhere. what: what its messages
    are called."""

    def __init__(self, what: str = "reading") -> None:
        self._what = what
        self._newest: dict[bytes, tuple[int, bytes]] = {}

    def check(self, body: Reading | FactoryRecord, digest: bytes, signer: bytes) -> Fault | None:
        """A `gap` fault unless the message continues its signer's log; ids and digests are 32 bytes.

        After a gap the log goes on from the newer message, so that one missing message is one fault.
        """
        what, before = self._what, self._newest.get(signer)
        if before is None or body.seq > before[0]:
            self._newest[signer] = (body.seq, digest)
        if before is None:
            return None
        seq, newest = before
        if body.seq != seq + 1:
            return Fault("gap", f"{what} {body.seq} follows {what} {seq}")
        if body.prev != newest:
            return Fault("gap", f"{what} {body.seq} continues another {what} {seq} than the one before it")
        return None
