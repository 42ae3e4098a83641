"""The device's one exception family. Each class has a numeric code: codes cross the wire, text does not, and is for the
person at the board's console. `rpc` alone turns an exception into a reply."""


class SealError(Exception):
    """Any refusal or failure with a code; the reply carries `code`."""

    code = 0


class Malformed(SealError):
    """Invalid bytes: broken CBOR, a missing key, a value out of range."""

    code = 1


class NotDeterministic(SealError):
    """Well-formed CBOR outside the core deterministic form (RFC 8949 section 4.2.1)."""

    code = 2


class WrongType(SealError):
    """A message of an unexpected type."""

    code = 3


class BadKey(SealError):
    """A public key off the curve P-256, or an empty key slot."""

    code = 4


class BadSignature(SealError):
    """The signature does not verify under the expected key."""

    code = 5


class BadCertificate(SealError):
    """A certificate chain that does not lead to the network's root."""

    code = 6


class Refused(SealError):
    """The device's state forbids the request: already provisioned, not yet provisioned, paused, locked."""

    code = 7


class PolicyRefused(SealError):
    """The owner's spending policy forbids this voucher. `code` names the limit (see `policy`)."""

    code = 8


class StateDamaged(SealError):
    """Stored state is missing or fails its check. The device stays locked."""

    code = 9


class EntropyFailed(SealError):
    """No entropy source passed its health tests: the device generates no key and no nonce."""

    code = 10


class Fault(SealError):
    """A self-check failed, such as verify-after-sign. The device released nothing."""

    code = 11


class StorageFull(SealError):
    """The flash is full. The old data is intact."""

    code = 12


class SensorFailed(SealError):
    """A sensor is missing, is another chip, or returned an impossible value."""

    code = 13


class UnknownChannel(SealError):
    code = 14


class NotAParty(SealError):
    """Signed by a key that is neither payer nor payee of the channel, or by the wrong one of them."""

    code = 15


class Replay(SealError):
    """A used sequence number."""

    code = 16


class OverCapacity(SealError):
    code = 17


class AmountDecreased(SealError):
    """A cumulative amount below an earlier one."""

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
    """An operation, protocol version or voucher option that this firmware lacks."""

    code = 23


class Unreachable(SealError):
    """The peer did not answer, or the link to it broke."""

    code = 24


class Unlimited(SealError):
    """A command without an end that this device can check: no expiry, or an unset clock, and no last status."""

    code = 25


class Revoked(SealError):
    """An issuer has taken back a certificate of the peer's chain."""

    code = 26


class Unfunded(SealError):
    """The ledger's funding of the channel has not been shown, and the payer has no more credit."""

    code = 27


class Forked(SealError):
    """The reading that an owner acknowledges is another one here, or there is none: one of the two logs is a fork."""

    code = 28


class RolledBack(StateDamaged):
    """The device's flash was put back to an earlier state. It pays nothing until its owner unlocks it."""

    code = 29


class NoMeter(SealError):
    """No sensor of the device counts in the unit that it is to sell."""

    code = 30


class WrongOffer(SealError):
    """The seller sells something else than what the order is for, or nothing."""

    code = 31


class Superseded(SealError):
    """The peer shows a key that it has rotated away, or another line of keys than before."""

    code = 32


class BadTick(SealError):
    """A tick is not of the chain that the best voucher promises."""

    code = 33


class NoMemory(SealError):
    """The heap has no room for this now: another moment may have it."""

    code = 34


class FormerOwner(SealError):
    """Signed by an owner who has transferred the device."""

    code = 53


class NotDelegated(SealError):
    """An operation that the delegation does not name, or that nobody but the owner may order."""

    code = 54


class DelegationEnded(SealError):
    """A delegation whose time has passed, which the owner has ended, or of another ownership."""

    code = 55


class ElementSilent(SealError):
    """The secure element does not answer, or not in time."""

    code = 64


class ElementGarbled(SealError):
    """What the secure element answers fails its CRC, or is no answer."""

    code = 65


class ElementRefused(SealError):
    """The secure element refused a command, by its status code."""

    code = 66


class ElementOpen(SealError):
    """The secure element's configuration is not locked, so it keeps no key yet."""

    code = 67


class ElementForeign(SealError):
    """The secure element is locked with another configuration than ours: it can never keep this device's key."""

    code = 68
