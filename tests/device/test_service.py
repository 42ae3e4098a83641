"""Requests of a host: replies fit a frame, sensors get unique names, a wiped device has no identity."""

import os

from check import raises
from rig import NOW, Counter, Issuer, RamStore, provisioned, restarted
from seal import compat, labels, link, messages, rpc
from seal.compat import finish
from seal.errors import Forked, Malformed, Refused, SensorFailed, StateDamaged, StorageFull
from seal.owner import Owner
from seal.service import Service
from trades import connect, pair, run


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
    found = finish(Service(device).selftest(None))
    assert found["sensor counter"] == SensorFailed.code
    assert found["sensor counter 2"] is True and found["sensor counter 3"] is True


def test_a_sensor_that_fails_takes_no_other_with_it():
    device = provisioned(Issuer())
    device.board.sensors = [Broken(), device.board.meter]
    raw, _ = device.sample()
    assert [record[0] for record in messages.parse(raw).payload] == ["temperature", "energy"]
    assert device.missing == SensorFailed.code
    device.board.sensors = [device.board.meter]
    assert device.sample() and device.missing is None
    # a reading without the meter would lose its count at the next start
    device.board.meter = Broken()
    for sensors in ([device.board.meter, Counter()], [Broken()], [Broken(), Broken()]):
        device.board.sensors = sensors
        raises(SensorFailed, device.sample)
    assert device.log.seq == 2


def test_a_reading_that_lacks_a_sensor_is_not_sold():
    _, buying, selling = pair("reading", budget=10)
    session, _ = connect(buying, selling)
    selling.board.sensors.append(Broken())
    seq = selling.log.seq
    try:
        run(session.step())
        raise AssertionError("it was sold")
    except rpc.PeerError as error:
        assert error.code == SensorFailed.code
    assert selling.log.seq == seq and not selling.payee.best(session._terms.digest)


def test_info_reports_architecture():
    assert Service(provisioned(Issuer())).info(None)["arch"] == compat.arch()


def test_wiped_device_has_no_identity():
    issuer = Issuer()
    device = provisioned(issuer)
    assert Service(device).info(None)["device"] == device.device_id
    Owner(device).command(issuer.command(device, "wipe"))
    fields = Service(device).info(None)
    assert fields["state"] == "wiped" and fields["device"] is None


def questions(device, channel):
    """Every request of the command link that nobody signed: (kind, item, whether it is answered)."""
    stranger = Issuer()
    command, order = stranger.command(device, "wipe"), stranger.command(device, "clock", NOW)
    revocation = stranger.signer.sign(labels.REVOCATION, {1: device.device_id, 2: 1, labels.IAT: NOW})[0]
    funding = stranger.signer.sign(labels.FUNDING, {1: channel, 2: 300, labels.IAT: NOW})[0]
    return (
        (rpc.INFO, None, True),
        (rpc.INFO, bytes(32), True),
        (rpc.CHAIN, None, True),
        (rpc.READINGS, [0, 8], True),
        (rpc.READINGS, [2**63, 1], True),
        (rpc.CHANNELS, 0, True),
        (rpc.CHANNELS, 10**6, True),
        (rpc.SELFTEST, None, True),
        (rpc.BENCH, 1, True),
        (rpc.EVIDENCE, bytes(32), False),
        (rpc.GRANT, stranger.grant(device.public, bytes(32)), False),
        (rpc.COMMAND, command, False),
        (rpc.COMMAND, order, False),
        (rpc.LEDGER, funding, False),
        (rpc.REVOKE, revocation, False),
        (rpc.UPDATE_BEGIN, b"", False),
        (rpc.UPDATE_WRITE, [0, 0, b"x"], False),
        (rpc.UPDATE_COMMIT, None, False),
    )


def test_ack_with_a_digest_prunes_only_what_was_fetched():
    # flood-sensor#55: the flash is put back, and the host acknowledges what it has of the other branch
    issuer = Issuer()
    device = provisioned(issuer)
    digests = [None] + [device.sample()[1] for _ in range(20)]
    forked = restarted(device)
    forked.board.meter.joules += 1  # it measures something else from here on
    digests += [device.sample()[1] for _ in range(20)]
    for _ in range(30):
        forked.sample()
    before = dict(forked.board.store.files)
    for ack in (
        {1: 40, 3: digests[40]},
        {1: 50, 3: digests[40]},
        {1: 51},
        {1: 51, 3: forked.log.prev},
        {1: 21, 3: digests[21]},
    ):
        raises(Forked, Owner(forked).command, issuer.command(forked, "ack", ack))
        assert forked.board.store.files == before
    raises(Malformed, Owner(forked).command, issuer.command(forked, "ack", {1: 20, 3: b"short"}))
    Owner(forked).command(issuer.command(forked, "ack", {1: 20, 3: digests[20]}))  # both branches have it
    assert forked.log.acknowledged == 20
    Owner(forked).command(issuer.command(forked, "ack", {1: 20, 3: digests[20]}))
    Owner(forked).command(issuer.command(forked, "ack", {1: 50, 3: forked.log.prev}))
    Owner(device).command(issuer.command(device, "ack", {1: 40}))  # an older host names no digest
    assert forked.log.acknowledged == 50 and device.log.acknowledged == 40


def test_request_without_a_signature_writes_nothing():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    run(session.step())
    selling.board.meter.joules += 10
    run(session.step())
    for device in (buying, selling):
        handlers = Service(device).handlers()
        for unix in (NOW, 2_085_978_496, 0):  # looking at channels that have expired by a wrong clock closes none
            device.board.clock.unix = unix
            before, changes = dict(device.board.store.files), device.board.store.changes
            for kind, item, answered in questions(device, session._terms.digest):
                code, _ = rpc.answer(handlers, kind, item)
                assert (code == rpc.REPLY) is answered, (kind, code)
                assert (device.board.store.files, device.board.store.changes) == (before, changes), kind
        device.board.clock.unix = NOW
    selling.board.meter.joules += 10
    run(session.step())
    assert session._seller_amount == 60


def test_selftest_finds_a_record_that_flash_has_changed():
    device = provisioned(Issuer())
    service = Service(device)
    assert finish(service.selftest(None))["store"] is True
    files, name = device.board.store.files, "j-owner"
    whole = files[name]
    files[name] = whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:]
    assert finish(service.selftest(None))["store"] == StateDamaged.code
    files[name] = whole
    changes = device.board.store.changes
    assert finish(service.selftest(None, writes=True))["store"] is True and device.board.store.changes > changes


class Tight(RamStore):
    """A store that takes a write only while it has at most `most` files."""

    most = 1000

    def write(self, name, data):
        if len(self.files) > self.most:
            raise StorageFull("full")
        super().write(name, data)


def test_an_ack_frees_a_flash_that_takes_nothing_more():
    issuer = Issuer()
    store = Tight()
    device = provisioned(issuer, store=store)
    for _ in range(60):
        device.sample()
    store.most = len(store.files) - 1
    owner = Owner(device)
    raises(StorageFull, device.sample)
    raises(StorageFull, owner.command, issuer.command(device, "pause"))
    owner.command(issuer.command(device, "ack", {1: device.log.seq}))
    owner.command(issuer.command(device, "pause"))
    device.sample()
    again = restarted(device)
    assert again.fault is None and again.log.seq == device.log.seq and again.log.acknowledged == 60


def test_ack_of_open_channel_changes_nothing():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    before = dict(selling.board.store.files)
    ack = {1: selling.log.seq, 2: [os.urandom(32), session._terms.digest]}
    raises(Refused, Owner(selling).command, issuer.command(selling, "ack", ack))
    assert selling.board.store.files == before
