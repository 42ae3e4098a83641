"""The journal's records: every name, and the keys of the records that several modules use, with the type of each value.

    identity     IDENTITY_*: what the grant said             order      see `order`
    owner        OWNER_*: what the owner's commands said     readings   see `reading`
    wiped        true                                        firmware   see `firmware`
    network      settings of the owner, see `uplink`         forwarded  uint: the last reading that the broker has
    spent        {asset: [day, amount]}, see `payer`         trusted    uint: unix seconds, see `days`
    settled      see `watermark`: as the payee               opened     see `watermark`: as the payer
    past         [[half a digest, expiry], ...] of closed channels, by firmware before `settled`
    clock        [unix, seq]: a trusted time and the reading before it, see `timekeeping`
    locked       bytes: the voucher that shows a rollback, or "generation", see `rollback`
    generation   uint: the chip's counter, see `generation`
    revoked      [[from, device id, issuer's id], ...], the newest last, see `standing`
    noise        {name of a source: bytes}, a hash of its kept sample, see `entropy`
    o-*, i-*     channels as the payer and as the payee, see `channel`

Names and numbers are in the file format: neither may change.
"""

from .compat import const

IDENTITY_RECORD = const("identity")
OWNER_RECORD = const("owner")
WIPED_RECORD = const("wiped")
READINGS_RECORD = const("readings")
FIRMWARE_RECORD = const("firmware")
ORDER_RECORD = const("order")
NETWORK_RECORD = const("network")
FORWARDED_RECORD = const("forwarded")
SPENT_RECORD = const("spent")
PAST_RECORD = const("past")
SETTLED_RECORD = const("settled")
OPENED_RECORD = const("opened")
TRUSTED_RECORD = const("trusted")
REVOKED_RECORD = const("revoked")
CLOCK_RECORD = const("clock")
LOCKED_RECORD = const("locked")
NOISE_RECORD = const("noise")
PAYER_ROLE = const("o")  # the first letter of a channel record's name
PAYEE_ROLE = const("i")

IDENTITY_CHAIN = const(1)  # [bytes, ...]: certificates, leaf first
IDENTITY_OWNER = const(2)  # bytes, 64: the owner's public key
IDENTITY_NETWORK = const(3)  # bytes, 32
IDENTITY_LEDGER = const(4)  # [bytes, ...]: the certificates of the ledger, leaf first; absent: it has none

NETWORK_PEERS = const(3)  # text: the kind of peer link over the radio, see `peers`

OWNER_SEQ = const(1)  # uint: number of the last command
OWNER_IS_PAUSED = const(2)  # bool
OWNER_POLICY = const(3)  # map, `policy` of the schema; absent: nothing may be spent
OWNER_OFFER = const(4)  # [asset, unit, price] or None
OWNER_INTERVAL = const(5)  # uint: seconds between readings
OWNER_PROTECTION = const(16)  # {name: number}, see `protection`
OWNER_BATCH = const(17)  # uint: samples in a reading; absent: one
OWNER_AWAKE = const(18)  # uint: seconds awake after a reading, see `rest`; absent: the device never sleeps
