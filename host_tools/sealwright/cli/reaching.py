"""The home of a command, and the devices that its texts mean, at the end of a link."""

from contextlib import ExitStack

from .. import emulator
from ..emulator.serial_url import wire
from ..errors import Unreachable, Usage
from ..home import Home, Registered
from ..home.urls import split_place, url_of
from ..link import Client, connect
from ..link.broker import Broker, DeviceTopics, device_of, topic_of
from ..link.transport import split_url
from ..operate.pinning import check_named


class Reach:
    """What a command reaches. home: the folder that --home names, or None. ledger: what --ledger names, or None."""

    def __init__(self, home: str | None, ledger: str | None = None) -> None:
        self.folder, self.ledger = home, ledger
        self._home: Home | None = None

    @property
    def home(self) -> Home:
        """The home. Raises Usage where there is none."""
        if self._home is None:
            self._home = Home.open(self.folder)
            self._home.ledger_named = self.ledger
        return self._home

    def unlock(self, passphrase: bytes) -> None:
        """Open the home anew with the passphrase of its keys. Raises Usage."""
        self._home = Home.open(self.folder, passphrase)
        self._home.ledger_named = self.ledger

    def connect(self, text: str) -> Client:
        """Connect to a device at its URL or bare port, at DEVICE@URL, or as `Home.resolve` finds it at the URL where
        the owner named it last. Only a tcp or serial URL needs no home. Raises Usage, Unreachable."""
        wanted, url = split_place(text)
        if url is None:
            url = url_of(text)
            if url is not None:
                return self._open(url)
            entry = self._resolve(text)
            return self._open_named(entry.where, bytes.fromhex(entry.device))
        return self._open_named(url, self.home.identify(wanted))

    def _open_named(self, url: str, device: bytes) -> Client:
        try:
            client = self._open(url)
        except Unreachable as error:
            elsewhere = "" if url.startswith("emulated:") else " If it is elsewhere now, say where: DEVICE@URL."
            raise Unreachable(str(error), remedy=f"{error.remedy}{elsewhere}", code=error.code) from error
        with ExitStack() as stack:
            stack.push(client)
            client.device = device
            if not url.startswith("mqtts:"):  # whose topics are one device's
                check_named(self.home, client)
            stack.pop_all()
        return client

    def _open(self, url: str) -> Client:
        if url.startswith("emulated:"):
            return emulator.resolve(self.home, url)
        if url.startswith("mqtts:"):
            address, wanted = Broker.parse(self.home, url)
            address = _as_hub(self.home, address)
            topic = topic_of(self.home, wanted)
            return Client(DeviceTopics(address, topic), url, device=device_of(topic))
        return connect(url)

    def wire(self, url: str) -> tuple[str, float]:
        """The wire that a device URL names, see `emulator.serial_url`; only `emulated:NAME` needs a home.

        Raises Usage."""
        url = self.url(url)
        return wire(self.home, url) if url.startswith("emulated:") else (url, 1.0)

    def url(self, text: str) -> str:
        """The URL of the device that `text` means: itself, or what the register has. Raises Usage."""
        return split_place(text)[1] or url_of(text) or self._resolve(text).where

    def _resolve(self, text: str) -> Registered:
        if ":" in text and not text.startswith("did:"):
            split_url(text)  # raises: a scheme that there is not
        try:
            home = self.home
        except Usage as error:
            if error.code != "no_home":
                raise
            what = f"{text!r} is no device URL, and {error}, whose register could have it as a name"
            raise Usage(
                what, remedy=f"Give a URL, such as serial:/dev/ttyACM0, or: {error.remedy}", code="bad_url"
            ) from error
        return home.resolve(text)


def _as_hub(home: Home, address: Broker) -> Broker:
    """At the own broker of this home's hub, a command that names no user speaks as the hub."""
    from ..hub.accounts import Accounts  # commands that reach no broker need not import it
    from ..hub.folder import HubFolder

    if address.user is not None or not (HubFolder(home.folder).broker / "accounts.json").exists():
        return address
    own = Accounts(home).broker
    return own if (own.host, own.port) == (address.host, address.port) else address
