"""Options that several commands share, and how their values are read. Every reader raises Usage."""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from ..errors import BadCertificate, BadKey, NotABundle, Rejected, Truncated, Usage
from ..wire.bundle import read_bundle
from ..wire.certificates import load_roots
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Message

STDIN: Final = "-"
SPANS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"([0-9]{1,9})([smhd]?)")

# what commands declare; `naming` says what typer sees of it
DeviceOption = Annotated[str, "one device, by default the usual one"]
NamedDevice = Annotated[str, "one device, which must be named: what is done to it cannot be undone"]
DevicesOption = Annotated[list[str], "one device or more, by default the usual one"]
AnyDevices = Annotated[list[str], "devices, or none"]
DaysOption = Annotated[
    int | None,
    typer.Option("--valid-days", metavar="N", min=1, max=36500, help="How long its certificate is good; else no end."),
]
RenewBeforeOption = Annotated[
    int | None,
    typer.Option(
        "--renew-before",
        metavar="DAYS",
        min=0,
        help="Renew certificates so long before they end; 0: never [default: when less than a third is left].",
    ),
]
ChipOption = Annotated[
    str | None,
    typer.Option(
        "--chip",
        metavar="SERIAL",
        help="You know that the chip with this serial number is on the board: custody 2, if it signs so.",
    ),
]
ChipRootOption = Annotated[
    Path | None,
    typer.Option(
        "--chip-root",
        metavar="FILE",
        help="The root of a chip maker whose certificates you trust, in PEM [default: chip-roots.pem of the home].",
    ),
]
BoardOption = Annotated[
    str, typer.Option("--board", metavar="BOARD", help="Which board it is, such as pico or esp32_s3.")
]
BundleArgument = Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle file, or - for standard input.")]
BundlesArgument = Annotated[
    list[str], typer.Argument(metavar="BUNDLE...", help="Bundle files; - is standard input.", show_default=False)
]
OutOption = Annotated[
    str | None, typer.Option("--out", metavar="BUNDLE", help="The file to write or continue; - is standard output.")
]
SecondsOption = Annotated[float | None, typer.Option("--seconds", metavar="S", min=0, help="Go on for so long.")]
CountOption = Annotated[
    int | None, typer.Option("--count", metavar="N", min=1, help="Go on until there are so many readings.")
]
ProofOption = Annotated[
    str,
    typer.Option(
        "--proof",
        metavar="each|chained",
        help="Prove each reading by its own signature, or a run of them by one signature and the digests behind it.",
    ),
]
TestOption = Annotated[bool, typer.Option("--allow-test", help="Accept emulated boards: they chain to a test root.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="A line for every message, before the sum.")]
SecretOption = Annotated[
    list[str] | None, typer.Option("--secret", metavar="HEX", help="What opens a hash-lock; may be repeated.")
]
TickOption = Annotated[
    list[str] | None,
    typer.Option("--tick", metavar="ROOT:COUNT:HEX", help="The best tick revealed of a hash chain; may be repeated."),
]


def octets(text: str, what: str, size: int | None = None) -> bytes:
    """Bytes from hexadecimal text, `size` of them if that is given."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if not found or (size is not None and len(found) != size):
        length = f"{2 * size} hexadecimal digits" if size is not None else "hexadecimal digits, two for each byte"
        raise Usage(f"{what} {text!r} is not {length}", remedy="Copy it whole, without spaces or 0x.")
    return found


def moment(text: str) -> int:
    """Unix seconds from a number, or from an ISO 8601 time (UTC unless it says otherwise)."""
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    try:
        found = datetime.fromisoformat(text)
        seconds = int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        seconds = -1
    if seconds < 0:
        remedy = "Give unix seconds, or for example 2026-03-18T12:00:00Z."
        raise Usage(f"{text!r} is no time", remedy=remedy)
    return seconds


def span(text: str) -> int:
    """Seconds of a time such as 90s, 10m, 12h or 30d; a number alone is seconds."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Usage(f"{text!r} is no length of time", remedy="Give for example 90s, 10m, 12h or 30d.")
    return int(found[1]) * SPANS[found[2] or "s"]


def secrets(given: Sequence[str] | None) -> tuple[bytes, ...]:
    """The values of --secret."""
    return tuple(octets(text, "the secret") for text in given or ())


def ticks(given: Sequence[str] | None) -> Mapping[bytes, tuple[int, bytes]]:
    """The values of --tick: chain root -> (number, tick)."""
    found = {}
    for text in given or ():
        root, _, rest = text.partition(":")
        count, _, tick = rest.partition(":")
        if not (count.isascii() and count.isdigit() and len(count) < 10):
            raise Usage(f"the tick {text!r} is not ROOT:COUNT:HEX", remedy="COUNT is a number from 0 up.")
        found[octets(root, "the chain root", 32)] = (int(count), octets(tick, "the tick", 32))
    return found


def roots(paths: Sequence[Path]) -> list[Message[Certificate]]:
    """Root certificates from PEM files."""
    found = []
    for path in paths:
        try:
            found += load_roots(path)
        except BadCertificate as error:
            remedy = "Give the root.pem that `sealwright init` wrote for the network."
            raise Usage(f"{path} is no root certificate: {error}", remedy=remedy, code="bad_root") from error
    return found


def owner_key(path: Path) -> PublicKey:
    """An owner's public key from a PEM file."""
    try:
        return PublicKey.from_pem(path.read_bytes())
    except OSError as error:
        raise Usage(f"cannot read the key {path}: {error.strerror}", remedy="Check the path.") from error
    except BadKey as error:
        remedy = "Give the owner's public key on P-256 in PEM."
        raise Usage(f"{path} is no owner's key: {error}", remedy=remedy, code="bad_key") from error


def whole_bundle(source: str) -> Iterator[bytes]:
    """The messages of a bundle file, or of standard input for "-". Raises Usage at once where it cannot be opened, and
    Rejected where there is nothing in it or where it is no bundle."""
    with suppress(OSError):  # which opening it shows too
        _check_path(source)
    messages = read_bundle(_stdin() if source == STDIN else Path(source))
    name = "standard input" if source == STDIN else source
    try:
        first = messages.peek()
    except NotABundle as error:
        remedy = error.remedy.replace(" < FILE", "" if source == STDIN else f" < {shlex.quote(source)}")
        raise NotABundle(error.what, remedy=remedy, name=name) from error
    except Truncated as error:
        return _raise_at_first(error)
    if first is None:
        remedy = "Check that it was collected and transferred: an empty bundle proves nothing."
        raise Rejected(f"no message in {name}", remedy=remedy, code="empty_bundle")
    return messages


def _check_path(text: str) -> None:
    """Raise Usage for a text that no file can have as its path, and OSError."""
    try:
        Path(text).stat()
    except ValueError as error:  # a NUL, or characters that the file system cannot write
        raise Usage(f"{text!r} is no path", remedy="Give the path of a file.") from error


def _raise_at_first(error: Truncated) -> Iterator[bytes]:
    """A bundle whose first message is broken already: reading it raises the error."""
    yield from ()
    raise error


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise Usage("nothing is piped into standard input", remedy="Pipe a bundle in, or name its file.")
    return sys.stdin.buffer
