"""A wrong clock on the host: nothing is certified by it, and no ledger believes it for good."""

import time

import pytest
from sealwright import clock
from sealwright.home import Home
from sealwright.wire.certificates import load_roots

from tests.host_tools.factory import DAY
from tests.host_tools.ledger.conftest import World, holds

UNSET = [0, 100, 946_684_800, clock.EARLIEST - 1, clock.LATEST, 2**32 * 1000]


@pytest.mark.parametrize("at", UNSET)
def test_no_home_is_made_by_a_clock_that_cannot_be_right(tmp_path, monkeypatch, at):
    monkeypatch.setattr(time, "time", lambda: float(at))
    with pytest.raises(clock.ClockWrong, match="this computer's clock says"):
        Home.init(tmp_path / "home", "net")
    assert not (tmp_path / "home").exists()


def test_times_that_devices_take_are_given(monkeypatch):
    for unix in (clock.EARLIEST, clock.LATEST - 1):
        monkeypatch.setattr(time, "time", lambda unix=unix: unix + 0.5)
        assert clock.now() == unix


def test_a_home_signs_nothing_from_before_it_was_made(tmp_path, monkeypatch):
    home = Home.init(tmp_path / "home", "net")
    made = load_roots(tmp_path / "home" / "root.pem")[0].body.issued_at
    assert home.now() >= made
    monkeypatch.setattr(time, "time", lambda: made - DAY)
    with pytest.raises(clock.ClockWrong):
        home.now()


def test_a_clock_far_ahead_refunds_nobody(tmp_path):
    world = World(tmp_path / "ledger.db")
    channel = world.opened()[1]
    ledger = world.ledger(longest_pause=clock.LONGEST_PAUSE)
    voucher = world.payer.voucher(channel, 700)
    world.at += 20 * 365 * DAY
    for write in (
        lambda: ledger.deposit(world.owner.deposit(world.payer, 1).raw),
        lambda: list(ledger.settle([voucher.raw])),
        ledger.refund_ended,
    ):
        with pytest.raises(clock.ClockWrong, match="was last written on"):
            write()
    world.at -= 20 * 365 * DAY
    assert world.codes(ledger, [voucher]) == ["ok"] and holds(ledger, world.payee) == 700


def test_a_person_who_has_checked_the_clock_is_believed(monkeypatch):
    assert clock.longest_pause() == clock.LONGEST_PAUSE
    monkeypatch.setenv(clock.CHECKED, "1")
    assert clock.longest_pause() is None
    clock.check_pause(clock.LATEST, clock.EARLIEST, None)
