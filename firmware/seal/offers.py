"""What a device sells, as it announces it: an offer-message that it signs. `sightings` has those that it hears."""

from . import cose, labels
from .compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Offer
    from .cose import Signer
    from .ports import Claims

LIFETIME = const(600)  # seconds that an offer is good
MAX_TEXT = const(32)  # bytes of the unit and of the asset: then an offer fits a frame of ESP-NOW
MAX_ADDRESS = const(64)  # bytes


def sign(signer: "Signer", device_id: bytes, offer: "Offer", address: str, now: int, most: int) -> bytes | None:
    """An offer-message of at most `most` bytes that is good for LIFETIME from the unix time `now`; without the address
    where that makes it too long. None where nothing fits."""
    claims = {
        labels.OFFER_SELLER: device_id,
        labels.OFFER_UNIT: offer.unit,
        labels.OFFER_PRICE: offer.price,
        labels.OFFER_ASSET: offer.asset,
        labels.OFFER_NOT_AFTER: now + LIFETIME,
        labels.IAT: now,
    }
    if max(len(offer.unit.encode()), len(offer.asset.encode())) > MAX_TEXT:
        return None
    if len(address.encode()) <= MAX_ADDRESS:
        claims[labels.OFFER_ADDRESS] = address
    if _size(signer.kid, claims) > most:
        claims.pop(labels.OFFER_ADDRESS, None)
    return signer.sign(labels.OFFER, claims)[0] if _size(signer.kid, claims) <= most else None


def _size(kid: bytes, claims: "Claims") -> int:
    protected, payload = cose.build(labels.OFFER, kid, claims)
    return len(cose.envelope(protected, payload, bytes(64)))
