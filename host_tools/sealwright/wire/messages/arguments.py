"""Arguments of the commands that a ledger carries out: deposit and withdraw.

Source: firmware/schema/sealwright.cddl, rules `deposit-arguments` and `withdraw-arguments`. `read_arguments` and
`write_arguments` are the way from and to `Command.arguments`. Ledger ids are device ids, 32 bytes; amounts are in the
asset's smallest unit, 0 <= n < 2**63. Fields that may be absent default to None.
"""

from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from ..cbor import Value
from .asset import ASSET, FIRST_VERSION_ASSET
from .schema import AMOUNT, HASH, TEXT, at, read, write


@dataclass(frozen=True, slots=True)
class DepositArguments:
    """`amount` of `asset` came in for the command's device, at the ledger. No ledger: a first version's command."""

    OP: ClassVar[str] = "deposit"

    asset: str = field(metadata=at(1, FIRST_VERSION_ASSET))
    amount: int = field(metadata=at(2, AMOUNT))
    ledger: bytes | None = field(default=None, metadata=at(3, HASH))


@dataclass(frozen=True, slots=True)
class WithdrawArguments:
    """`amount` of `asset` leaves the ledger from the command's device. reference: what the payment out is to name."""

    OP: ClassVar[str] = "withdraw"

    asset: str = field(metadata=at(1, ASSET))
    amount: int = field(metadata=at(2, AMOUNT))
    ledger: bytes = field(metadata=at(3, HASH))
    reference: str | None = field(default=None, metadata=at(4, TEXT))


A = TypeVar("A", DepositArguments, WithdrawArguments)


def read_arguments(cls: type[A], arguments: Value) -> A:
    """The arguments of a command whose op is `cls.OP`. Raises Malformed, naming the field."""
    return read(cls, arguments)


def write_arguments(arguments: DepositArguments | WithdrawArguments) -> Value:
    """What `Command.arguments` is to be. Raises Malformed, naming the field, for what the schema does not allow."""
    content = write(arguments)
    read(type(arguments), content)
    return content
