"""A real MQTT broker on loopback, with a certificate of a CA made for the test."""

import ipaddress
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sealwright.emulator.board import free_port

SERVER = Path(sys.executable).parent / "nats-server"
START_SECONDS = 60


class Authority:
    """A CA. `path`: its certificate in PEM."""

    def __init__(self, folder: Path, name: str = "ca", life: timedelta = timedelta(days=9)) -> None:
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._issue(self._key.public_key(), name, None, life)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def server(
        self, host: str = "127.0.0.1", life: timedelta = timedelta(days=2), age: timedelta = timedelta(days=3)
    ) -> tuple[Path, Path]:
        """Files with a certificate for `host` (an address or a name) and its key. age: since when it is valid."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._files(host, self._issue(key.public_key(), host, host, life, age), key)

    def self_signed(self, host: str = "127.0.0.1") -> tuple[Path, Path]:
        """The same, signed by no CA."""
        key, name = ec.generate_private_key(ec.SECP256R1()), self._name
        signer, self._key, self._name = self._key, key, host
        try:
            certificate = self._issue(key.public_key(), host, host, timedelta(days=2))
        finally:
            self._key, self._name = signer, name
        return self._files(host, certificate, key)

    def _files(self, host: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
        paths = self._folder / f"{self._name}-{host}.crt", self._folder / f"{self._name}-{host}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths

    def _issue(
        self, public, name: str, host: str | None, life: timedelta, age: timedelta = timedelta(days=3)
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(
            issuer_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self._name)]),
            subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - age,
            not_valid_after=now + life,
        ).add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        if host is not None:
            made = made.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        return made.sign(self._key, hashes.SHA256())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Broker:
    """An MQTT broker on a port of its own, which keeps what it took when it is killed and started again.

    certificate: files with its certificate and key. users: name -> password; without any, everybody may come in.
    """

    def __init__(self, folder: Path, certificate: tuple[Path, Path], users: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self._log = folder / "broker.log"
        self._settings = folder / "broker.conf"
        self._process: subprocess.Popen | None = None
        accounts = ", ".join(f'{{user: "{name}", password: "{word}"}}' for name, word in (users or {}).items())
        self._settings.write_text(
            f"""
            server_name: broker
            listen: "127.0.0.1:{free_port()}"
            jetstream {{ store_dir: "{folder / "broker"}", max_memory_store: 64MB, max_file_store: 256MB }}
            mqtt {{
              listen: "127.0.0.1:{self.port}"
              tls {{ cert_file: "{certificate[0]}", key_file: "{certificate[1]}" }}
            }}
            {f"authorization {{ users: [{accounts}] }}" if accounts else ""}
            """
        )

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([SERVER, "-c", self._settings], stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the broker does not start: {self._log.read_text()}")

    def kill(self) -> None:
        """Take its power away."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def broker(tmp_path, authority):
    made = Broker(tmp_path, authority.server())
    made.start()
    yield made
    made.kill()
