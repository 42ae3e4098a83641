"""A home: the folder with an issuer's keys and roots, the register of devices, the ledger and the emulated boards.

    home.json            format, network name; written last: a folder without it is no home yet
    issuer.key owner.key test.key     PKCS 8 PEM, readable by their owner only; encrypted in a home with a passphrase
    root.pem test-root.pem            what verifiers are given
    devices/ID.json      one a device: name, URL, model, state of its provisioning
    boards/NAME/         emulated boards
    brokers/HOST:PORT.pem             the CA that certified an MQTT broker
    grants/ID.cbor       the newest grant given to a device
    revocations/DIGEST.cbor           revocations signed here
    assets.toml          the declared assets, see `money`
    ledger.db            see `ledger`
    ledger.head          the last row of its log, see `cli.anchoring`
    ledger.key ledger.pem             the ledger's own key, and its certificates

The test root certifies emulated boards; verifiers refuse what chains to it without `allow_test`.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from .errors import Usage
from .files import write_whole
from .wire import labels
from .wire.certificates import TEST_MODEL, from_pem, issue, make_root, network_id, to_pem
from .wire.certificates import load_roots as load_pem
from .wire.keys import PrivateKey
from .wire.messages import Certificate, Message, Revocation

FORMAT: Final = 1
DEFAULT: Final = "~/.sealwright"
PASSPHRASE: Final = "SEALWRIGHT_PASSPHRASE"  # the environment variable with the passphrase of a home's keys
PENDING: Final = "pending"
DONE: Final = "provisioned"
RETIRED: Final = "retired"  # wiped, removed or forgotten: kept for the ledger's sake, its name is free


@dataclass(frozen=True, slots=True)
class Registered:
    """A device in the register. `device` and `certificate` (its digest) are hexadecimal. commands: the number of the
    last command signed for it. urls: where the owner named it since it was provisioned at `url`."""

    name: str
    device: str
    url: str
    model: str
    custody: int
    state: str
    certificate: str
    registered_at: int
    commands: int = 0
    urls: Sequence[str] = ()


class Home:
    """An initialised home. passphrase: of its keys, if they are encrypted."""

    def __init__(self, folder: Path, network: str, passphrase: bytes | None = None) -> None:
        self.folder = folder
        self.network = network
        self._passphrase = passphrase

    @classmethod
    def open(cls, folder: str | Path | None = None, passphrase: bytes | None = None) -> "Home":
        """The home in `folder`, else $SEALWRIGHT_HOME, else ~/.sealwright. Raises Usage where there is none.

        passphrase: of its keys, else $SEALWRIGHT_PASSPHRASE; not needed where they are not encrypted.
        """
        path = locate(folder)
        try:
            found = json.loads((path / "home.json").read_text())
            if found["format"] != FORMAT:
                remedy = "Use the Sealwright that made it."
                raise Usage(f"{path} has format {found['format']}", remedy=remedy, code="home_format")
            return cls(path, str(found["network"]), passphrase or _passphrase())
        except FileNotFoundError as error:
            raise Usage(
                f"{path} is not initialised", remedy=f"Run `sealwright init --home {path}`.", code="no_home"
            ) from error
        except NotADirectoryError as error:
            raise Usage(f"{path} is not a folder", remedy="Name the folder of a home.", code="no_home") from error
        except OSError as error:
            raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check its permissions.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Usage(
                f"{path / 'home.json'} is damaged", remedy="Put it back from a copy.", code="home_damaged"
            ) from error

    @classmethod
    def init(cls, folder: str | Path | None, network: str, passphrase: bytes | None = None) -> "Home":
        """Make a home, or finish one that was left half made. Raises Usage where there is one already.

        passphrase: encrypts its keys, else $SEALWRIGHT_PASSPHRASE does; without one they are not encrypted.
        """
        path = locate(folder)
        if (path / "home.json").exists():
            remedy = "Name another folder; this one's keys cannot be made again."
            raise Usage(f"{path} is a home already", remedy=remedy, code="home_exists")
        home = cls(path, network, passphrase or _passphrase())
        try:
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)
            for name in ("devices", "boards"):
                (path / name).mkdir(exist_ok=True)
            for name in ("issuer", "owner", "test"):
                if not (path / f"{name}.key").exists():
                    PrivateKey.generate().save(path / f"{name}.key", home._passphrase)
            now = int(time.time())
            write_whole(path / "root.pem", to_pem(make_root(home.key("issuer"), network, issued_at=now)))
            test = make_root(home.key("test"), network, issued_at=now, model=f"{TEST_MODEL} machines only")
            write_whole(path / "test-root.pem", to_pem(test))
            home.ledger_certificates()
            write_whole(path / "home.json", json.dumps({"format": FORMAT, "network": network}).encode() + b"\n")
        except OSError as error:
            raise Usage(f"cannot make the home {path}: {error.strerror}", remedy="Check the path and space.") from error
        return home

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
            issued_at=int(time.time()),
            model="ledger",
            roles=labels.ROLE_LEDGER,
        )

    def ledger_chain(self, *, test: bool = False) -> tuple[Message[Certificate], ...]:
        """The ledger's certificate in the network or in the test network, then the root: what a grant carries."""
        return (self.ledger_certificates()[test], self.root(test=test))

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

    @property
    def ledger_path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def ledger_head_path(self) -> Path:
        return self.folder / "ledger.head"

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

    def board(self, name: str) -> Path:
        """The folder of the emulated board `name`."""
        return self.folder / "boards" / name

    def register(self, entry: Registered) -> None:
        """Write a device's entry, whole or not at all. Raises Usage where the disk refuses it."""
        try:
            write_whole(self.folder / "devices" / f"{entry.device}.json", json.dumps(asdict(entry), indent=1).encode())
        except OSError as error:
            raise Usage(f"cannot write the register: {error.strerror}", remedy="Free some space.") from error

    def retire(self, entry: Registered) -> None:
        """Note that a device is no more. Raises Usage where the disk refuses it."""
        self.register(replace(entry, state=RETIRED))

    def registered(self) -> Iterator[Registered]:
        """Every device in the register, by name. Raises Usage for a damaged entry."""
        entries = []
        for path in sorted((self.folder / "devices").glob("*.json")):
            try:
                values: dict[str, Any] = json.loads(path.read_text())
                entries.append(Registered(**values))
            except (OSError, ValueError, TypeError) as error:
                remedy = "Move it away, or put it back from a copy."
                raise Usage(f"the entry {path} is damaged", remedy=remedy) from error
        return iter(sorted(entries, key=lambda entry: entry.name))

    def find(self, device: bytes) -> Registered | None:
        """The entry of a device id, or None."""
        return next((entry for entry in self.registered() if entry.device == device.hex()), None)

    def names(self) -> dict[bytes, str]:
        """Device id -> name, for reports."""
        return {bytes.fromhex(entry.device): entry.name for entry in self.registered()}


def locate(folder: str | Path | None) -> Path:
    """The folder a command means: the one given, else $SEALWRIGHT_HOME, else ~/.sealwright."""
    return Path(folder or os.environ.get("SEALWRIGHT_HOME") or DEFAULT).expanduser().resolve()


def _passphrase() -> bytes | None:
    return os.environ.get(PASSPHRASE, "").encode("utf-8", "surrogateescape") or None
