"""Other people's COSE libraries read what this one signs, and this one reads what they sign."""

import cwt
import pytest
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import CoseMessage, Sign1Message
from sealwright import parse_message
from sealwright.wire import cose
from sealwright.wire.cbor import encode
from sealwright.wire.labels import TYP, VOUCHER
from sealwright.wire.messages import (
    Checkpoint,
    Delegation,
    Division,
    Funding,
    Offer,
    Refund,
    Revocation,
    Rotation,
    Shift,
    Status,
    Transfer,
)

from tests.host_tools.factory import Network, hash32, key
from tests.host_tools.wire.schema_messages import LEDGER, MESSAGES, PEER

DEVICE = Network().device()


def as_pycose(public, secret=b""):
    return EC2Key(crv=P256, x=public.xy[:32], y=public.xy[32:], d=secret)


def as_cwt(public):
    return cwt.COSEKey.new({**public.cose, 2: public.kid, 3: -7})


def messages():
    channel = DEVICE.open(hash32("payee"))
    first = [DEVICE.certificate, DEVICE.reading(), channel, DEVICE.voucher(channel, 7), DEVICE.evidence()]
    later = (Funding, Refund, Status, Revocation, Offer, Checkpoint, Rotation, Transfer, Delegation, Division, Shift)
    second = [one for one in MESSAGES.values() if isinstance(one.body, later)]
    with_new_keys = [MESSAGES[name] for name in ("certificate", "channel-open", "receipt", "command", "channel-close")]
    return [*first, *second, *with_new_keys]


KEYS = [Network().key, DEVICE.key, PEER.key, LEDGER, key("owner")]


def signer_of(message):
    (signer,) = [one for one in KEYS if one.public.kid == message.kid]
    return signer


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.type)
def test_pycose_verifies_ours(message):
    signer = signer_of(message)
    read = CoseMessage.decode(message.raw)
    assert isinstance(read, Sign1Message)
    read.key = as_pycose(signer.public)
    assert read.verify_signature()
    read.payload += b"\x00"
    assert not read.verify_signature()


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.type)
def test_cwt_verifies_ours(message):
    signer = signer_of(message)
    payload = cwt.COSE.new().decode(message.raw, as_cwt(signer.public))
    assert payload == message.sign1.payload
    with pytest.raises(cwt.exceptions.VerifyError):
        cwt.COSE.new().decode(message.raw[:-1] + bytes((message.raw[-1] ^ 1,)), as_cwt(signer.public))


def test_we_read_a_voucher_that_cwt_signs():
    private = cwt.COSEKey.from_pem(DEVICE.key.pem().decode(), kid=DEVICE.key.public.kid)
    payload = encode({1: hash32("channel"), 2: 0, 3: 1, 4: 7})
    protected = {1: -7, 4: DEVICE.key.public.kid, TYP: VOUCHER}
    raw = cwt.COSE.new(deterministic_header=True).encode_and_sign(payload, private, protected=protected)
    message = parse_message(raw)
    assert message.body.amount == 7
    assert message.signed_by(DEVICE.key.public)
    assert cose.parse(raw).header == protected
