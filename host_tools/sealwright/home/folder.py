"""A home: the folder with an issuer's keys and roots, the register of devices, the ledger and the emulated boards.

    home.json            format, network name; written last: a folder without it is no home yet
    issuer.key owner.key test.key     PKCS 8 PEM, readable by their owner only; encrypted in a home with a passphrase
    root.pem test-root.pem            what verifiers are given
    devices/ID.json      the register, see `register`
    boards/NAME/ brokers/ grants/ revocations/     emulated boards; for the others see `kept`
    assets.toml config.toml           the declared assets, see `money`; see `config`
    readings.db                       see `readings`
    ledger.db ledger.head             see `ledger`; the last row of its log, see `bookkeeping`
    ledger.key ledger.pem             the ledger's own key, and its certificates

The test root certifies emulated boards; verifiers refuse what chains to it without `allow_test`.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from .. import clock
from ..errors import Usage
from ..files import write_whole
from ..wire.certificates import TEST_MODEL, make_root, to_pem
from ..wire.keys import PrivateKey
from .config import Config, Place, file_of, ledger_place, read_config
from .entry import RETIRED, Registered
from .keyring import Keyring
from .passphrase import passphrase_of_environment
from .register import Register

FORMAT: Final = 1
DEFAULT: Final = "~/.sealwright"


class Home(Keyring):
    """An initialised home. passphrase: of its keys, if they are encrypted."""

    def __init__(self, folder: Path, network: str, passphrase: bytes | None = None) -> None:
        super().__init__(folder, network, passphrase)
        self._config: Config | None = None
        self.ledger_named: str | None = None  # by an option: a file or a URL
        self._register = Register(folder / "devices", folder / "boards")

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
            return cls(path, str(found["network"]), passphrase or passphrase_of_environment())
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
        home = cls(path, network, passphrase or passphrase_of_environment())
        now = clock.now()
        try:
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)
            for name in ("devices", "boards"):
                (path / name).mkdir(exist_ok=True)
            for name in ("issuer", "owner", "test"):
                if not (path / f"{name}.key").exists():
                    PrivateKey.generate().save(path / f"{name}.key", home._passphrase)
            write_whole(path / "root.pem", to_pem(make_root(home.key("issuer"), network, issued_at=now)))
            test = make_root(home.key("test"), network, issued_at=now, model=f"{TEST_MODEL} machines only")
            write_whole(path / "test-root.pem", to_pem(test))
            home.ledger_certificates()
            write_whole(path / "home.json", json.dumps({"format": FORMAT, "network": network}).encode() + b"\n")
        except OSError as error:
            raise Usage(f"cannot make the home {path}: {error.strerror}", remedy="Check the path and space.") from error
        return home

    @property
    def config(self) -> Config:
        """What the home's config.toml says. Raises Usage."""
        if self._config is None:
            self._config = read_config(self.folder)
        return self._config

    @property
    def ledger_place(self) -> Place:
        return ledger_place(self.folder, self.ledger_named, self.config)

    @property
    def ledger_path(self) -> Path:
        return file_of(self.ledger_place)

    @property
    def readings_path(self) -> Path:
        return self.folder / "readings.db"

    @property
    def ledger_head_path(self) -> Path:
        return self.folder / "ledger.head"

    def board(self, name: str) -> Path:
        """The folder of the emulated board `name`."""
        return self.folder / "boards" / name

    def register(self, entry: Registered) -> None:
        """Write a device's entry, whole or not at all. Raises Usage for a new name that another device has, and where
        the disk refuses it."""
        self._register.write(entry)

    def retire(self, entry: Registered) -> None:
        """Note that a device is no more. Raises Usage where the disk refuses it."""
        self.register(replace(entry, state=RETIRED))

    def registered(self) -> Iterator[Registered]:
        """Every device in the register, by name, the retired ones too. Raises Usage for a damaged entry."""
        return iter(self._register.entries())

    def resolve(self, text: str) -> Registered:
        """The one device in use that `text` means: its name, 4 digits or more of its id, its did:key, its URL, or the
        bare port it is at. Raises UnknownDevice, and AmbiguousDevice where several fit."""
        return self._register.resolve(text)

    def identify(self, text: str, *, retired: bool = False) -> bytes:
        """The id (32 bytes) of the device that `text` means, see `resolve`; a whole id or did:key also of a device that
        is not in the register. retired: 8 digits or more of the id of one that is no more, too.

        Raises UnknownDevice, AmbiguousDevice.
        """
        return self._register.identify(text, retired=retired)

    def active(self) -> list[Registered]:
        """Every device in use, by name. Raises Usage for a damaged entry."""
        return [entry for entry in self._register.entries() if entry.active]

    def group(self, name: str) -> list[Registered]:
        """The devices in use of a group, by name. Raises Usage for a group that has none."""
        return self._register.group(name)

    def at(self, url: str) -> Sequence[Registered]:
        """The devices in use that the register has for a URL, the latest last."""
        return self._register.at(url)

    def retired(self, text: str) -> Sequence[Registered]:
        """The devices that are no more, and had the name `text` or an id that begins so."""
        return self._register.retired(text)

    def check_name(self, name: str, device: bytes | None = None) -> str:
        """`name` as it is kept. Raises Usage for what cannot be a name, or is that of another device than `device`."""
        return self._register.check_name(name, device)

    def find(self, device: bytes) -> Registered | None:
        """The entry of a device id, or None."""
        return self._register.find(device)

    def names(self) -> dict[bytes, str]:
        """Device id -> name, for reports; a device that is no more is marked."""
        return self._register.labels()


def locate(folder: str | Path | None) -> Path:
    """The folder a command means: the one given, else $SEALWRIGHT_HOME, else ~/.sealwright. Raises Usage."""
    wanted = folder or os.environ.get("SEALWRIGHT_HOME") or DEFAULT
    try:
        return Path(wanted).expanduser().resolve()
    except (ValueError, RuntimeError, OSError) as error:  # NUL; a ~USER that there is not; links in a circle
        raise Usage(f"{str(wanted)!r} is no path", remedy="Name the folder of a home.", code="no_home") from error
