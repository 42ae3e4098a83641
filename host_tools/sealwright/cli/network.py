"""`sealwright owner network`: the Wi-Fi that a device joins, the broker that it hands its readings on to, and the link
by which it trades over the air."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import RefusedByDevice, Usage, cause_of
from ..hub.accounts import HUB, Accounts
from ..link.broker import Broker, authority_der
from ..operate import owner
from ..operate.pinning import prove
from ..texts import first_line
from ..wire.cbor import Key, Value
from ..wire.certificates import TEST_MODEL
from .commands import command
from .options import DeviceOption
from .session import Session

_KINDS: Final = ("tcp", "udp", "esp-now")
_LONGEST_SSID: Final = 32  # bytes, by IEEE 802.11


@command(
    "network",
    "Name the broker it hands readings on to.",
    """
    sealwright owner network --device emulated:station --broker mqtts://broker.example:8883 --ca ca.pem
    sealwright owner network --device station --broker hub
    sealwright owner network --device serial:/dev/ttyACM0 --ssid barn --password-file wifi.txt
    sealwright owner network --device roof --ssid barn --password-file wifi.txt --peers tcp
    sealwright owner network --device emulated:station --none
    """,
)
def network(
    session: Session,
    *,
    device: DeviceOption,
    broker: Annotated[
        str | None,
        typer.Option(
            "--broker", metavar="URL|hub", help="mqtts://[USER@]HOST[:PORT], MQTT over TLS; or the hub's own."
        ),
    ] = None,
    ca: Annotated[Path | None, typer.Option("--ca", metavar="FILE", help="The CA that certified it, in PEM.")] = None,
    user_password_file: Annotated[
        Path | None, typer.Option("--user-password-file", metavar="FILE", help="The broker's password for USER.")
    ] = None,
    ssid: Annotated[str | None, typer.Option("--ssid", metavar="NAME", help="The Wi-Fi to join.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="A file with the Wi-Fi's password.")
    ] = None,
    peers: Annotated[
        str | None,
        typer.Option("--peers", metavar="KIND", help="Trade with other devices over the radio: tcp, udp or esp-now."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Forget them all.")] = False,
) -> None:
    """Name the Wi-Fi that a device joins, the broker that it hands its readings on to, and the link by which it trades
    over the air: tcp and udp go over the Wi-Fi, esp-now between ESP32 boards with none. This replaces what was set.

    With --broker hub it is given an account of its own at the broker of this home's hub, until it is revoked or wiped.
    The device keeps the passwords as plain text: on a board of custody 0, anyone who holds the board can read them.
    """
    _check(peers, ssid, password_file, some=broker is not None or ssid is not None or peers is not None, none=none)
    settings: dict[Key, Value] = {}
    if ssid is not None:
        settings[1] = [ssid, _secret(password_file)]
    target = None if broker is None else _target(session, device, broker, ca, user_password_file)
    if peers is not None:
        settings[3] = peers
    if target is not None and target.authority is not None:
        settings[2] = target.settings(authority_der(target.authority))
    with session.connect(device) as client:
        if client.info().raw.get("uplink", ()) is None:
            remedy = "Collect from it over its link: `sealwright collect --follow`."
            raise RefusedByDevice(
                f"{device} has no network, and so no way to a broker", remedy=remedy, code="unsupported"
            )
        owner.set_network(session.home, client, settings or None)
    if target is not None and target.authority is not None:
        session.home.keep_authority(target.name, target.authority.read_bytes())
    session.emit(ok=True, device=device, broker=target and target.name, ssid=ssid, peers=peers)
    session.say(f"{device} " + (f"hands its readings on to {target.name} now" if target else _summary(ssid)))
    if peers is not None:
        session.say(f"It trades by {peers}; `sealwright info` shows its address once the link is up")


def _check(peers: str | None, ssid: str | None, password_file: Path | None, *, some: bool, none: bool) -> None:
    """Raise Usage for options that do not go together."""
    if none == some:
        remedy = "Give --broker and --ca, --ssid and --password-file, --peers, or --none."
        raise Usage("name a broker, a Wi-Fi or a link to peers", remedy=remedy)
    if peers is not None and peers not in _KINDS:
        raise Usage(f"there is no link of kind {peers!r}", remedy=f"Give one of {', '.join(_KINDS)}.")
    if peers not in (None, "esp-now") and ssid is None:
        raise Usage(f"--peers {peers} goes over a Wi-Fi", remedy="Give --ssid and --password-file too.")
    if ssid is not None and not 1 <= len(ssid.encode("utf-8", "surrogateescape")) <= _LONGEST_SSID:
        raise Usage(f"{ssid!r} is no name of a Wi-Fi", remedy=f"Give 1 to {_LONGEST_SSID} bytes.")
    if ssid is None and password_file is not None:
        raise Usage("--password-file without --ssid", remedy="Name the Wi-Fi; a broker's is --user-password-file.")


def _summary(ssid: str | None) -> str:
    return f"joins the Wi-Fi {ssid} and knows no broker now" if ssid is not None else "knows no broker now"


def _target(session: Session, device: str, url: str, ca: Path | None, password: Path | None) -> Broker:
    """The broker as the device is to know it, with the CA's file."""
    if url == HUB:
        if ca is not None or password is not None:
            raise Usage("--broker hub brings its CA and its password", remedy="Leave out the files.")
        return _hub(session, device)
    found, rest = Broker.parse(session.home, url)
    if rest:
        raise Usage(f"{url} names a device", remedy="Give the broker alone: mqtts://[USER@]HOST[:PORT].")
    if ca is None:
        raise Usage("--broker without --ca", remedy="Give the CA that certified the broker: it is always checked.")
    return replace(found, password=_secret(password), authority=ca)


def _hub(session: Session, device: str) -> Broker:
    """The hub's broker with an account for this device."""
    with session.connect(device) as client:
        entry = session.home.find(prove(session.home, client).body.device)
    if entry is None:
        remedy = "Let it in: `sealwright provision`, or `sealwright devices adopt`."
        raise Usage(f"{device} is not in the register, so the hub gives it no account", remedy=remedy)
    test = entry.model.startswith(TEST_MODEL)
    return Accounts(session.home).issue(bytes.fromhex(entry.device), test=test)


def _secret(file: Path | None) -> str:
    """The first line of a file; nothing where there is no file."""
    try:
        return "" if file is None else first_line(file.read_bytes())
    except (OSError, ValueError) as error:
        raise Usage(f"cannot read {file}: {cause_of(error)}", remedy="Check the path.") from error
