"""Network time by SNTP (RFC 5905 section 14): several servers are asked, and two must agree.

An answer counts if it echoes our random timestamp, comes from a server (mode 4) that is synchronised (leap indicator
not 3, stratum 1 to 15), and gives a time of 2026 to 2099. A zero time or a kiss-o'-death (stratum 0) is no answer.

It proves nothing: see `seal.timekeeping`. Good to a second. Finding a server's address may block for some seconds.
"""

import asyncio
import os
import socket

from seal import notes
from seal.compat import const, ticks_diff, ticks_ms
from seal.timekeeping import MAX_TIME, MIN_TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

SERVERS = ("0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org", "3.pool.ntp.org")
PORT = const(123)
AGREE_SECONDS = const(2)  # how far apart two answers may be
_POLL_MS = const(20)
_ANSWER_MS = const(1500)
_SIZE = const(48)  # bytes of a packet without extensions
_REQUEST = const(0x23)  # version 4, mode 3: client
_SERVER = const(4)
_UNSYNCHRONISED = const(3)
_MAX_STRATUM = const(15)
_TO_1970 = const(2_208_988_800)  # NTP counts from 1900


def read_answer(data: bytes, stamp: bytes) -> int | None:
    """Unix seconds in a server's packet, or None for one that does not count. stamp: the 8 bytes that we sent."""
    if len(data) < _SIZE or data[0] & 7 != _SERVER or data[0] >> 6 == _UNSYNCHRONISED:
        return None
    if not 1 <= data[1] <= _MAX_STRATUM or data[24:32] != stamp or data[40:48] == bytes(8):
        return None
    unix = int.from_bytes(data[40:44], "big") - _TO_1970
    if unix < MIN_TIME:
        unix += 1 << 32  # the era that begins in 2036
    return unix if MIN_TIME <= unix < MAX_TIME else None


async def ask(host: str, port: int = PORT) -> int | None:
    """The time of one server, or None if it gives none that counts. Raises OSError if its address is not found."""
    place = socket.getaddrinfo(host, port, socket.AF_INET)[0][-1]  # see `udp` for the missing type
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        wire.setblocking(False)
        wire.connect(place)  # no other host's packet is received
        stamp = os.urandom(8)
        wire.send(bytes([_REQUEST]) + bytes(39) + stamp)
        for _ in range(_ANSWER_MS // _POLL_MS):
            await asyncio.sleep(_POLL_MS / 1000)
            try:
                data = wire.recv(_SIZE)
            except OSError:
                continue  # no packet yet, or an ICMP error
            unix = read_answer(data, stamp)
            if unix is not None:
                return unix
        return None
    except OSError as error:
        notes.tell("ntp: %s: %s" % (host, error))
        return None
    finally:
        wire.close()


async def network_time(hosts: "Sequence[str]" = SERVERS, port: int = PORT) -> int | None:
    """Unix seconds on which two servers agree, or None where no two do."""
    answers: "list[tuple[int, Any]]" = []  # each with the ticks when it came
    for host in hosts:
        try:
            unix = await ask(host, port)
        except OSError as error:
            notes.tell("ntp: no address for %s: %s" % (host, error))
            return None  # nor is there one for the others, and each search may block
        if unix is None:
            continue
        now = ticks_ms()
        for other, then in answers:
            if abs(unix - other - ticks_diff(now, then) // 1000) <= AGREE_SECONDS:
                return unix
        answers.append((unix, now))
    notes.tell("ntp: no two of %d answers agree" % len(answers))
    return None
