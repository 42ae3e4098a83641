"""Sealwright's device package: identity, signed readings and a purse, on MicroPython and CPython alike.

No module imports `machine`, `esp32` or `rp2`: `ports` names what the package requires of a board.

Floors, lowest first; a module imports from its own floor and the floors below:

    1  compat errors ports link_ports           interpreters, error codes, interfaces of a board
    2  labels records notes hmac_drbg extent    numbers of the wire, names of the journal, log lines, flash
       health
    3  cbor entropy lms ticks staging p256 store    codecs and cryptography, files
    4  cose link journal segments               signed messages, frames, records and readings on flash
    5  messages rpc                             payloads checked against the schema, requests and replies
    6  identity policy channel voucher reading  rules for one kind of message or record each
       batch order proof offers manifest
    7  payer_channels payer_ticks payer         channels as the payer
       payee_channels payee_ticks payee         and as the payee
       generation incoming                      the journal beside a chip that counts; an update's manifest
    8  device rest                              the state, and all of the above for one board
    9  firmware update provision pace billing   requests that change the device, and what it bills
       owner
    10 seller bill_check tick_payment buyer     one connection each: peer, peer, broker, host
       uplink service
    11 sightings standing_order order_buyer     what others sell, and the standing order to buy it
       shopping market
    12 trading peers sampling app               the main loops
"""

__version__ = "0.1.0"
