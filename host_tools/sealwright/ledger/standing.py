"""What a payer's certificate has to last for, as settling and audit demand it: until the claim's end.

After the funding the certificate no longer matters, so the ledger looks at it once, when it locks the capacity.
"""

from ..verify import Judge
from ..verify.codes import EQUIVOCATION
from ..verify.memory import Terms
from ..wire.times import utc
from . import book


def check_standing(judge: Judge, terms: Terms) -> None:
    """Raises book.Refusal `short_certificate` for a payer whose certificates end before the channel's claim, and
    `equivocation` for one whose rotations contradict each other: nobody can tell whose key it is."""
    known = judge.signers.known_device(terms.payer)
    if terms.payer in judge.signers.lines.contradicted:
        raise book.Refusal(EQUIVOCATION, "the payer signed two rotations that contradict each other")
    if known is not None and known.ends is not None and known.ends < terms.claim_end:
        why = f"the payer's certificate ends at {utc(known.ends)} and the claim at {utc(terms.claim_end)}"
        raise book.Refusal("short_certificate", why)
