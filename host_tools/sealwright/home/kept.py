"""What a home keeps for others to use: grants, revocations, certificates of brokers.

grants/ID.cbor       the newest grant given to a device
transfers/ID.cbor    a device's transfers of ownership, oldest first
delegations/DIGEST.cbor           delegations signed here, and those given to this home's owner
revocations/DIGEST.cbor           revocations signed here
heads/ID.cbor                     the newest reading seen of a device, see `operate.logs`
forks/ID-NUMBER.bundle            proofs of logs that contradict themselves
hardened/ signing.key             the chips that were sealed for ever, see `hardened`
chips/SERIAL.json chip-roots.pem  the chips that keep keys of this home's devices, and their makers, see `chips`
brokers/HOST:PORT.pem             the CA that certified an MQTT broker
"""

from collections.abc import Sequence
from pathlib import Path

from ..files import write_whole
from ..wire.bundle import read_bundle
from ..wire.messages import Delegation, Message, Revocation, parse_as
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

    def keep_transfers(self, device: bytes, raws: Sequence[bytes]) -> None:
        """Keep a device's transfers of ownership, as it shows them. Raises OSError."""
        (self.folder / "transfers").mkdir(exist_ok=True)
        write_whole(self.folder / "transfers" / f"{device.hex()}.cbor", b"".join(raws))

    def transfers(self, device: bytes) -> list[bytes]:
        """A device's transfers of ownership as far as this home knows them, oldest first."""
        path = self.folder / "transfers" / f"{device.hex()}.cbor"
        return list(read_bundle(path)) if path.exists() else []

    def keep_delegation(self, message: Message[Delegation]) -> None:
        """Keep a delegation, given or taken. Raises OSError."""
        (self.folder / "delegations").mkdir(exist_ok=True)
        write_whole(self.folder / "delegations" / f"{message.digest.hex()}.cbor", message.raw)

    def delegations(self) -> list[Message[Delegation]]:
        """Every delegation signed here or given to this home's owner."""
        paths = sorted((self.folder / "delegations").glob("*.cbor"))
        return [parse_as(path.read_bytes(), Delegation) for path in paths]

    def drop_delegations(self, device: bytes) -> None:
        """Forget the delegations for a device. Raises OSError."""
        for message in self.delegations():
            if message.body.device == device:
                (self.folder / "delegations" / f"{message.digest.hex()}.cbor").unlink(missing_ok=True)

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
