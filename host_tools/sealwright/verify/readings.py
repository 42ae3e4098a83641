"""The gap-proof log of each device: numbers rise by one, and each reading names the digest before it."""

from ..certificates import Fault
from ..messages import Reading


class Logs:
    """The newest reading of each device, in the order of the bundle. A log may start anywhere."""

    def __init__(self) -> None:
        self._newest: dict[bytes, tuple[int, bytes]] = {}

    def check(self, body: Reading, digest: bytes, device: bytes) -> Fault | None:
        """A `gap` fault unless the reading continues its device's log; ids and digests are 32 bytes.

        After a gap the log goes on from the newer reading, so that one missing reading is one fault.
        """
        before = self._newest.get(device)
        if before is None or body.seq > before[0]:
            self._newest[device] = (body.seq, digest)
        if before is None:
            return None
        seq, newest = before
        if body.seq != seq + 1:
            return Fault("gap", f"reading {body.seq} follows reading {seq}")
        if body.prev != newest:
            return Fault("gap", f"reading {body.seq} continues another reading {seq} than the one before it")
        return None
