"""Messages whose form was checked and whose digest is known, taken apart only where somebody reads them.

Limits: for the types and forms whose key hint has a fixed place.
"""

from typing import Any, ClassVar, Final, cast

from ..cose import Sign1
from ..keys import PublicKey
from .bodies import parse_as
from .measurement import Reading
from .message import B, Message
from .payment import Voucher
from .plain import KID_AT as VOUCHER_KID_AT
from .plain import PlainVoucher
from .shapes import KID_AT as READING_KID_AT
from .shapes import time_in

_SIGNATURE: Final = slice(-64, None)


class Unread(Message[B]):
    """One signed message. raw: whose form holds. digest: its name, 32 bytes."""

    __slots__ = ("_whole", "bytes", "name")
    OF: ClassVar[type[Any]]
    PLACE: ClassVar[slice]  # of its key hint

    def __init__(self, raw: bytes, digest: bytes) -> None:
        self.bytes, self.name = raw, digest
        self._whole: Message[B] | None = None

    # its parent is frozen; with one of the two alone an attribute would take three times as long to set
    __setattr__, __delattr__ = object.__setattr__, object.__delattr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.bytes, self.name)

    def read(self) -> Message[B]:
        """The message taken apart."""
        if self._whole is None:
            self._whole = cast("Message[B]", parse_as(self.bytes, self.OF))
        return self._whole

    @property
    def sign1(self) -> Sign1:  # a field there, made on demand here
        """The envelope."""
        return self.read().sign1

    @property
    def body(self) -> B:
        """What it says."""
        return self.read().body

    @property
    def raw(self) -> bytes:
        """The bytes as received."""
        return self.bytes

    @property
    def digest(self) -> bytes:
        """32 bytes: the message's name."""
        return self.name

    @property
    def kid(self) -> bytes:
        """8 bytes: a hint at the signer."""
        return self.bytes[self.PLACE]

    @property
    def signature(self) -> bytes:
        """64 bytes: r || s."""
        return self.bytes[_SIGNATURE]

    @property
    def type(self) -> str:
        """The name of the type in the schema."""
        return cast(str, self.OF.NAME)

    def signed_by(self, signer: PublicKey) -> bool:
        """Whether the signature is this key's."""
        return signer.verify(self.name, self.signature)


class UnreadReading(Unread[Reading]):
    """A reading. seen: its number, and its time as `time_in` takes it, which are known without taking it apart."""

    __slots__ = ("seen",)
    OF, PLACE = Reading, READING_KID_AT

    def __init__(self, raw: bytes, digest: bytes, seen: tuple[int, bytes]) -> None:
        self.bytes, self.name, self.seen = raw, digest, seen
        self._whole = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.bytes, self.name, self.seen)


def number_and_time(message: Message[Reading]) -> tuple[int, int]:
    """The number of a reading, and its time in unix seconds."""
    if isinstance(message, UnreadReading):
        return message.seen[0], time_in(message.seen[1])
    return message.body.seq, message.body.sampled_at


class UnreadVoucher(Unread[Voucher]):
    """A voucher."""

    __slots__ = ()
    OF, PLACE = Voucher, VOUCHER_KID_AT


class SeenVoucher(UnreadVoucher):
    """A plain voucher. says: what it says, known without taking it apart."""

    __slots__ = ("says",)

    def __init__(self, raw: bytes, says: PlainVoucher) -> None:
        self.bytes, self.name, self.says = raw, says.digest, says
        self._whole = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.bytes, self.says)
