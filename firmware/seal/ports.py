"""What the logic needs of a board, as Protocols. For type checkers and readers: no device code imports this file."""

from typing import Any, Callable, Coroutine, Dict, List, Optional, Protocol, Tuple

Item = Any  # any CBOR value: int, bytes, str, bool, None, list, dict, `cbor.Tag`
Claims = Dict[int, Item]  # a message's payload, or its header: labels to values
Record = Dict[int, Item]  # a record of the journal
Handler = Callable[[Item], Item]  # a request's item to its reply's
Handlers = Dict[int, Handler]  # by request kind
Random = Callable[[int], bytes]  # n to n random bytes
Ticks = Any  # of compat.ticks_ms: for ticks_add and ticks_diff alone, as it wraps
Check = Callable[[Item], bool]
Table = Dict[int, Tuple[bool, Check]]  # of a map: key to (required, check)
Quantity = Tuple[str, str, int, int]  # name, SenML unit, exponent, mantissa: value = mantissa * 10**exponent


class Clock(Protocol):
    def now(self) -> int:
        """Unix seconds, UTC."""

    @property
    def quality(self) -> int:
        """What `now` is worth: 0 unset, 1 since boot, 2 set by host, 3 network."""

    def set(self, unix: int, quality: int) -> None:
        """Set the clock; a source worse than the present one is ignored."""


class Entropy(Protocol):
    @property
    def sources(self) -> List[Callable[[int], bytes]]:
        """Callables that give n raw bytes, health-tested and pooled by `entropy.Pool`; none is trusted alone."""

    @property
    def extras(self) -> List[Callable[[int], bytes]]:
        """Callables that give n bytes to mix in and to count for nothing: they cannot stand in for a source."""


class KeyStore(Protocol):
    @property
    def custody(self) -> int:
        """0 open, 1 sealed, 2 element."""

    def has(self, slot: int) -> bool: ...

    def generate(self, slot: int, random: Callable[[int], bytes]) -> bytes:
        """Make a key; returns its public half as `public` does."""

    def public(self, slot: int) -> bytes:
        """64 bytes, X || Y. There is no getter for a private key."""

    def sign(self, slot: int, digest: bytes, extra: bytes = b"") -> bytes:
        """64 bytes, r || s, verified before it is returned."""

    def wipe(self, slot: int) -> None: ...


class PreparingKeyStore(KeyStore, Protocol):
    def idle(self, random: Callable[[int], bytes]) -> bool:
        """Prepare a signature, when nothing else is handled; whether there was one to prepare."""


class Store(Protocol):
    def read(self, name: str) -> Optional[bytes]: ...

    def write(self, name: str, data: bytes) -> None:
        """Replace the whole record: old or new at every power cut."""

    def append(self, name: str, data: bytes) -> None: ...

    def remove(self, name: str) -> None: ...

    def names(self) -> List[str]: ...


class Sensor(Protocol):
    @property
    def model(self) -> str: ...

    def read(self) -> List[Quantity]: ...


class Meter(Sensor, Protocol):
    def restore(self, joules: int) -> None:
        """Go on from a count that a signed reading shows: the count never falls."""


class Reader(Protocol):
    async def read(self, n: int) -> bytes: ...


class Writer(Protocol):
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


ConnectionHandler = Callable[[Reader, Writer], Coroutine[Any, Any, None]]


class Stream(Reader, Writer, Protocol):
    def close(self) -> None: ...


class Link(Protocol):
    async def serve(self, handler: ConnectionHandler) -> None:
        """Call `handler(reader, writer)` for each connection, for ever, and end the connection when it returns."""


class PeerLink(Link, Protocol):
    @property
    def address(self) -> str:
        """Where other devices reach this one, as `connect` takes it."""

    async def connect(self, address: str) -> Tuple[Stream, Stream]: ...

    async def disconnect(self, writer: Any) -> None:
        """End a connection; `writer` is that of `connect`."""


class Uplink(Protocol):
    """The way to a broker: messages by topic, to others and from them."""

    async def join(self, wifi: Optional[List[str]]) -> None:
        """Be on the network; wifi: [ssid, password]."""

    async def connect(
        self,
        host: str,
        port: int,
        authority: bytes,
        client: str,
        will: Tuple[str, bytes],
        user: Optional[List[str]] = None,
    ) -> None: ...

    async def subscribe(self, topic: str) -> None:
        """Have what comes on `topic` in `read`."""

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Returns when the broker has it. Raises Unreachable: it may have it, or not."""

    async def read(self, n: int) -> bytes: ...

    def check(self) -> None:
        """Raise Unreachable once the connection is over."""

    async def disconnect(self) -> None: ...


class Button(Protocol):
    def pressed(self) -> bool:
        """Whether a person agrees, now."""


class Slots(Protocol):
    """Where firmware lies, and which runs: the loader's, from outside `seal`."""

    @property
    def slot(self) -> Optional[str]:
        """The slot that runs, "a" or "b"; None: none of them, but what the board came with."""

    @property
    def spare(self) -> str:
        """The slot that may be written."""

    @property
    def on_trial(self) -> bool: ...

    @property
    def rolled_back(self) -> Optional[int]:
        """The version whose trial failed last."""

    def folder(self, slot: str) -> str: ...

    def begin_trial(self, slot: str, version: int) -> None: ...

    def confirm(self) -> None: ...

    def feed(self) -> None: ...

    def restart(self) -> None: ...


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
        """The one of `sensors` that counts what is sold, if any."""

    @property
    def button(self) -> Button: ...

    @property
    def command_links(self) -> List[Link]:
        """Where a host asks; and peers, on a board without a peer link."""

    @property
    def peer_link(self) -> Optional[PeerLink]: ...

    @property
    def console(self) -> Optional[Callable[[str], None]]:
        """Where a text for a person goes; None where the console is the wire of a link."""

    @property
    def uplink(self) -> Optional[Callable[[], Uplink]]:
        """Makes the way to a broker, once the owner has named one; None on a board that has none."""
