"""The payload of each message type, checked key by key against schema/sealwright.cddl.

Each table maps a key to (required, check). An unknown key is refused: this firmware would ignore its condition.
"""

from . import cbor, cose, labels
from .compat import const
from .errors import Malformed
from .shapes import amount, asset, chain, claims, confirmation, fit, fits, hash32, is_int, key, lane_seq, list_of
from .shapes import owned, sized, spending, text, tick, uint, up_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cose import Message
    from .ports import Item, Table

TICKS: "Table" = {1: (True, hash32), 2: (True, amount), 3: (True, uint)}  # root, value, count
POLICY: "Table" = {1: (True, spending), 2: (False, list_of(hash32)), 3: (False, uint), 4: (False, uint)}

CERT: "Table" = {
    labels.ISS: (True, text),
    labels.SUB: (True, text),
    labels.EXP: (False, uint),
    labels.IAT: (True, uint),
    labels.CTI: (True, sized(16)),
    labels.CNF: (True, confirmation),
    labels.UEID: (True, sized(33)),
    labels.CUSTODY: (True, up_to(2)),
    labels.MODEL: (False, text),
    labels.NETWORK: (True, hash32),
    labels.MAY_ISSUE: (False, up_to(3)),
    labels.ROLES: (False, uint),
}
READING_CLAIMS: "Table" = {
    labels.IAT: (True, uint),
    labels.SEQ: (True, uint),
    labels.PREV: (True, lambda value: value is None or hash32(value)),
    labels.CLOCK_QUALITY: (True, up_to(3)),
    labels.FIRMWARE: (True, text),
}
OPEN: "Table" = {
    labels.TERMS_VERSION: (True, lambda value: is_int(value) and value == 1),
    labels.TERMS_NETWORK: (True, hash32),
    labels.TERMS_PAYER: (True, hash32),
    labels.TERMS_PAYEE: (True, hash32),
    labels.TERMS_ASSET: (True, text),
    labels.TERMS_CAPACITY: (True, amount),
    labels.TERMS_EXPIRES: (True, uint),
    labels.TERMS_NONCE: (True, sized(16)),
    labels.TERMS_PRICE: (False, amount),
    labels.TERMS_UNIT: (False, text),
    labels.TERMS_WINDOW: (False, uint),
    labels.TERMS_LEDGER: (False, hash32),
}
VOUCHER: "Table" = {  # keys as in `voucher`
    1: (True, hash32),
    2: (True, uint),
    3: (True, uint),
    4: (True, amount),
    5: (False, uint),
    6: (False, uint),
    7: (False, hash32),
    8: (False, hash32),
    9: (False, list_of(lane_seq)),
    10: (False, fits(TICKS)),
}
RECEIPT: "Table" = {
    1: (True, hash32),
    2: (True, uint),
    3: (True, uint),
    4: (True, amount),
    5: (True, hash32),
    6: (False, tick),
}
EVIDENCE: "Table" = {
    labels.CNF: (True, confirmation),
    labels.NONCE: (True, hash32),
    labels.UEID: (True, sized(33)),
    labels.CUSTODY: (True, up_to(2)),
    labels.MODEL: (True, text),
    labels.FIRMWARE: (True, text),
    labels.SEALED_PROOF: (False, sized(38)),
}
GRANT: "Table" = {
    labels.GRANT_DEVICE: (True, hash32),
    labels.GRANT_CHAIN: (True, chain),
    labels.GRANT_OWNER: (True, key),
    labels.GRANT_NETWORK: (True, hash32),
    labels.GRANT_TIME: (True, uint),
    labels.GRANT_POLICY: (False, fits(POLICY)),
    labels.GRANT_LEDGER: (False, chain),
    labels.NONCE: (True, hash32),
}
COMMAND: "Table" = {
    labels.COMMAND_DEVICE: (True, hash32),
    labels.COMMAND_SEQ: (True, uint),
    labels.COMMAND_OP: (True, text),
    labels.COMMAND_ARGUMENTS: (False, lambda value: True),
    labels.COMMAND_NOT_AFTER: (False, uint),
    labels.COMMAND_STATUS: (False, hash32),
    labels.COMMAND_DELEGATION: (False, hash32),
}
CLOSE: "Table" = {
    labels.CLOSE_CHANNEL: (True, hash32),
    labels.CLOSE_TIME: (True, uint),
    labels.CLOSE_CLAIMS: (False, claims),
}
FUNDING: "Table" = {  # and of a refund
    labels.FUNDING_CHANNEL: (True, hash32),
    labels.FUNDING_AMOUNT: (True, amount),
    labels.IAT: (True, uint),
}
PEER_PROOF: "Table" = {
    labels.PROOF_SIGNER: (True, hash32),
    labels.PROOF_PEER: (True, hash32),
    labels.NONCE: (True, hash32),
    labels.OWN_NONCE: (True, hash32),
}


STATUS: "Table" = {
    labels.STATUS_DEVICE: (True, hash32),
    labels.STATUS_COMMAND: (True, uint),
    labels.STATUS_SEQ: (True, uint),
    labels.STATUS_READING: (True, lambda value: value is None or hash32(value)),
    labels.STATUS_OWNER: (False, owned),
    labels.STATUS_ACKNOWLEDGED: (False, uint),
    labels.IAT: (True, uint),
    labels.NONCE: (True, hash32),
    labels.CLOCK_QUALITY: (True, up_to(3)),
    labels.FIRMWARE: (True, text),
}
REVOCATION: "Table" = {
    labels.REVOKED_DEVICE: (True, hash32),
    labels.REVOKED_REASON: (True, up_to(4)),
    labels.IAT: (True, uint),
}
ROTATION: "Table" = {
    labels.ROTATED_DEVICE: (True, hash32),
    labels.ROTATED_GENERATION: (True, uint),
    labels.IAT: (True, uint),
    labels.CNF: (True, confirmation),
    labels.SEQ: (False, uint),
    labels.PREV: (False, hash32),
}
OFFER: "Table" = {
    labels.OFFER_SELLER: (True, hash32),
    labels.OFFER_UNIT: (True, text),
    labels.OFFER_PRICE: (True, amount),
    labels.OFFER_ASSET: (True, asset),
    labels.OFFER_NOT_AFTER: (True, uint),
    labels.IAT: (True, uint),
    labels.OFFER_ADDRESS: (False, text),
    labels.OFFER_LEFT: (False, amount),
}


def is_file(value: "Item") -> bool:
    """Whether `value` is what a firmware message says of a file: [path, bytes, SHA-256]."""
    if not isinstance(value, list) or len(value) != 3:
        return False
    return text(value[0]) and uint(value[1]) and value[1] > 0 and hash32(value[2])


FIRMWARE_UPDATE: "Table" = {
    labels.FIRMWARE_BOARD: (True, text),
    labels.FIRMWARE_VERSION: (True, uint),
    labels.FIRMWARE_LABEL: (True, text),
    labels.FIRMWARE_ARCH: (True, text),
    labels.FIRMWARE_FILES: (True, list_of(is_file)),
}


def _number(value: "Item") -> bool:
    if isinstance(value, cbor.Tag):
        pair = value.value
        return value.number == 4 and isinstance(pair, list) and len(pair) == 2 and is_int(pair[0]) and is_int(pair[1])
    return is_int(value)


SENML: "Table" = {
    labels.SENML_BASE_UNIT: (False, text),
    labels.SENML_BASE_TIME: (False, _number),
    labels.SENML_BASE_NAME: (False, text),
    labels.SENML_NAME: (False, text),
    labels.SENML_UNIT: (False, text),
    labels.SENML_VALUE: (False, _number),
    labels.SENML_STRING: (False, text),
    labels.SENML_BOOLEAN: (False, lambda value: value is True or value is False),
    labels.SENML_TIME: (False, _number),
    labels.SENML_DATA: (False, lambda value: isinstance(value, bytes)),
}

TABLES = {
    labels.CERTIFICATE: CERT,
    labels.CHANNEL_OPEN: OPEN,
    labels.VOUCHER: VOUCHER,
    labels.RECEIPT: RECEIPT,
    labels.EVIDENCE: EVIDENCE,
    labels.GRANT: GRANT,
    labels.COMMAND: COMMAND,
    labels.CHANNEL_CLOSE: CLOSE,
    labels.PEER_PROOF: PEER_PROOF,
    labels.FIRMWARE_UPDATE: FIRMWARE_UPDATE,
    labels.FUNDING: FUNDING,
    labels.REFUND: FUNDING,
    labels.STATUS: STATUS,
    labels.REVOCATION: REVOCATION,
    labels.OFFER: OFFER,
    labels.ROTATION: ROTATION,
}


def parse(raw: bytes, expected: int | None = None) -> "Message":
    """Parse a message and check header and payload against the schema, but not the signature. Raises Malformed,
    NotDeterministic or WrongType."""
    message = cose.parse(raw, expected)
    if message.type == labels.READING:
        fit(message.header[labels.CWT_CLAIMS], READING_CLAIMS)
        records = message.payload
        if not isinstance(records, list) or not records:
            raise Malformed("a reading has at least one SenML record")
        for record in records:
            fit(record, SENML)
    else:
        fit(message.payload, TABLES[message.type])
    return message


KEPT = const(4)  # messages kept parsed: a kilobyte each
_kept: "list[tuple[bytes, Message]]" = []  # the latest used last


def recall(raw: bytes, expected: int) -> "Message":
    """`parse` for what comes again: the latest KEPT messages stay parsed. Do not change one. Raises as `parse`."""
    for index, pair in enumerate(_kept):
        if pair[0] == raw and pair[1].type == expected:
            _kept.append(_kept.pop(index))
            return pair[1]
    message = parse(raw, expected)
    keep(message)
    return message


def keep(message: "Message") -> None:
    """Have `recall` find a message that is about to be stored."""
    if len(_kept) >= KEPT:
        _kept.pop(0)
    _kept.append((message.raw, message))
