"""Sealwright's device package: identity, signed readings and a purse, on MicroPython and CPython alike.

No module imports `machine`, `esp32` or `rp2`: `ports` names what the package requires of a board.

Floors, lowest first; a module imports from its own floor and the floors below:

    1  compat errors ports                      interpreters, error codes, interfaces of a board
    2  labels records notes store hmac_drbg     numbers of the wire, names of the journal, log lines, files
    3  cbor entropy lms ticks staging p256      codecs and cryptography
    4  cose link journal                        signed messages, frames, records on flash
    5  messages rpc                             payloads checked against the schema, requests and replies
    6  identity policy channel voucher reading order offers    rules for one kind of message or record each
    7  payer payee                              channels of either role
    8  device                                   the state, and all of the above for one board
    9  firmware update provision owner          requests that change the device
    10 seller buyer uplink service              one connection each: peer, peer, broker, host
    11 sightings standing_order order_buyer shopping market    what others sell, and the standing order to buy it
    12 trading peers app                         the main loops
"""

__version__ = "0.1.0"
