"""The sum of what was checked: each device's readings, and what is owed in each channel.

Memory grows with the devices, the channels and the holes in logs, and not with the messages.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from ..money import Assets
from ..verify import Verdict
from ..verify.memory import Channel
from ..verify.readings import AHEAD, BACK, UNSET
from ..wire.messages import Message, Reading
from ..wire.messages.unread import number_and_time
from .session import Session
from .words import clock, prefixes


class Numbers:
    """A set of integers as runs."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, number: int) -> None:
        """Add one."""
        starts, ends = self._starts, self._ends
        at = bisect_right(starts, number)
        if at and number <= ends[at - 1]:
            return
        joins_before = at > 0 and ends[at - 1] == number - 1
        joins_after = at < len(starts) and starts[at] == number + 1
        if joins_before and joins_after:
            ends[at - 1] = ends[at]
            del starts[at], ends[at]
        elif joins_before:
            ends[at - 1] = number
        elif joins_after:
            starts[at] = number
        else:
            starts.insert(at, number)
            ends.insert(at, number)

    def __len__(self) -> int:
        return sum(end - start + 1 for start, end in zip(self._starts, self._ends, strict=True))

    @property
    def first(self) -> int:
        """The least."""
        return self._starts[0]

    @property
    def last(self) -> int:
        """The greatest."""
        return self._ends[-1]

    @property
    def missing(self) -> int:
        """How many between them are not in it."""
        return self.last - self.first + 1 - len(self)


@dataclass(slots=True)
class Log:
    """A device's readings that were checked. since, until: unix seconds, of readings whose time may be true."""

    numbers: Numbers = field(default_factory=Numbers)
    since: int | None = None
    until: int | None = None
    marks: Counter[str] = field(default_factory=Counter)


class Tally:
    """Takes every verdict, and the channels of every bundle."""

    def __init__(self) -> None:
        self._logs: dict[bytes, Log] = {}
        self._channels: dict[bytes, Channel] = {}

    def note(self, verdict: Verdict) -> None:
        """Count a reading whose signature holds: one after a gap counts too."""
        if verdict.type != Reading.NAME or verdict.device is None or not (verdict.ok or verdict.code == "gap"):
            return
        number, at = number_and_time(cast("Message[Reading]", verdict.message))
        log = self._logs.get(verdict.device)
        if log is None:
            log = self._logs[verdict.device] = Log()
        log.numbers.add(number)
        if verdict.mark:
            log.marks[verdict.mark] += 1
        if verdict.mark not in (UNSET, AHEAD):
            log.since = min(at, at if log.since is None else log.since)
            log.until = max(at, at if log.until is None else log.until)

    def note_channels(self, channels: Iterable[Channel]) -> None:
        """Keep what a bundle shows of its channels: of two bundles the higher amount counts."""
        for channel in channels:
            before = self._channels.get(channel.terms.digest, channel)
            self._channels[channel.terms.digest] = replace_channel(before, channel)

    def called(self, names: Mapping[bytes, str]) -> dict[bytes, str]:
        """The names of devices, and for every other one here the shortest beginning of its id."""
        parties = {party for one in self._channels.values() for party in (one.terms.payer, one.terms.payee)}
        return {**prefixes({*self._logs, *parties}), **names}

    def show(self, session: Session, called: Mapping[bytes, str]) -> None:
        """Two tables, as far as there is anything in them. called: of `called`."""
        if self._logs:
            rows = [_log_row(called[device], log) for device, log in self._logs.items()]
            session.table(("device", "readings>", "numbers", "missing>", "times", "clock"), rows)
            session.say()
        if self._channels:
            digests = prefixes(self._channels)
            rows = [_channel_row(digests, called, session.assets, one) for one in self._channels.values()]
            session.table(("channel", "payer", "payee", "owed>", "of>", "state"), rows)
            session.say()


def replace_channel(before: Channel, after: Channel) -> Channel:
    """What two bundles show of one channel."""
    funded = before.terms.funded or after.terms.funded
    return Channel(replace(after.terms, funded=funded), max(before.owed, after.owed), before.closed or after.closed)


def _log_row(name: str, log: Log) -> tuple[str, ...]:
    numbers, marks = log.numbers, log.marks
    span = f"{numbers.first}" if numbers.first == numbers.last else f"{numbers.first} to {numbers.last}"
    times = "unknown"
    if log.since is not None and log.until is not None:
        times = clock(log.since) if log.since == log.until else f"{clock(log.since)} to {clock(log.until)}"
    odd = {UNSET: "never set", AHEAD: "ahead of now", BACK: "runs back"}
    said = ", ".join(f"{text} in {marks[mark]:,}" for mark, text in odd.items() if marks[mark])
    return name, f"{len(numbers):,}", span, f"{numbers.missing:,}", times, said or "set"


def _channel_row(
    digests: Mapping[bytes, str], called: Mapping[bytes, str], assets: Assets, one: Channel
) -> tuple[str, ...]:
    terms = one.terms
    state = "closed" if one.closed else f"open until {clock(terms.expires)}"
    return (
        digests[terms.digest],
        called[terms.payer],
        called[terms.payee],
        assets.show(one.owed, terms.asset),
        assets.show(terms.capacity, terms.asset),
        state + (", funded" if terms.funded else ""),
    )
