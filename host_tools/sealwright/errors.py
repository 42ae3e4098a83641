"""One exception family for the host: every error has a code for programs, a cause and a remedy for people.

`exit_code` is what a command exits with: 1 something was rejected, 2 usage, 3 unreachable, 4 refused by a
device's state or policy. Nothing in the library raises outside this family for bad input; a TypeError is a
caller's mistake.
"""

import json
import re
import shlex
from collections.abc import Sequence


class SealwrightError(Exception):
    """Base of all. The text says what is wrong; `remedy` says what to do about it."""

    exit_code = 1
    code = "error"
    remedy = ""

    def __init__(self, message: str, *, remedy: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        if remedy is not None:
            self.remedy = remedy
        if code is not None:
            self.code = code


def cause_of(error: Exception) -> str:
    """What went wrong, in the words of the operating system or in ours: never the text of a Python exception."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno} is no JSON"
    if type(error).__name__ == "TOMLDecodeError":  # not imported: few commands read such a file
        place = re.search(r"line \d+, column \d+", str(error))
        return f"{place[0] if place else 'its end'} is no TOML"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not of UTF-8"
    if isinstance(error, UnicodeError):  # of the codec for host names
        return "a part of the name is empty or too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "no answer in time" if isinstance(error, TimeoutError) else "it failed"


def how_to_install(package: str, extra: str) -> str:
    """The remedy where a package of an extra is missing. package: its name, with a version where that matters."""
    package = shlex.quote(package)
    return f'Install it: `pip install {package}`, or in a checkout `.venv/bin/pip install -e ".[{extra}]"`.'


class Rejected(SealwrightError):
    """Something given to check did not hold."""

    exit_code = 1
    code = "rejected"
    remedy = "Do not rely on it; ask its sender for a good one."


class Malformed(Rejected):
    """Bytes or values that are not what the schema says."""

    code = "malformed"
    remedy = "Transfer it again; if it stays so, its sender does not follow the schema."


class Truncated(Malformed):
    """A bundle that ends in the middle of a message, or continues with bytes that are no CBOR item."""

    remedy = "Messages before this point are usable. Transfer or collect the bundle again."


class NotABundle(Truncated):
    """A file that is no bundle from its first byte on. `what`: what it is instead, with its article."""

    code = "not_a_bundle"

    def __init__(self, what: str, *, remedy: str, name: str = "this") -> None:
        super().__init__(f"{name} is no bundle, but {what}", remedy=remedy)
        self.what = what


class NotDeterministic(Rejected):
    """Well-formed CBOR that is not in core deterministic form (RFC 8949 section 4.2.1)."""

    code = "not_deterministic"
    remedy = "Its sender must encode in core deterministic CBOR (RFC 8949 section 4.2.1)."


class WrongType(Rejected):
    """A message of another type than the ones known, or than the one expected here."""

    code = "wrong_type"
    remedy = "Check that this is a Sealwright message and that your Sealwright is not older than its sender."


class BadKey(Rejected):
    """Something that is not a P-256 key, or not a point on that curve."""

    code = "bad_key"
    remedy = "Use a P-256 (secp256r1) key."


class BadSignature(Rejected):
    """A signature that does not verify under the key it should."""

    code = "bad_signature"
    remedy = "The message was altered or signed by another key; do not rely on it."


class BadCertificate(Rejected):
    """A certificate or chain that does not prove what it should. `code` may say more exactly why."""

    code = "bad_certificate"
    remedy = "Ask the issuer for a new certificate, issued under a root you trust."


class Usage(SealwrightError):
    """A call or command that cannot be carried out as given: a missing file, an impossible option."""

    exit_code = 2
    code = "usage"


class UnknownDevice(Usage):
    """A text that names no device in use. Its code is "retired" where it names one that is no more."""

    code = "unknown_device"


class AmbiguousDevice(Usage):
    """A text that names several devices. candidates: name and beginning of the id of each."""

    code = "ambiguous_device"

    def __init__(self, message: str, *, remedy: str, candidates: Sequence[str]) -> None:
        super().__init__(message, remedy=remedy)
        self.candidates = tuple(candidates)


class BadKeyFile(Usage):
    """A key or certificate file that cannot be read, written or understood."""

    code = "bad_key_file"


class Unreachable(SealwrightError):
    """A device or service that does not answer."""

    exit_code = 3
    code = "unreachable"
    remedy = "Check that it is connected, powered and not in use by another program."


class RefusedByDevice(SealwrightError):
    """The device understood and refused: its state or its owner's policy forbids it."""

    exit_code = 4
    code = "refused"
    remedy = "See the device's state with `sealwright info`."
