"""Messages of the wire: frozen values, a strict reader and a builder. See firmware/schema/sealwright.cddl."""

from .bodies import BODIES, Body, parse_as, parse_message
from .certificate import Certificate
from .decimals import DecimalFraction, Number, from_decimal, to_decimal
from .factory import FactoryRecord
from .identity import Command, DevicePolicy, Evidence, Grant, Limit, PeerProof
from .measurement import Reading, Record
from .message import Message, sign_message
from .payment import ChannelClose, ChannelOpen, Receipt, Ticks, Voucher
from .update import Firmware, FirmwareFile

__all__ = [
    "BODIES",
    "Body",
    "Certificate",
    "ChannelClose",
    "ChannelOpen",
    "Command",
    "DecimalFraction",
    "DevicePolicy",
    "Evidence",
    "FactoryRecord",
    "Firmware",
    "FirmwareFile",
    "Grant",
    "Limit",
    "Message",
    "Number",
    "PeerProof",
    "Reading",
    "Receipt",
    "Record",
    "Ticks",
    "Voucher",
    "from_decimal",
    "parse_as",
    "parse_message",
    "sign_message",
    "to_decimal",
]
