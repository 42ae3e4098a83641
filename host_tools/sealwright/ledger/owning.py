"""Transfers of ownership, as the ledger takes them: whose word a withdrawal needs.

The owner is a function of the set of transfers (`verify.ownership`). A transfer counts as soon as its old owner is
known as the owner before it. Of two that contradict each other both are kept, and nobody withdraws until the device
says whom it obeys: so a second transfer gains its signer nothing, and holds up nobody who has the device.
"""

from dataclasses import dataclass
from typing import Final

from ..verify import Finding
from ..verify.codes import EQUIVOCATION
from ..verify.owners import step_of
from ..verify.ownership import MOST_TRANSFERS, Step, disputed
from ..wire.keys import PublicKey
from ..wire.messages import Owned, Status, Transfer
from . import book
from .store.tables import Tables

MOST_CONTRADICTING: Final = 2  # transfers of one owner and generation: they prove what more of them would


@dataclass(frozen=True, slots=True)
class Ownership:
    """The device's owner is the key `owner` (X || Y), granted at unix time `granted` by an issuer of this depth."""

    device: bytes
    owner: bytes
    depth: int
    granted: int


@dataclass(frozen=True, slots=True)
class Handover:
    """The device's owner gives it to another one; `contradicts`: to several."""

    device: bytes
    step: Step
    contradicts: bool = False


@dataclass(frozen=True, slots=True)
class Obeying:
    """The device says which owner it obeys: where transfers contradict each other, that decides."""

    device: bytes
    word: Owned


def act_on(body: Transfer | Status, found: Finding) -> Handover | Obeying | None:
    """What the message asks of the ledger; None for a status of a device that was never transferred."""
    if isinstance(body, Transfer):
        return Handover(body.device, step_of(body), found.fault is not None and found.fault.code == EQUIVOCATION)
    return None if body.owned is None else Obeying(body.device, body.owned)


def is_news(tables: Tables, act: Handover | Obeying) -> bool:
    """Whether the log has to keep it, which is a few for each device.

    A transfer: if it says what those known do not; of those that contradict one the first, where its signer was the
    owner beyond doubt, and the one that the device obeys. A word: while the owner is in doubt.

    Raises book.Refusal for a transfer without the grant, or one before it.
    """
    owners = tables.owners(act.device)
    if isinstance(act, Obeying):
        same = [one for one in owners.words if one.generation == act.word.generation]
        is_one = act.word.generation <= MOST_TRANSFERS and act.word not in same
        return disputed(owners) and is_one and len(same) < MOST_CONTRADICTING
    step = act.step
    if not owners.reaches(step.generation - 1, step.old):
        why = "its device's grant, or a transfer before it, is not known here yet, or names another owner"
        raise book.Refusal("not_the_owner", why)
    others = [one for one in owners.steps if one[:2] == step[:2]]
    obeyed = (step.generation, PublicKey(step.new).device_id) in owners.words
    if step in others:
        return False
    return not others or obeyed or (len(others) < MOST_CONTRADICTING and owners.sole(step.generation - 1, step.old))


def enter(tables: Tables, n: int, act: Handover | Obeying) -> None:
    """Bring the views up to date with row `n`."""
    if isinstance(act, Handover):
        tables.hand_over(n, act.device, act.step)
    else:
        tables.obey(n, act.device, act.word)
