"""The device's one exception family. Each class has a numeric code: codes cross the wire, text does not.

The text of an exception is for the person at the board's console. `rpc` alone turns an exception into a reply.
"""


class SealError(Exception):
    """Any refusal or failure the device can explain; `code` is what a client is told."""

    code = 0


class Malformed(SealError):
    """Bytes that are not what they should be: broken CBOR, a missing key, a value out of its range."""

    code = 1


class NotDeterministic(SealError):
    """Well-formed CBOR that is not in core deterministic form (RFC 8949 section 4.2.1)."""

    code = 2


class WrongType(SealError):
    """A message of another type than the one expected here."""

    code = 3


class BadKey(SealError):
    """A public key that is no point on P-256, or an empty key slot."""

    code = 4


class BadSignature(SealError):
    """The signature does not verify under the key it should."""

    code = 5


class BadCertificate(SealError):
    """A certificate chain that does not lead to the network's root."""

    code = 6


class Refused(SealError):
    """The device's state forbids this: provisioned already, not provisioned yet, paused, locked."""

    code = 7


class PolicyRefused(SealError):
    """The owner's spending policy forbids this voucher. `code` names the limit (see `policy`)."""

    code = 8


class StateDamaged(SealError):
    """Stored state is missing or fails its check. The device stays locked rather than start from zero."""

    code = 9


class EntropyFailed(SealError):
    """No entropy source passed its health tests: no key and no nonce is made."""

    code = 10


class Fault(SealError):
    """A self-check failed, such as verify-after-sign: nothing was released."""

    code = 11


class StorageFull(SealError):
    """The flash has no room left. Nothing was half-written."""

    code = 12


class SensorFailed(SealError):
    """A sensor is missing, of another kind, or gave a value it cannot have measured."""

    code = 13


class UnknownChannel(SealError):
    code = 14


class NotAParty(SealError):
    """Signed by a key that is neither payer nor payee of this channel, or not the one whose turn it is."""

    code = 15


class Replay(SealError):
    """A sequence number that was used before."""

    code = 16


class OverCapacity(SealError):
    code = 17


class AmountDecreased(SealError):
    """A cumulative amount lower than one already promised."""

    code = 18


class Expired(SealError):
    code = 19


class NotYetValid(SealError):
    code = 20


class WrongNetwork(SealError):
    code = 21


class Unauthenticated(SealError):
    """The peer has not proved its certificate on this connection."""

    code = 22


class Unsupported(SealError):
    """An operation, protocol version or voucher option this firmware does not have."""

    code = 23


class Unreachable(SealError):
    """The peer did not answer, or the link to it broke."""

    code = 24
