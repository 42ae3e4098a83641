"""Messages of the wire: frozen values, a strict reader and a builder. See firmware/schema/sealwright.cddl."""

from .arguments import DepositArguments, WithdrawArguments, read_arguments, write_arguments
from .bodies import BODIES, Body, parse_as, parse_message
from .certificate import Certificate
from .claims import Claim, RevealedTick
from .decimals import DecimalFraction, Number, from_decimal, to_decimal
from .factory import Chip, FactoryRecord
from .identity import Command, DevicePolicy, Evidence, Grant, Limit, PeerProof
from .market import Offer
from .measurement import Reading, Record
from .message import Message, sign_message
from .ownership import Delegation, Owned, Transfer
from .payment import ChannelClose, ChannelOpen, Receipt, Ticks, Voucher
from .settlement import Checkpoint, Funding, Refund
from .sharding import Division, LogEnd, Place, Shift
from .standing import Revocation, Rotation, Status
from .update import Firmware, FirmwareFile

__all__ = [
    "BODIES",
    "Body",
    "Certificate",
    "ChannelClose",
    "ChannelOpen",
    "Checkpoint",
    "Chip",
    "Claim",
    "Command",
    "DecimalFraction",
    "Delegation",
    "DepositArguments",
    "DevicePolicy",
    "Division",
    "Evidence",
    "FactoryRecord",
    "Firmware",
    "FirmwareFile",
    "Funding",
    "Grant",
    "Limit",
    "LogEnd",
    "Message",
    "Number",
    "Offer",
    "Owned",
    "PeerProof",
    "Place",
    "Reading",
    "Receipt",
    "Record",
    "Refund",
    "RevealedTick",
    "Revocation",
    "Rotation",
    "Shift",
    "Status",
    "Ticks",
    "Transfer",
    "Voucher",
    "WithdrawArguments",
    "from_decimal",
    "parse_as",
    "parse_message",
    "read_arguments",
    "sign_message",
    "to_decimal",
    "write_arguments",
]
