"""A day's limit follows the time that the device was up: no step of its clock renews the limit or uses it up."""

from check import raises
from rig import NOW, pass_time, policy, restarted
from seal import policy as limits
from seal.days import SECONDS_A_DAY
from seal.owner import Owner
from trades import connect, pair, run


def spend(per_day, joules):
    """A trade in which the buyer has paid for `joules` today."""
    issuer, buying, selling = pair(spending=policy(per_day=per_day), budget=10**6)
    session, _ = connect(buying, selling)
    selling.board.meter.joules += joules
    run(session.step())
    return issuer, buying, session


def test_steps_of_the_clock_renew_nothing():
    _, buying, session = spend(60, 20)
    for days in (-5, 1, 30, 0):
        buying.board.clock.unix = NOW + days * SECONDS_A_DAY
        assert buying.payer.spent.today("nEUR") == 60, days
    again = restarted(buying)
    again.board.clock.unix = NOW + SECONDS_A_DAY
    assert again.payer.spent.today("nEUR") == 60, "time without power is not counted"
    pass_time(again, SECONDS_A_DAY)
    assert again.payer.spent.today("nEUR") == 0


def test_a_clock_pushed_to_2100_and_back_uses_nothing_up():
    _, buying, session = spend(600, 20)
    buying.board.clock.unix = NOW + 75 * 365 * SECONDS_A_DAY
    raises(limits.Limit, session._allow, 541, buying.payer.spent.today("nEUR"))
    buying.board.clock.unix = NOW
    assert buying.payer.spent.today("nEUR") == 60
    buying.payer.promise(session._terms, 90, None, session._allow)
    pass_time(buying, SECONDS_A_DAY)
    assert buying.payer.spent.today("nEUR") == 0, "the next day comes after a day"


def test_first_promise_at_a_wrong_time_uses_up_its_own_day_alone():
    # eclipse-kura/kura#2563: the clock says 2036 until the owner sets it
    issuer, buying, selling = pair(spending=policy(per_day=60), budget=10**6)
    for device in (buying, selling):
        device.board.clock.unix = 2_085_978_496
    session, _ = connect(buying, selling)
    selling.board.meter.joules += 20
    run(session.step())
    assert buying.payer.spent.today("nEUR") == 60 and buying.days.now() - NOW < 60
    Owner(buying).command(issuer.command(buying, "clock", NOW))
    buying.board.clock.unix = NOW
    assert buying.payer.spent.today("nEUR") == 60
    pass_time(buying, SECONDS_A_DAY)
    assert buying.payer.spent.today("nEUR") == 0, "and not ten years later"


def test_idle_days_count_while_the_device_is_up():
    _, buying, _ = spend(60, 20)
    for _ in range(3):
        pass_time(buying, 5 * SECONDS_A_DAY)
    assert buying.days.now() == buying.board.clock.unix


def test_owner_sets_trusted_time():
    issuer, buying, _ = spend(60, 20)
    later = NOW + 10 * SECONDS_A_DAY
    Owner(buying).command(issuer.command(buying, "clock", later))
    buying.board.clock.unix = later
    assert buying.days.now() == later and buying.payer.spent.today("nEUR") == 0
    again = restarted(buying)
    assert again.days.now() == later
    Owner(again).command(issuer.command(again, "clock", NOW - SECONDS_A_DAY))
    again.board.clock.unix = NOW - SECONDS_A_DAY
    assert again.days.now() == NOW - SECONDS_A_DAY
    assert again.payer.spent.today("nEUR") == 60, "what was spent on a later day counts on that day"
