"""What intake takes: messages that a verifier found to hold, and those that only the ledger can judge.

Which message of money counts is the ledger's to say, which knows all channels. Intake leaves out what nothing can make
good: what is no message, what nobody certified has signed, what hangs on a root that is not trusted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from ..verify import Policy, Verdict, Verifier
from ..verify.codes import EQUIVOCATION, OK
from ..wire.messages import (
    Certificate,
    Command,
    Delegation,
    Grant,
    Message,
    Offer,
    Reading,
    Revocation,
    Rotation,
    Transfer,
)
from .known import Known, KnownMemory

# of these codes nothing is taken; a copy is in the log already
LEFT_OUT: Final = frozenset(
    {
        "malformed",
        "not_deterministic",
        "wrong_type",
        "unknown_signer",
        "test_root",
        "bad_certificate",
        "bad_rotation",
        "wrong_network",
        "custody_too_low",
        "bad_signature",
        "not_a_device",
        "not_a_ledger",
    }
)
# of owners' words the ledger knows the signers: by grants, and the transfers since
_OWNERS: Final = frozenset({Command.NAME, Delegation.NAME, Grant.NAME, Transfer.NAME})
_FOR_LEDGER: Final = frozenset({"unknown_signer"})
# a reading whose signature holds; a log may have lost some before it, and what contradicts it is proof
_READINGS: Final = frozenset({OK, "gap", EQUIVOCATION, "replay"})


def is_taken(verdict: Verdict) -> bool:
    """Whether a message goes into the spool."""
    if verdict.message is None or verdict.type == Offer.NAME:
        return False
    if verdict.type == Reading.NAME:
        return verdict.code in _READINGS
    if isinstance(verdict.message.body, Certificate | Rotation | Revocation):
        return verdict.ok
    return not is_left_out(verdict)


def is_left_out(verdict: Verdict) -> bool:
    """Whether nothing can make this message good."""
    return verdict.code in LEFT_OUT and not (verdict.code in _FOR_LEDGER and verdict.type in _OWNERS)


def is_for_ledger(verdict: Verdict) -> bool:
    """Whether the verdict that counts is the ledger's."""
    return is_taken(verdict) and verdict.type != Reading.NAME


class Checking:
    """Judges bundles with what is known. It counts verdicts by code, but for those that are the ledger's to give."""

    def __init__(self, roots: list[Message[Certificate]], policy: Policy, known: Known) -> None:
        self._roots, self._policy, self._known = roots, policy, known
        self._counts: Counter[str] = Counter()

    def run(self, messages: Iterable[bytes]) -> Iterator[Verdict]:
        """A verdict for each message of one bundle, what rests on others after them."""
        verifier = Verifier(self._roots, self._policy, KnownMemory(self._known))
        for verdict in verifier.run(messages):
            if not is_for_ledger(verdict):
                self._counts[verdict.code] += 1
            if verdict.ok and verdict.message is not None:
                self._known.learn(verdict.message)
            yield verdict

    def take_counts(self) -> Counter[str]:
        """The counts, which begin anew."""
        counts, self._counts = self._counts, Counter()
        return counts
