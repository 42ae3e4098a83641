"""The numbers of a link: kinds of request, and how long each side waits (firmware/schema/rpc.cddl)."""

from typing import Final

REPLY: Final = 0
INFO: Final = 1
EVIDENCE: Final = 2
GRANT: Final = 3
COMMAND: Final = 4
READINGS: Final = 5
CHAIN: Final = 6
CHANNELS: Final = 7
SELFTEST: Final = 8
BENCH: Final = 9
UPDATE_LOCK: Final = 10
UPDATE_BEGIN: Final = 11
UPDATE_WRITE: Final = 12
UPDATE_COMMIT: Final = 13
REVOKE: Final = 14
UPDATE_MANIFEST: Final = 15
LEDGER: Final = 16
MARKET: Final = 17
OWNERS: Final = 21
ELEMENT: Final = 24
NONCE_BYTES: Final = 32
ERROR: Final = 255

REPLY_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 3.0
MOST_SECONDS: Final = 900.0  # with signs of life, which a relay gives while it waits for a slow or busy device
UPDATE_SECONDS: Final = 120.0  # to clear a slot, or to hash what is in it

HOST_KINDS: Final = range(1, 32)
PEER_KINDS: Final = range(32, 48)
HELLO: Final = 32
PROVE: Final = 33
UNAUTHENTICATED: Final = 22
UNSUPPORTED: Final = 23

# as the device has them: until a connection has proved itself, and between two requests of a peer
STRANGER_SECONDS: Final = 60.0
PEER_SECONDS: Final = 3900.0
