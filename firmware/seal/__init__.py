"""Sealwright's device package: identity, signed readings and a purse, on MicroPython and CPython alike.

No module imports `machine`, `esp32` or `rp2`: `ports` names what the package requires of a board.

Floors, lowest first; a module imports from its own floor and the floors below:

    1  compat errors ports                      interpreters, error codes, interfaces of a board
    2  labels records notes hmac_drbg extent    numbers of the wire, names of the journal, log lines, flash
    3  cbor entropy lms ticks staging p256 store    codecs and cryptography, files
    4  cose link journal segments               signed messages, frames, records and readings on flash
    5  messages rpc                             payloads checked against the schema, requests and replies
    6  identity policy channel voucher reading batch order    rules for one kind of message or record each
    7  payer payee generation                   channels of either role; the journal beside a chip that counts
    8  device rest                              the state, and all of the above for one board
    9  firmware update provision pace owner     requests that change the device
    10 seller buyer uplink service              one connection each: peer, peer, broker, host
    11 trading peers sampling app               the main loops
"""

__version__ = "0.1.0"
