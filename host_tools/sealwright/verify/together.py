"""Readings by their own signatures, many at a time where a bundle shows many of one device together.

Purpose: speed. What is to be looked at beside the signatures takes two thirds of the time for a row of readings.
Limits: only what is at hand is judged together, so no verdict waits for a message that is still to come.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..wire.messages.shapes import LOG_AT
from .usual import Usual
from .verdict import Verdict

_LEAST, _MOST = 4, 64  # readings at a time
Items: TypeAlias = Sequence[tuple[int, bytes]]


def judge_at_hand(items: Items, usual: Usual, check: Callable[[int, bytes], Verdict]) -> Iterator[Verdict]:
    """The verdicts on numbered messages, in order. check: judges one."""
    at = 0
    while at < len(items):
        row = items[at : at + 1] if usual.learns(items[at][1]) else _row(items, at)
        verdicts = usual.readings(row) if len(row) >= _LEAST else []
        yield from verdicts
        # one by one where the first is not as usual: another try from each message on would be quadratic
        alone = row[len(verdicts) : len(verdicts) + 1] if verdicts else row
        yield from (check(*item) for item in alone)
        at += len(verdicts) + len(alone)


def _row(items: Items, at: int) -> Items:
    """The messages from here on with the same bytes where readings have their key's hint, up to a fixed number."""
    hint, end = items[at][1][LOG_AT], at + 1
    most = min(len(items), at + _MOST)
    while end < most and items[end][1][LOG_AT] == hint:
        end += 1
    return items[at:end]
