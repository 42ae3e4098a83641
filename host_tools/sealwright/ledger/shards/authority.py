"""What gives authority, and so belongs into the log of every shard: as messages, and as the book takes them."""

from typing import Final

from ...wire.messages import Certificate, Grant, Revocation, Rotation, Status, Transfer
from ..intake import Certifying, Revoking
from ..owning import Handover, Obeying, Ownership
from ..rotating import Rotating

AUTHORITY: Final = (Certificate, Grant, Revocation, Rotation, Transfer, Status)
AUTHORITY_ACTS: Final = (Certifying, Ownership, Handover, Obeying, Revoking, Rotating)
