"""What does not hold in a bundle, for people: each cause once, with what follows from it.

A refused certificate, channel-open, voucher or reading is the cause of what is refused because of it. Memory does not
grow with the number of messages: after MOST_GROUPS different problems only their codes are counted.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..verify import Verdict
from ..wire.messages import Body, Certificate, Message
from .session import Session
from .words import named, number, short

MOST_GROUPS: Final = 1000
MOST_SHOWN: Final = 20
_MOST_CAUSES: Final = 10_000
_OF_SIGNER: Final = {
    *("unknown_signer", "bad_certificate", "expired_certificate", "revoked", "wrong_network", "custody_too_low"),
    *("test_root", "not_a_device", "not_a_ledger", "superseded_key"),
}
_OF_FILE: Final = frozenset({"malformed", "not_deterministic", "wrong_type", "test_root"})  # one group for all signers


@dataclass(slots=True)
class Group:
    """Messages that are refused for one reason. first, last: their numbers. why: of the first."""

    bundle: str
    code: str
    why: str
    subject: bytes | None
    first: int
    last: int
    types: Counter[str] = field(default_factory=Counter)
    follows: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many there are, without what follows."""
        return sum(self.types.values())


class Problems:
    """Takes every verdict, keeps what is refused."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Group] = {}
        self._causes: dict[Hashable, Group] = {}
        self._beyond: Counter[str] = Counter()

    def note(self, bundle: str, verdict: Verdict) -> None:
        """Keep a verdict's reason, if it refuses its message."""
        if verdict.ok:
            return
        message = verdict.message
        cause = None if message is None else self._cause(bundle, verdict.code, message)
        group = cause or self._group(bundle, verdict)
        if group is None:
            self._beyond[verdict.code] += 1
            return
        if cause is None:
            group.types[verdict.type or "message"] += 1
            group.last = max(group.last, verdict.n)
        else:
            cause.follows[verdict.code] += 1
        for name in () if message is None else _names(message):
            if len(self._causes) < _MOST_CAUSES:
                self._causes.setdefault((bundle, name), group)

    def _group(self, bundle: str, verdict: Verdict) -> Group | None:
        subject = _subject(verdict)
        key = (bundle, verdict.code, subject)
        if key not in self._groups:
            if len(self._groups) >= MOST_GROUPS:
                return None
            self._groups[key] = Group(bundle, verdict.code, verdict.why, subject, verdict.n, verdict.n)
        return self._groups[key]

    def _cause(self, bundle: str, code: str, message: Message[Body]) -> Group | None:
        body = message.body
        names: tuple[Hashable, ...] = ()
        if code == "unknown_channel":
            names = (getattr(body, "channel", None),)
        elif code == "receipt_mismatch":
            names = (getattr(body, "voucher", None),)
        elif code == "gap":
            names = (getattr(body, "prev", None),)
        elif code in _OF_SIGNER:
            names = (("signer", message.kid),)
        return next((self._causes[bundle, name] for name in names if (bundle, name) in self._causes), None)

    def __len__(self) -> int:
        return len(self._groups)

    def show(self, session: Session, names: Mapping[bytes, str], *, several: bool) -> None:
        """Print the first MOST_SHOWN, and how many more there are. several: more than one bundle was checked."""
        groups = list(self._groups.values())
        for group in groups[:MOST_SHOWN]:
            where = f"{group.bundle}: " if several else ""
            session.say(f"{where}{group.code}: {_which(group)}{_whose(group, names)}", "red")
            session.say(f"    {group.why}")
            if group.follows:
                said = ", ".join(f"{count} {code}" for code, count in group.follows.items())
                verb = "follows" if sum(group.follows.values()) == 1 else "follow"
                session.say(f"    From it {verb}: {said}.")
        more = len(groups) - MOST_SHOWN
        if more > 0 or self._beyond:
            least = "at least " if self._beyond else ""
            session.say(
                f"There are {least}{max(more, 0) + len(self._beyond)} more problems: -v shows every message.", "red"
            )


def _which(group: Group) -> str:
    kinds = ", ".join(number(count, kind) for kind, count in group.types.items())
    if group.count == 1:
        (kind,) = group.types
        return f"message {group.first}" + (f", a {kind}" if kind != "message" else "")
    return f"messages {group.first} to {group.last}: {kinds}"


def _whose(group: Group, names: Mapping[bytes, str]) -> str:
    if group.subject is None:
        return ""
    if group.code == "unknown_channel":
        return f" of channel {short(group.subject)}"
    return f" of {named(group.subject, names)}"


def _subject(verdict: Verdict) -> bytes | None:
    """Who or what a refused message is about: a device, the hint at a key, or a channel."""
    if verdict.code in _OF_FILE or verdict.message is None:
        return None
    if verdict.code == "unknown_channel":
        channel: bytes | None = getattr(verdict.message.body, "channel", None)
        return channel
    return verdict.device or verdict.message.kid


def _names(message: Message[Body]) -> Iterator[Hashable]:
    """The names under which others refer to this message."""
    yield message.digest
    if isinstance(message.body, Certificate):
        yield ("signer", message.body.key.kid)
