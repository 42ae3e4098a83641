"""What a home keeps for others to use: grants, revocations, certificates of brokers.

grants/ID.cbor       the newest grant given to a device
revocations/DIGEST.cbor           revocations signed here
heads/ID.cbor                     the newest reading seen of a device, see `operate.logs`
forks/ID-NUMBER.bundle            proofs of logs that contradict themselves
hardened/ signing.key             the chips that were sealed for ever, see `hardened`
chips/SERIAL.json chip-roots.pem  the chips that keep keys of this home's devices, and their makers, see `chips`
brokers/HOST:PORT.pem             the CA that certified an MQTT broker
"""

from pathlib import Path

from ..files import write_whole
from ..wire.messages import Message, Revocation
from .chips import Chips
from .hardened import Hardenings


class Kept:
    """The files in a home's folder that it keeps."""

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self.folder = folder
        self._passphrase = passphrase

    @property
    def hardenings(self) -> Hardenings:
        """The chips that were sealed here."""
        return Hardenings(self.folder, self._passphrase)

    @property
    def chips(self) -> Chips:
        """The chips that keep keys of this home's devices."""
        return Chips(self.folder)

    def keep_grant(self, device: bytes, raw: bytes) -> None:
        """Keep a device's grant: it names the owner that may withdraw its money. Raises OSError."""
        (self.folder / "grants").mkdir(exist_ok=True)
        write_whole(self.folder / "grants" / f"{device.hex()}.cbor", raw)

    def grant(self, device: bytes) -> bytes | None:
        """The newest grant given to a device, as sent, or None."""
        path = self.folder / "grants" / f"{device.hex()}.cbor"
        return path.read_bytes() if path.exists() else None

    def keep_revocation(self, message: Message[Revocation]) -> None:
        """Keep a revocation, for verifiers, ledgers and devices. Raises OSError."""
        (self.folder / "revocations").mkdir(exist_ok=True)
        write_whole(self.folder / "revocations" / f"{message.digest.hex()}.cbor", message.raw)

    def revocations(self) -> list[bytes]:
        """Every revocation signed here, as sent."""
        return [path.read_bytes() for path in sorted((self.folder / "revocations").glob("*.cbor"))]

    def authority(self, broker: str) -> Path:
        """Where the CA of the MQTT broker HOST:PORT is kept, once a device has it."""
        return self.folder / "brokers" / f"{broker}.pem"

    def keep_authority(self, broker: str, pem: bytes) -> None:
        """Keep the CA of a broker for this host's own connections. Raises OSError."""
        self.authority(broker).parent.mkdir(exist_ok=True)
        write_whole(self.authority(broker), pem)
