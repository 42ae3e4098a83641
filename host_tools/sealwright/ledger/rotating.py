"""Rotations in the log: a device's next key, kept where its certificates are, under the hint of its first key and that
of the new one. Of two that contradict each other the second is kept once, as a proof.

Limits: says nothing on whether a rotation holds; the judge's finding does, before.
"""

from dataclasses import dataclass

from ..wire.messages import Rotation, parse_message
from .store.tables import Tables


@dataclass(frozen=True, slots=True)
class Rotating:
    """The device's key of this generation has the hint `kid`; it moves nothing. contradicts: another one came first."""

    device: bytes
    generation: int
    kid: bytes
    contradicts: bool = False


def is_new(tables: Tables, act: Rotating) -> bool:
    """Whether the log has to keep it."""
    if not act.contradicts:
        return True
    first = _first(tables, act)
    return first is not None and not tables.is_contradicted(first)


def note(tables: Tables, n: int, act: Rotating) -> None:
    """Bring the views up to date with row `n`, a rotation."""
    first = _first(tables, act) if act.contradicts else None
    for kid in sorted({act.device[:8]} if act.contradicts else {act.device[:8], act.kid}):
        tables.certify(n, kid)
    if first is not None:
        tables.contradict(first, n)


def _first(tables: Tables, act: Rotating) -> int | None:
    """The row of the rotation that came first with this number."""
    for _, raw in tables.certificates(act.device[:8]):
        message = parse_message(raw)
        body = message.body
        if isinstance(body, Rotation) and (body.device, body.generation) == (act.device, act.generation):
            return tables.row_of(message.digest)
    return None
