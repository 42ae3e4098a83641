"""The numbers of the wire, as in schema/sealwright.cddl: header labels, message types, claim and map keys."""

from .compat import const

# COSE header parameters (RFC 9052 section 3.1, RFC 9596 for typ, RFC 9597 for claims in a header)
ALG = const(1)
CONTENT_TYPE = const(3)
KID = const(4)
CWT_CLAIMS = const(15)
TYP = const(16)
ES256 = const(-7)
SENML_CBOR = const(112)

# Message types
CERTIFICATE = const(65001)
READING = const(65002)
CHANNEL_OPEN = const(65003)
VOUCHER = const(65004)
RECEIPT = const(65005)
EVIDENCE = const(65006)
GRANT = const(65007)
COMMAND = const(65008)
CHANNEL_CLOSE = const(65009)
PEER_PROOF = const(65010)
FIRMWARE_UPDATE = const(65011)

# Claims (RFC 8392, RFC 8747, RFC 9711; private use below -65536)
ISS = const(1)
SUB = const(2)
EXP = const(4)
IAT = const(6)
CTI = const(7)
CNF = const(8)
NONCE = const(10)
OWN_NONCE = const(11)
UEID = const(256)
CUSTODY = const(-70001)
MODEL = const(-70002)
NETWORK = const(-70003)
MAY_ISSUE = const(-70004)
SEQ = const(-70010)
PREV = const(-70011)
CLOCK_QUALITY = const(-70012)
FIRMWARE = const(-70013)

# Custody: who can read the key
OPEN = const(0)
SEALED = const(1)
ELEMENT = const(2)

# Clock quality: what a device's `iat` is worth
CLOCK_UNSET = const(0)
CLOCK_SINCE_BOOT = const(1)
CLOCK_HOST = const(2)
CLOCK_NETWORK = const(3)

# SenML (RFC 8428 section 6)
SENML_NAME = const(0)
SENML_UNIT = const(1)
SENML_VALUE = const(2)

# The payload of a firmware message, and its file in a slot: there when all that it names is
FIRMWARE_BOARD = const(1)
FIRMWARE_VERSION = const(2)
FIRMWARE_ARCH = const(4)
FIRMWARE_FILES = const(5)
MANIFEST = "manifest"

MAX_AMOUNT = const(0x7FFFFFFFFFFFFFFF)
