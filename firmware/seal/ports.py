"""The ports: what the package requires of a board, as Protocols. For type checkers and readers; never imported.

Those of links are in `link_ports`; `slots` has the port that is the loader's.
"""

from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

from .link_ports import Beacon, ConnectionHandler, Hear, KeepingLink  # noqa: F401 - readers find all ports here
from .link_ports import Link, PeerLink, Radio, Reader, Stream, Uplink, Writer  # noqa: F401

Item = Any  # any CBOR value: int, bytes, str, bool, None, list, dict, `cbor.Tag`
Claims = Dict[int, Item]  # a message's payload, or its header: labels to values
Record = Dict[int, Item]  # a record of the journal
Handler = Callable[[Item], Item]  # a request's item to its reply's
Handlers = Dict[int, Handler]  # by request kind
Random = Callable[[int], bytes]  # n to n random bytes
Ticks = Any  # of compat.ticks_ms: for ticks_add and ticks_diff alone, as it wraps
Check = Callable[[Item], bool]
Table = Dict[int, Tuple[bool, Check]]  # of a map: key to (required, check)
Quantity = Tuple[
    str, str, int, Optional[int]
]  # name, SenML unit, exponent, mantissa (None: no value): mantissa * 10**exponent
Sample = Tuple[int, List[Quantity]]  # how long before the newest one, in seconds; what was measured


class Clock(Protocol):
    def now(self) -> int:
        """Unix seconds, UTC."""

    @property
    def quality(self) -> int:
        """0 unset, 1 since boot, 2 set by host, 3 network."""

    def set(self, unix: int, quality: int) -> None:
        """Set the clock, whatever it was; `timekeeping` says which times a device believes."""


class Entropy(Protocol):
    @property
    def sources(self) -> List[Callable[[int], bytes]]:
        """Callables(n) -> n raw bytes, for `entropy.Pool` to test and to mix. Every bit of a byte is noise."""

    @property
    def extras(self) -> List[Callable[[int], bytes]]:
        """Callables(n) -> n bytes, mixed in without credit: no replacement for a source."""


class KeyStore(Protocol):
    @property
    def custody(self) -> int:
        """0 open, 1 sealed, 2 element."""

    def has(self, slot: int) -> bool: ...

    def generate(self, slot: int, random: Callable[[int], bytes]) -> bytes:
        """Make a key; returns its public half as `public` does."""

    def public(self, slot: int) -> bytes:
        """64 bytes, X || Y. No getter for a private key exists."""

    def sign(self, slot: int, digest: bytes, extra: bytes = b"") -> bytes:
        """64 bytes, r || s, verified before it is returned."""

    def wipe(self, slot: int) -> None: ...


class PreparingKeyStore(KeyStore, Protocol):
    def idle(self, random: Callable[[int], bytes]) -> bool:
        """Prepare a signature, when nothing else is handled; whether there was one to prepare."""


class BlockDevice(Protocol):
    """MicroPython's extended block device interface, as `rp2.Flash` and `esp32.Partition` have it."""

    def readblocks(self, block: int, buffer: Any, offset: int) -> Any: ...

    def writeblocks(self, block: int, buffer: Any, offset: int) -> Any:
        """Program erased bytes; with an offset nothing is erased."""

    def ioctl(self, operation: int, argument: int) -> Any: ...


class Store(Protocol):
    def read(self, name: str) -> Optional[bytes]: ...

    def read_at(self, name: str, at: int, size: int) -> bytes: ...

    def size(self, name: str) -> int: ...

    def create_ahead(self, name: str, blocks: int) -> bool:
        """Make the record an extent, see `extent`; False where the store has none."""

    def is_ahead(self, name: str) -> bool: ...

    def program(self, name: str, at: int, data: bytes) -> None: ...

    def write(self, name: str, data: "bytes | bytearray") -> None:
        """Replace the whole record: old or new after a power cut."""

    def append(self, name: str, data: bytes) -> None: ...

    def remove(self, name: str) -> None: ...

    def names(self) -> List[str]: ...

    def free_blocks(self) -> int: ...


class Sensor(Protocol):
    @property
    def model(self) -> str: ...

    def read(self) -> List[Quantity]: ...


class Meter(Sensor, Protocol):
    def look(self) -> List[Quantity]:
        """As `read`, as quickly as the sensor can: for a count that nobody signs."""

    def restore(self, joules: int) -> None:
        """Continue from the count in a signed reading: the count never falls."""


class Button(Protocol):
    def pressed(self) -> bool:
        """Whether a person presses the button now."""


class Sleeper(Protocol):
    def light(self, ms: int) -> bool:
        """Sleep for up to `ms`: RAM, ticks and the clock go on, a radio is off until `rise`. Returns whether the button
        or a link has woken the board."""

    def rise(self) -> None:
        """End the sleep: switch on again what `light` has switched off. Idempotent."""


class Board(Protocol):
    @property
    def model(self) -> str: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def entropy(self) -> Entropy: ...

    @property
    def keystore(self) -> KeyStore: ...

    @property
    def store(self) -> Store: ...

    @property
    def sensors(self) -> List[Sensor]: ...

    @property
    def meter(self) -> Optional[Meter]:
        """The sensor among `sensors` that counts the goods, if any."""

    @property
    def button(self) -> Button: ...

    @property
    def sleeper(self) -> Sleeper: ...

    @property
    def command_links(self) -> List[Link]:
        """For hosts; for peers too: a relay brings them."""

    @property
    def peer_links(self) -> List[PeerLink]:
        """Links to other devices that are there from the start."""

    @property
    def radio(self) -> Optional[Radio]:
        """Makes one more peer link, of the kind that the owner chose; None on a board without a radio."""

    @property
    def console(self) -> Optional[Callable[[str], None]]:
        """Prints a log line; None if the console is the wire of a link."""

    @property
    def uplink(self) -> Optional[Callable[[], Uplink]]:
        """Creates the connection to a broker; None on a board without one."""
