"""The ports of links: streams, peers, beacons, radios and the way to a broker. `ports` has their names too."""

from typing import Any, Callable, Coroutine, List, Optional, Protocol, Tuple


class Reader(Protocol):
    async def read(self, n: int) -> bytes: ...


class Writer(Protocol):
    def write(self, data: "bytes | bytearray") -> None: ...

    async def drain(self) -> None: ...


ConnectionHandler = Callable[[Reader, Writer], Coroutine[Any, Any, None]]


class Stream(Reader, Writer, Protocol):
    def close(self) -> None: ...


class Link(Protocol):
    async def serve(self, handler: ConnectionHandler) -> None:
        """Call `handler(reader, writer)` for each connection, for ever, and close the connection when it returns."""


class KeepingLink(Link, Protocol):
    """A link that strangers can fill, so that it keeps the places of those who have proved something."""

    def keep(self, writer: Any, rank: int) -> None:
        """Keep the connection of this writer before those of lower rank, from 1."""


class PeerLink(Link, Protocol):
    @property
    def address(self) -> str:
        """The device's own address, for `connect` of other devices."""

    async def connect(self, address: str) -> Tuple[Stream, Stream]: ...

    async def disconnect(self, writer: Any) -> None:
        """End a connection; `writer` is that of `connect`."""


Hear = Callable[[Any, Optional[str], bytes], None]  # who sent it, the address it came from where that is one, it


class Beacon(Protocol):
    """Carries offers to every device that can hear a peer link, see `market`."""

    @property
    def size(self) -> int:
        """Largest datagram, bytes."""

    @property
    def is_wire(self) -> bool:
        """Whether it has one other end, which asks for offers."""

    def send(self, data: bytes) -> None: ...

    def take(self, place: Any, data: bytes) -> None:
        """A datagram that came over the link itself."""

    async def run(self, hear: Hear) -> None:
        """Hand over what others send, until cancelled."""


class Radio(Protocol):
    """Peer links over the air, see `peers`."""

    @property
    def kinds(self) -> Tuple[str, ...]:
        """ "tcp", "udp", "esp-now"."""

    def host(self) -> Optional[str]:
        """The board's own address on the network; None where it is on none."""

    def link(self, kind: str) -> PeerLink:
        """A new link of this kind. Raises OSError."""


class Uplink(Protocol):
    """A connection to an MQTT broker."""

    async def join(self, wifi: Optional[List[str]]) -> Optional[int]:
        """Join the network; wifi: [ssid, password]. Returns the network's unix time, which proves nothing, or None
        where the clock needs none."""

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
        """Deliver messages on `topic` to `read`."""

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Return once the broker has acknowledged. Raises Unreachable: the broker may or may not have the message."""

    async def read(self, n: int) -> bytes: ...

    def check(self) -> None:
        """Raise Unreachable if the connection has ended."""

    async def disconnect(self) -> None: ...
