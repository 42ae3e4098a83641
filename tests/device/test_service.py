"""Requests of a host: replies fit a frame, sensors get unique names, a wiped device has no identity."""

import os

from check import raises
from rig import Counter, Issuer, provisioned
from seal import compat, link, messages, rpc
from seal.errors import Refused, SensorFailed
from seal.owner import Owner
from seal.service import Service
from trades import connect, pair


class Wide:
    """A sensor whose eight readings exceed a frame."""

    model = "wide"

    def read(self):
        return [("quantity-%02d" % number, "Cel", -2, 1000 + number) for number in range(30)]


class Broken(Counter):
    def read(self):
        raise SensorFailed("not there")


def test_reply_of_readings_fits_frame():
    device = provisioned(Issuer())
    device.board.sensors.append(Wide())
    for _ in range(9):
        device.sample()
    handlers = Service(device).handlers()
    seen = 0
    while True:
        found = handlers[rpc.READINGS]([seen, 8])
        assert len(link.pack(1, rpc.REPLY, found)) <= link.MAX_FRAME
        if not found:
            break
        seen = messages.parse(found[-1]).header[15][-70010]
    assert seen == 9


def test_two_sensors_of_one_model_get_two_names():
    device = provisioned(Issuer())
    device.board.sensors = [Broken(), Counter(), Counter()]
    found = Service(device).selftest(None)
    assert found["sensor counter"] == SensorFailed.code
    assert found["sensor counter 2"] is True and found["sensor counter 3"] is True


def test_info_reports_architecture():
    assert Service(provisioned(Issuer())).info(None)["arch"] == compat.arch()


def test_wiped_device_has_no_identity():
    issuer = Issuer()
    device = provisioned(issuer)
    assert Service(device).info(None)["device"] == device.device_id
    Owner(device).command(issuer.command(device, "wipe"))
    fields = Service(device).info(None)
    assert fields["state"] == "wiped" and fields["device"] is None


def test_ack_of_open_channel_changes_nothing():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    before = dict(selling.board.store.files)
    ack = {1: selling.log.seq, 2: [os.urandom(32), session._terms.digest]}
    raises(Refused, Owner(selling).command, issuer.command(selling, "ack", ack))
    assert selling.board.store.files == before
