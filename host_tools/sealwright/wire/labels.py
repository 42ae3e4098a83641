"""The numbers of the wire, as in firmware/schema/sealwright.cddl: header labels, message types, map keys.

Sources: COSE headers RFC 9052 section 3.1, typ RFC 9596, claims in a header RFC 9597; claims RFC 8392, RFC
8747, RFC 9711, private use below -65536; COSE_Key RFC 9053 section 7.1.1; SenML RFC 8428 section 6.
"""

from typing import Final

# COSE header parameters
ALG: Final = 1
CONTENT_TYPE: Final = 3
KID: Final = 4
CWT_CLAIMS: Final = 15
TYP: Final = 16

ES256: Final = -7
SENML_CBOR: Final = 112  # media type number of application/senml+cbor
COSE_SIGN1_TAG: Final = 18
DECIMAL_FRACTION_TAG: Final = 4

# message types, the value of TYP
CERTIFICATE: Final = 65001
READING: Final = 65002
CHANNEL_OPEN: Final = 65003
VOUCHER: Final = 65004
RECEIPT: Final = 65005
EVIDENCE: Final = 65006
GRANT: Final = 65007
COMMAND: Final = 65008
CHANNEL_CLOSE: Final = 65009
PEER_PROOF: Final = 65010
FIRMWARE_UPDATE: Final = 65011
FACTORY_RECORD: Final = 65012
FUNDING: Final = 65013
REFUND: Final = 65014
STATUS: Final = 65015
REVOCATION: Final = 65016
OFFER: Final = 65017
CHECKPOINT: Final = 65018
ROTATION: Final = 65019
TRANSFER: Final = 65020
DELEGATION: Final = 65021
DIVISION: Final = 65022
SHIFT: Final = 65023

# COSE_Key
KTY: Final = 1
EC2: Final = 2
CRV: Final = -1
P256: Final = 1
X: Final = -2
Y: Final = -3

# claims, and the keys that several messages have in common
ISS: Final = 1
SUB: Final = 2
EXP: Final = 4
IAT: Final = 6
CTI: Final = 7
CNF: Final = 8
NONCE: Final = 10
OWN_NONCE: Final = 11
UEID: Final = 256
CUSTODY: Final = -70001
MODEL: Final = -70002
NETWORK: Final = -70003
MAY_ISSUE: Final = -70004
ROLES: Final = -70005
SEQ: Final = -70010
PREV: Final = -70011
CLOCK_QUALITY: Final = -70012
FIRMWARE: Final = -70013
SEALED_PROOF: Final = -70030
SELFTEST: Final = -70020
CERTIFICATE_DIGEST: Final = -70021
CHIP: Final = -70031
SHARD: Final = -70040  # in the header of a receipt of a ledger's log

# custody: who can read the key
OPEN: Final = 0
SEALED: Final = 1
ELEMENT: Final = 2

# roles: bits, what else a key's holder is
ROLE_LEDGER: Final = 1 << 0

# clock quality: what a reading's time is worth
CLOCK_UNSET: Final = 0
CLOCK_SINCE_BOOT: Final = 1
CLOCK_HOST: Final = 2
CLOCK_NETWORK: Final = 3

# reason of a revocation
REASON_NONE: Final = 0
REASON_KEY_LOST: Final = 1
REASON_SUPERSEDED: Final = 2
REASON_RETIRED: Final = 3
REASON_MISUSED: Final = 4

MAX_CLAIMS: Final = 64  # lanes that one channel-close may claim
MAX_AMOUNT: Final = 2**63 - 1
MAX_UINT: Final = 2**64 - 1
UEID_RAND: Final = 1  # first byte of a UEID of type RAND (RFC 9711 section 4.2.1.1)
