"""What is left to claim, from what devices hold and what the home's ledger has paid."""

import time

import pytest
from sealwright.cli.claimable import claimable
from sealwright.cli.session import Session
from sealwright.home import Home
from sealwright.money import Assets
from sealwright.operate.promises import Promises
from sealwright.verify.channels import LEAST_WINDOW
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import ChannelClose, ChannelOpen, Refund, Voucher, sign_message

NOW = int(time.time())
KEY = PrivateKey.generate()
PAYER, PAYEE = KEY.public.device_id, bytes(32)


def opened(capacity=1000, expires=NOW + 3600, window=None):
    body = ChannelOpen(
        bytes(32), PAYER, PAYEE, "nEUR", capacity=capacity, expires=expires, nonce=bytes(16), dispute_window=window
    )
    return sign_message(KEY, body)


def voucher(channel, amount, seq=1, lane=0):
    return sign_message(KEY, Voucher(channel.digest, lane, seq, amount))


@pytest.fixture
def session(tmp_path):
    Home.init(tmp_path / "home", "test")
    return Session(str(tmp_path / "home"), as_json=False)


def left(session, *messages):
    promises = Promises()
    for message in messages:
        promises.note(message)
    return claimable(session, promises)


def test_the_best_of_each_lane_up_to_the_capacity(session):
    channel = opened()
    (one,) = left(session, voucher(channel, 500, 2), channel, voucher(channel, 300), voucher(channel, 100, lane=1))
    assert (one.amount, one.paid, one.until) == (600, None, NOW + 3600 + LEAST_WINDOW)
    (one,) = left(session, channel, voucher(channel, 900), voucher(channel, 900, lane=1))
    assert one.amount == 1000
    assert left(session, voucher(channel, 900)) == [], "nothing is known of the channel"
    assert left(session, channel) == [], "nothing was promised"


def test_until_when(session):
    channel = opened(window=LEAST_WINDOW + 5)
    promised = (channel, voucher(channel, 500))
    assert left(session, *promised)[0].until == NOW + 3600 + LEAST_WINDOW + 5
    close = sign_message(KEY, ChannelClose(channel.digest, NOW))
    assert left(session, *promised, close)[0].until == NOW + LEAST_WINDOW + 5, "a ledger may have the close already"
    assert left(session, *promised, close, sign_message(KEY, Refund(channel.digest, 1000, NOW))) == []
    later, sooner = opened(expires=NOW + 7200), opened(expires=NOW + 60)
    both = left(session, later, voucher(later, 1), sooner, voucher(sooner, 2))
    assert [one.channel for one in both] == [sooner.digest, later.digest]


def test_a_claim_that_has_ended_says_so(session):
    channel = opened(expires=NOW - LEAST_WINDOW - 60)
    (one,) = left(session, channel, voucher(channel, 500))
    assert "500 nEUR from" in one.said(Assets(), {}) and ", which is past," in one.said(Assets(), {})
    channel = opened()
    (one,) = left(session, channel, voucher(channel, 500))
    assert "past" not in one.said(Assets(), {})
