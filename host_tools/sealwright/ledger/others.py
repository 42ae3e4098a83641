"""What the settlement of one log asks of the others of its ledger, where it has several: see `shards`."""

from typing import Final, Protocol

from ..wire.messages import Body, Message
from . import book
from .intake import Act


class NeedsAll(Exception):
    """The message can be taken only while nobody else writes to any log of the ledger."""


class Others(Protocol):
    """The other logs of a ledger."""

    def look(self, message: Message[Body]) -> None:
        """Called before a message is judged: a certificate that is judged is known from then on. Raises NeedsAll."""

    def help(self, act: Act, refusal: book.Refusal) -> bool:
        """Whether something was changed for which it may no longer be refused. Raises NeedsAll and book.Refusal."""

    def allow(self, act: Act) -> None:
        """Called before it is taken. Raises NeedsAll and book.Refusal."""


class _None:
    def look(self, message: Message[Body]) -> None:
        pass

    def help(self, act: Act, refusal: book.Refusal) -> bool:
        return False

    def allow(self, act: Act) -> None:
        pass


NO_OTHERS: Final[Others] = _None()
