"""What may be asked of an agent: a closed list of acts, each with its own fields, all of them checked.

An act names what is to happen, and the agent builds the message from exactly these fields, the ones that it shows. No
act carries bytes to sign, a number of a command, or a time.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from shlex import quote
from typing import Any, ClassVar, Final, TypeAlias

from ..errors import Usage
from ..home import Home
from ..money import Assets, check_name
from ..operate.renewing import REASONS

MOST_AMOUNT: Final = 2**63 - 1
MOST_REFERENCE: Final = 100
_ID: Final = re.compile(r"[0-9a-f]{64}")
_AMOUNT: Final = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class _OfDevice:
    """device: its id in hexadecimal."""

    device: str

    kind: ClassVar[str] = ""
    what: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Renew(_OfDevice):
    """A new certificate, as long as the last one."""

    kind: ClassVar[str] = "renew"
    what: ClassVar[str] = "Give a device a new certificate, as long as its last one"


@dataclass(frozen=True, slots=True)
class Revoke(_OfDevice):
    """Its certificates count no more. reason: of `renewing.REASONS`."""

    reason: str

    kind: ClassVar[str] = "revoke"
    what: ClassVar[str] = "Take back a device's certificates, for good"


@dataclass(frozen=True, slots=True)
class Withdraw(_OfDevice):
    """Money leaves the ledger. amount: in smallest units, as text: JavaScript rounds large numbers."""

    asset: str
    amount: str
    reference: str = ""

    kind: ClassVar[str] = "withdraw"
    what: ClassVar[str] = "Take money of a device out of the ledger"


@dataclass(frozen=True, slots=True)
class Pause(_OfDevice):
    """It spends nothing until its owner resumes it."""

    kind: ClassVar[str] = "pause"
    what: ClassVar[str] = "Stop a device from spending"


Act: TypeAlias = Renew | Revoke | Withdraw | Pause
ACTS: Final[dict[str, type[Act]]] = {one.kind: one for one in (Renew, Revoke, Withdraw, Pause)}
ALLOWABLE: Final = (Renew.kind, Pause.kind)  # what may be done unasked: it moves no money and can be undone


def parse_act(values: Mapping[str, Any]) -> Act:
    """An act from its kind and fields, all of them texts. Raises Usage (code bad_act) for anything else."""
    given = dict(values)
    found = ACTS.get(str(given.pop("kind", "")))
    if found is None:
        raise _bad(f"an agent does not know the act {values.get('kind')!r}")
    known = {one.name for one in fields(found)}
    if not set(given) <= known or not all(isinstance(one, str) for one in given.values()):
        raise _bad(f"{found.kind} takes {', '.join(sorted(known))}, each a text")
    try:
        act = found(**given)
    except TypeError:
        raise _bad(f"{found.kind} lacks some of {', '.join(sorted(known))}") from None
    _check(act)
    return act


def _check(act: Act) -> None:
    if not _ID.fullmatch(act.device):
        raise _bad("the device is no id of 64 hexadecimal digits")
    if isinstance(act, Revoke) and act.reason not in REASONS:
        raise _bad(f"the reason is none of {', '.join(REASONS)}")
    if isinstance(act, Withdraw):
        check_name(act.asset)
        if not _AMOUNT.fullmatch(act.amount) or int(act.amount) > MOST_AMOUNT:
            raise _bad("the amount is no whole number of smallest units above 0")
        if len(act.reference) > MOST_REFERENCE or not act.reference.isprintable():
            raise _bad(f"the reference is no line of at most {MOST_REFERENCE} printable characters")


def _bad(why: str) -> Usage:
    return Usage(why, remedy="Ask for one of the acts that `sealwright agent --help` lists.", code="bad_act")


def values_of(act: Act) -> dict[str, str]:
    """The same as texts."""
    return {"kind": act.kind, **asdict(act)}


def shown(act: Act, home: Home) -> list[tuple[str, str]]:
    """What a person reads before they say yes: every field of the act, in their words. Raises Usage for a device that
    this home does not know."""
    entry = home.find(bytes.fromhex(act.device))
    if entry is None:
        raise Usage("this home has no such device", remedy="`sealwright devices --all` lists them.", code="no_device")
    rows = [("act", act.what), ("device", entry.label), ("id", act.device)]
    if isinstance(act, Revoke):
        rows.append(("reason", act.reason))
    if isinstance(act, Withdraw):
        amount = Assets.read(home.folder).show(int(act.amount), act.asset)
        rows += [("amount", amount), ("exactly", f"{int(act.amount):,} smallest units of {act.asset}")]
        rows.append(("reference", act.reference or "none"))
    return rows


def command_of(act: Act, name: str, *, ends: bool) -> str:
    """The command line that does the same. name: the device's; ends: whether its certificate has an end."""
    match act:
        case Renew():
            return f"sealwright renew {quote(name)}" + (" --within 36500d" if ends else "")
        case Revoke():
            return f"sealwright revoke {quote(name)} --reason {act.reason}"
        case Pause():
            return f"sealwright owner pause --device {quote(name)}"
        case Withdraw():
            reference = f" --reference {quote(act.reference)}" if act.reference else ""
            return (
                f"sealwright ledger withdraw {quote(name)} --asset {quote(act.asset)} --amount {act.amount}{reference}"
            )
