"""Where a broker is, whom it must prove itself to be, and which topics are whose."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from ...errors import Usage
from ...home import Home
from ...home.urls import split_broker
from ...wire.cbor import Key, Value
from ...wire.certificates import TEST_MODEL

SCHEME: Final = "mqtts"
PORT: Final = 8883
PASSWORD: Final = "SEALWRIGHT_BROKER_PASSWORD"


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker. authority: the file with the CA that certified it; None: one of those the system trusts."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    authority: Path | None = None

    @property
    def name(self) -> str:
        """HOST:PORT."""
        return f"{self.host}:{self.port}"

    def settings(self, authority: bytes) -> dict[Key, Value]:
        """The settings that a device gets. authority: the CA's certificate in DER."""
        settings: dict[Key, Value] = {1: self.host, 2: self.port, 3: authority}
        if self.user is not None:
            settings[4] = [self.user, self.password or ""]
        return settings

    @classmethod
    def parse(cls, home: Home, url: str) -> "tuple[Broker, str]":
        """The broker of `mqtts://[USER@]HOST[:PORT][/DEVICE]`, and DEVICE. The password is taken from
        $SEALWRIGHT_BROKER_PASSWORD, the CA from the home. Raises Usage."""
        authority, wanted = split_broker(url)
        try:
            parts = urlsplit(f"{SCHEME}://{authority}")
            host, port = parts.hostname, PORT if parts.port is None else parts.port
        except ValueError:
            host, port = None, 0
        plain = authority.isprintable() and not set(authority) & set(" #?\\")
        if not host or not port or not plain or not url.startswith(f"{SCHEME}://") or parts.password is not None:
            remedy = "It looks like mqtts://[USER@]HOST[:PORT]/NAME, with %23 for a # in USER; the password goes into "
            raise Usage(f"{url!r} is no broker's URL", remedy=f"{remedy}${PASSWORD}.", code="bad_url")
        user = unquote(parts.username) if parts.username else None
        kept = home.authority(f"{host}:{port}")
        password = os.environ.get(PASSWORD) if user else None
        return cls(host, port, user, password, kept if kept.exists() else None), wanted


def topic_of(home: Home, wanted: str) -> str:
    """The topics' common beginning, with a slash, for the device of the register that `wanted` means. Raises
    UnknownDevice, AmbiguousDevice."""
    entry = home.resolve(wanted)
    return f"{network_topic(home, test=entry.model.startswith(TEST_MODEL))}{entry.device}/"


def device_of(topic: str) -> bytes:
    """The device id (32 bytes) in what `topic_of` returns."""
    return bytes.fromhex(topic.rstrip("/").rpartition("/")[2])


def network_topic(home: Home, *, test: bool) -> str:
    """The beginning of all topics of the home's network, or of its test network, with a slash."""
    return f"sealwright/{home.network_id(test=test).hex()[:16]}/"
