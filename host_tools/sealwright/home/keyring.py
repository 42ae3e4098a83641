"""A home's keys, and the certificates made with them: both roots, the networks' ids, the ledger's own chain.

Keys are loaded when they are used, so a command that signs nothing wants no passphrase.
"""

from pathlib import Path

from .. import clock
from ..errors import Usage
from ..files import write_whole
from ..wire import labels
from ..wire.certificates import CLOCK_SKEW, from_pem, issue, network_id, to_pem
from ..wire.certificates import load_roots as load_pem
from ..wire.keys import PrivateKey
from ..wire.messages import Certificate, Message
from .kept import Kept


class Keyring(Kept):
    """The keys and certificates in a home's folder. network: its name; passphrase: of keys that are encrypted."""

    def __init__(self, folder: Path, network: str, passphrase: bytes | None = None) -> None:
        super().__init__(folder, passphrase)
        self.network = network

    def ledger_certificates(self) -> tuple[Message[Certificate], ...]:
        """The certificates of the home's ledger: by the root, and by the test root. Made with its key where missing.

        Raises BadKeyFile, BadCertificate, and Usage where the disk refuses them.
        """
        path = self.folder / "ledger.pem"
        if not path.exists():
            try:
                if not (self.folder / "ledger.key").exists():
                    PrivateKey.generate().save(self.folder / "ledger.key", self._passphrase)
                made = [self._certify_ledger(test) for test in (False, True)]
                write_whole(path, b"".join(to_pem(certificate) for certificate in made))
            except OSError as error:
                raise Usage(f"cannot write {path}: {error.strerror}", remedy="Check the path and space.") from error
        return tuple(from_pem(path.read_bytes()))

    def _certify_ledger(self, test: bool) -> Message[Certificate]:
        return issue(
            self.key("test" if test else "issuer"),
            self.key("ledger").public,
            network=self.network_id(test=test),
            custody=0,
            issued_at=self.now(),
            model="ledger",
            roles=labels.ROLE_LEDGER,
        )

    def ledger_chain(self, *, test: bool = False) -> tuple[Message[Certificate], ...]:
        """The ledger's certificate in the network or in the test network, then the root: what a grant carries."""
        return (self.ledger_certificates()[test], self.root(test=test))

    def now(self) -> int:
        """Unix seconds, to sign with. Raises ClockWrong, also for a time before the home was made."""
        return clock.now(since=self.root().body.issued_at - CLOCK_SKEW)

    @property
    def ledger_id(self) -> bytes:
        """32 bytes: the id of the home's ledger, which deposits and channels name."""
        return self.ledger_certificates()[0].body.key.device_id

    def key(self, name: str) -> PrivateKey:
        """The key "issuer", "owner", "test" or "ledger". Raises BadKeyFile, BadKey."""
        return PrivateKey.load(self.folder / f"{name}.key", self._passphrase)

    @property
    def owner_public(self) -> bytes:
        """X || Y of the owner's key."""
        return self.key("owner").public.xy

    def root(self, *, test: bool = False) -> Message[Certificate]:
        """The home's root certificate, or its test root. Raises BadKeyFile, BadCertificate."""
        return load_pem(self.folder / ("test-root.pem" if test else "root.pem"))[0]

    def roots(self) -> list[Message[Certificate]]:
        """Both roots."""
        return [self.root(), self.root(test=True)]

    def network_id(self, *, test: bool = False) -> bytes:
        """The network's 32-byte id, or that of its test network."""
        return network_id(self.network, self.root(test=test).body.key)
