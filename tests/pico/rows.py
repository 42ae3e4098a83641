"""The rows of `make bench-device`: what is measured, in which unit, against which goal.

A topic is a module with a function `rows(uf2)`, which gives (Row, figure) pairs as it measures them. `bench.TOPICS`
lists the topics. A row without a goal is there to be known. A figure of None is one that this run could not measure.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

MET, MISSED, NO_GOAL, NOT_MEASURED = "met", "MISSED", "", "not measured"


class Row(NamedTuple):
    """One figure of the bench. goal: at most that, or at least that where `is_least`."""

    name: str
    unit: str
    goal: float | None = None
    is_least: bool = False

    def verdict(self, figure: float | None) -> str:
        """Whether `figure` reaches the goal, as one of the four words above."""
        if figure is None:
            return NOT_MEASURED
        if self.goal is None:
            return NO_GOAL
        return MET if (figure >= self.goal if self.is_least else figure <= self.goal) else MISSED


def taken(topic: str, pairs: Iterable[tuple[Row, float | None]]) -> list[dict[str, Any]]:
    """The pairs as rows of the file, each printed as it comes."""
    rows = []
    for row, figure in pairs:
        verdict = row.verdict(figure)
        shown = "-" if figure is None else f"{figure:,.10g}"
        goal = "" if row.goal is None else f"{'>=' if row.is_least else '<='} {row.goal:,.10g}"
        print(f"{topic:8} {row.name:44} {shown:>11} {row.unit:6} {goal:>12}  {verdict}", flush=True)
        rows.append(
            {"topic": topic, "name": row.name, "unit": row.unit, "figure": figure}
            | {"goal": row.goal, "at": "least" if row.is_least else "most", "verdict": verdict}
        )
    return rows
