"""What the network's ledger signs about a channel: `funding`, its capacity is locked, and `refund`, the rest is back.

Anyone may bring one: the ledger's signature alone decides. A device whose grant names no ledger has neither.
"""

from . import channel, identity, labels, messages
from .channel import FUNDING, OPEN, REFUND
from .errors import BadCertificate, Malformed, Refused, UnknownChannel, Unsupported, WrongNetwork
from .records import PAYEE_ROLE, PAYER_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Terms
    from .journal import Journal
    from .ports import Item


class Fundings:
    """The ledger of the device's network. ledger: its id, 32 bytes, or None."""

    ledger: bytes | None
    _public: bytes

    def __init__(self, journal: "Journal", chain: list[bytes] | None, network: bytes) -> None:
        """chain: the ledger's certificates, leaf first, whose signatures were checked with the grant.
        Raises BadCertificate, WrongNetwork."""
        self._journal = journal
        self.ledger = None
        if chain is not None:
            claims = messages.parse(chain[0], labels.CERTIFICATE).payload
            if not claims.get(labels.ROLES, 0) & labels.ROLE_LEDGER:
                raise BadCertificate("the certificate is not a ledger's")
            if claims[labels.NETWORK] != network:
                raise WrongNetwork("the ledger is another network's")
            self._public = identity.public_of(claims[labels.CNF][labels.CNF_KEY])
            self.ledger = identity.device_id(self._public)

    def check(self, raw: bytes, kind: int, terms: "Terms") -> None:
        """Raise unless `raw` is the ledger's message of type `kind` for the whole of the channel `terms`.
        Raises Malformed, WrongType, UnknownChannel, Refused, BadSignature, Unsupported (no ledger)."""
        if self.ledger is None:
            raise Unsupported("the grant names no ledger")
        message = messages.parse(raw, kind)
        if message.payload[labels.FUNDING_CHANNEL] != terms.digest:
            raise UnknownChannel("a ledger's message for another channel")
        if terms.ledger != self.ledger:
            raise Refused("the channel names another ledger")
        if kind == labels.FUNDING and message.payload[labels.FUNDING_AMOUNT] < terms.capacity:
            raise Refused("the ledger locked less than the channel's capacity")
        message.verify(self._public)

    @staticmethod
    def covers(raw: bytes | None, terms: "Terms", now: int | None, margin: int) -> bool:
        """Whether the ledger holds the channel's money for `margin` seconds from `now` on, by the funding `raw`.

        A payer may have closed the channel the moment it was funded, and shown the funding later: after the window the
        ledger gave the money back."""
        if raw is None or now is None:
            return False
        return now + margin < messages.recall(raw, labels.FUNDING).payload[labels.IAT] + terms.window

    def take(self, raw: "Item") -> bool:
        """Store a funding or a refund with its channel, in either role; returns True. Idempotent.
        Raises as `check`."""
        if not isinstance(raw, bytes):
            raise Malformed("a ledger's message is bytes")
        message = messages.parse(raw)
        key = {labels.FUNDING: FUNDING, labels.REFUND: REFUND}.get(message.type)
        if key is None:
            raise Malformed("neither a funding nor a refund")
        digest, found = message.payload[labels.FUNDING_CHANNEL], False
        for role in (PAYER_ROLE, PAYEE_ROLE):
            record = channel.find_record(self._journal, role, digest)
            if record is None:
                continue
            found = True
            if key not in record:
                self.check(raw, message.type, channel.terms(record[OPEN]))
                new_record = dict(record)
                new_record[key] = raw
                self._journal.put(channel.record_name(role, digest), new_record)
        if not found:
            raise UnknownChannel("no such channel")
        return True
