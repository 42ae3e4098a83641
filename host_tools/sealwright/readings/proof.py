"""The smallest bundle that proves a reading of the store to anyone who has the root.

It has what certifies the signer, its rotations and revocations, and the reading. Where the reading's own signature does
not hold, because a later one's proved it when it was taken, it has the readings up to the first one whose own does.
Limits: a verifier draws some of the signatures under a chain, so one in 256 checks of such a proof refuses the reading
itself. What the store does not know it cannot show, such as a revocation that no bundle brought.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from ..errors import Rejected
from ..verify import Policy, Verdict, Verifier
from ..verify.codes import REMEDIES
from ..verify.policy import CHAINED, EACH
from ..wire.keys import PublicKey
from ..wire.messages import Body, Certificate, Message, Reading, Revocation, Rotation
from ..wire.messages.message import AnyBody
from .faults import ReadingsDamaged
from .kept import parsed, reading_of
from .tables import Stored

B = TypeVar("B", bound=AnyBody)
MOST: Final = 100_000  # readings up to the one whose signature proves the first
_AGAIN: Final = "Import the bundle that it came from again."
_THEN: Final = "If it held when it was signed, check as of then: --at TIME."
_TIMED: Final = ("expired_certificate", "not_yet_valid")
_REMEDIES: Final = {
    "test_root": "An emulated board signs under a test root: give --allow-test to prove what one signed.",
    "unknown_signer": "Check it under the root that it was imported with: --root FILE.",
}
_TRIES: Final = 3  # of each 256 signatures under a chain one is drawn and checked
_DEEPEST: Final = 16  # certificates from a device to its root


class Source(Protocol):
    """Where readings and what proves their signers come from: a store."""

    def device_of(self, stored: Stored) -> bytes:
        """The id of the device that signed a reading."""

    def support(self, about: bytes) -> Iterable[bytes]:
        """What proves the signers whose device id begins so (8 bytes)."""

    def find(self, device: bytes, seq: int) -> Stored | None:
        """A reading by its device (id) and number."""


class Proof(NamedTuple):
    """What proves a reading. raws: of the bundle, in order. chain: how many readings follow it there. verdict: on the
    reading, as a verifier gives it."""

    raws: tuple[bytes, ...]
    chain: int
    verdict: Verdict


def prove(stored: Stored, source: Source, roots: Iterable[Message[Certificate]], policy: Policy) -> Proof:
    """The proof of a reading, checked as anybody would check it. policy: its `proof` is chosen here.

    Raises Rejected where the reading does not hold, or where what proves it is not there; ReadingsDamaged where the
    store has something else than it says.
    """
    device = source.device_of(stored)
    known = [parsed(raw) for raw in source.support(device[:8])]
    certificates, rotations = _of(known, Certificate), _of(known, Rotation)
    keys = [*(one.body.key for one in certificates), *(one.body.key for one in rotations)]
    run = _run(stored, keys, lambda seq: source.find(device, seq))
    rotations.sort(key=lambda one: one.body.generation)
    chain = _certificates(certificates, source.support)
    kids = dict.fromkeys(one.body.key.kid for one in chain)  # of the device and of its issuers
    revoked = [one for kid in kids for one in _of(map(parsed, source.support(kid)), Revocation)]
    parts: list[Message[Any]] = [*chain, *rotations, *revoked, *run]
    raws = tuple(dict.fromkeys(one.raw for one in parts))
    policy = replace(policy, proof=CHAINED if len(run) > 1 else EACH)
    verdict = _judged(stored.digest, raws, roots, policy)
    for _ in range(_TRIES if len(run) > 1 else 0):
        if verdict is not None and not verdict.ok:  # its own signature may have been drawn, which does not hold
            verdict = _judged(stored.digest, raws, roots, policy)
    if verdict is None:
        raise Rejected("what proves this reading is not in the store", code="not_proved", remedy=_AGAIN)
    if not verdict.ok:
        remedy = _THEN if verdict.code in _TIMED else _REMEDIES.get(verdict.code) or REMEDIES.get(verdict.code)
        raise Rejected(f"this reading does not hold: {verdict.why}", code=verdict.code, remedy=remedy)
    if verdict.device != device:
        signer = "no device" if verdict.device is None else verdict.device.hex()
        raise ReadingsDamaged(f"readings.db has a reading of {signer} as one of {device.hex()}: it was edited")
    return Proof(raws, len(run) - 1, verdict)


def _judged(
    digest: bytes, raws: Iterable[bytes], roots: Iterable[Message[Certificate]], policy: Policy
) -> Verdict | None:
    """The verdict on the reading with this digest."""
    return next((one for one in Verifier(roots, policy).run(raws) if one.digest == digest), None)


def _run(stored: Stored, signers: Sequence[PublicKey], find: Callable[[int], Stored | None]) -> list[Message[Reading]]:
    """The reading, and those after it up to one whose own signature holds."""
    run = [reading_of(stored)]
    while not any(run[-1].signed_by(key) for key in signers):
        following = find(run[-1].body.seq + 1) if len(run) < MOST else None
        message = None if following is None else reading_of(following)
        if message is None or message.body.prev != run[-1].digest:
            why = f"its signature does not hold, and no reading up to {run[-1].body.seq} has one that proves it"
            raise Rejected(f"this reading cannot be proved: {why}", code="not_proved", remedy=_AGAIN)
        run.append(message)
    return run


def _certificates(
    leaves: Sequence[Message[Certificate]], support: Callable[[bytes], Iterable[bytes]]
) -> list[Message[Certificate]]:
    """The newest certificate of each network and issuer, and those of the issuers above, highest first."""
    newest: dict[tuple[bytes, bytes | None], Message[Certificate]] = {}
    for one in sorted(leaves, key=lambda one: one.body.issued_at):
        newest[one.kid, one.body.network] = one
    found = list(newest.values())
    for one in found:
        if len(found) < _DEEPEST:
            above = _of(map(parsed, support(one.kid)), Certificate)
            found += [issuer for issuer in above if issuer not in found and not _is_root(issuer)]
    return found[::-1]


def _is_root(certificate: Message[Certificate]) -> bool:
    return certificate.kid == certificate.body.key.kid  # who checks has it, or trusts another


def _of(messages: Iterable[Message[Body]], cls: type[B]) -> list[Message[B]]:
    return [Message(one.sign1, one.body) for one in messages if isinstance(one.body, cls)]
