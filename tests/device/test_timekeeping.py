"""Which times a device believes: the owner's, and a network's that is near."""

from check import raises
from rig import NOW, Board, Clock, Issuer, provisioned, restarted
from seal import labels
from seal.device import Device
from seal.errors import Expired, Malformed, NotYetValid
from seal.owner import Owner
from seal.provision import Provisioner
from seal.service import Service
from seal.timekeeping import MAX_ABSENCE, MAX_STEP, MAX_TIME, MIN_TIME

IN_2036 = 2085978496
DAY = 86400


def fault(device):
    return Service(device).info(None)["clock_fault"]


def after_reset(device):
    """The device restarted with a clock that power has left unset."""
    again = restarted(device)
    again.board.clock.unix, again.board.clock.quality = 946_684_800, labels.CLOCK_SINCE_BOOT
    return again


def test_network_time_near_a_running_clock_is_taken():
    device = provisioned(Issuer(), clock=Clock(quality=labels.CLOCK_HOST))
    for unix in (NOW + MAX_STEP, NOW + MAX_STEP - MAX_STEP):
        assert device.timekeeper.take_network_time(unix)
        assert (device.now(), device.board.clock.quality) == (unix, labels.CLOCK_NETWORK)
    for unix, code in (
        (NOW + MAX_STEP + 1, NotYetValid.code),
        (NOW - MAX_STEP - 1, Expired.code),
        (IN_2036, NotYetValid.code),
        (MAX_TIME, NotYetValid.code),
        (1 << 63, NotYetValid.code),
        (MIN_TIME - 1, Expired.code),
        (-1, Expired.code),
    ):
        assert not device.timekeeper.take_network_time(unix)
        assert (device.now(), fault(device)) == (NOW, code), unix
    assert device.timekeeper.take_network_time(NOW + 1) and fault(device) is None


def test_many_small_steps_of_a_network_lead_no_further_than_one():
    issuer = Issuer()
    for way, code in ((1, NotYetValid.code), (-1, Expired.code)):
        device = provisioned(issuer, clock=Clock(quality=labels.CLOCK_HOST))
        for step in range(1, 5):
            taken = device.timekeeper.take_network_time(NOW + way * step * MAX_STEP // 3)
            assert taken is (step < 4)
        assert (device.now(), fault(device)) == (NOW + way * MAX_STEP, code)
        device.board.clock.unix += 30 * DAY  # its own time goes on
        assert device.timekeeper.take_network_time(NOW + 30 * DAY + way)
        Owner(device).command(issuer.command(device, "clock", NOW + 100 * DAY))
        assert device.timekeeper.take_network_time(NOW + 100 * DAY + way * MAX_STEP), "the owner's time is a new base"


def test_clock_that_slept_may_be_further_off():
    """A hundredth of the time asleep, so that a year of drift shuts no honest network out."""
    issuer = Issuer()
    device = provisioned(issuer, clock=Clock(quality=labels.CLOCK_HOST))
    device.rest.asleep_ms = 100 * DAY * 1000
    limit = MAX_STEP + DAY
    assert not device.timekeeper.take_network_time(NOW + limit + 1)
    assert not device.timekeeper.take_network_time(NOW - limit - 1)
    assert device.timekeeper.take_network_time(NOW + limit)
    Owner(device).command(issuer.command(device, "clock", NOW))
    assert not device.timekeeper.take_network_time(NOW + MAX_STEP + 1), "since the new base it has not slept"


def test_grant_of_an_impossible_time_changes_nothing():
    for unix in (0, MIN_TIME - 1, MAX_TIME, 2**40, 2**63):
        device, issuer, nonce = Device(Board()), Issuer(), bytes(32)
        device.load()
        provisioner = Provisioner(device)
        provisioner.evidence(nonce)
        before = dict(device.board.store.files)
        raises(Malformed, provisioner.grant, issuer.grant(device.public, nonce, time=unix))
        assert device.board.store.files == before and device.board.clock.now() == NOW


def test_network_time_after_a_reset_is_near_the_last_signed_one():
    device = provisioned(Issuer())
    device.board.clock.unix = NOW + 5 * DAY
    device.sample()
    for offset, code in (
        (0, None),
        (MAX_ABSENCE, None),
        (-1, Expired.code),
        (MAX_ABSENCE + 1, NotYetValid.code),
    ):
        again = after_reset(device)
        assert again.timekeeper.take_network_time(NOW + 5 * DAY + offset) is (code is None)
        assert fault(again) == code and (again.now() is None) is (code is not None)


def test_owner_sets_a_new_base_after_a_wrong_time():
    issuer = Issuer()
    device = provisioned(issuer)
    device.board.clock.unix = IN_2036  # however it came there
    device.sample()
    Owner(device).command(issuer.command(device, "clock", NOW))
    assert (device.now(), device.board.clock.quality) == (NOW, labels.CLOCK_HOST)
    again = after_reset(device)
    assert again.timekeeper.trusted() == NOW, "not that of the reading which the wrong clock signed"
    assert again.timekeeper.take_network_time(NOW + DAY) and again.now() == NOW + DAY


def test_impossible_times_use_up_no_number():
    issuer = Issuer()
    device = provisioned(issuer)
    before = dict(device.board.store.files)
    for unix in (0, 2**32, 2**40, 2**63, 2**64 - 1, MIN_TIME - 1, MAX_TIME):
        raises(Malformed, Owner(device).command, issuer.command(device, "clock", unix))
        assert (device.now(), device.board.store.files) == (NOW, before)
    Owner(device).command(issuer.command(device, "clock", MAX_TIME - 1))
    assert device.now() == MAX_TIME - 1
