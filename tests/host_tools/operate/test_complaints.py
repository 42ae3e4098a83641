"""What goes on failing is told a few times, and again once it has worked in between."""

from sealwright.operate import complaints
from sealwright.operate.complaints import MOST_TOLD, Complaints


def made():
    told = []
    return Complaints(told.append), told


def test_the_same_is_told_once_until_it_works():
    one, told = made()
    for _ in range(50):
        one.note("1", "roof", "no answer")
        one.note("2", "car", "no answer")
    assert told == ["roof: no answer", "car: no answer"]
    one.settle("1")
    assert one.note("1", "roof", "no answer") and not one.note("2", "car", "no answer")


def test_whoever_fails_in_ever_new_ways_is_told_of_a_few_times():
    one, told = made()
    for number in range(1000):
        one.note("1", "roof", f"byte {number} is wrong")
    assert len(told) == MOST_TOLD + 1 and "it goes on failing" in told[-1]


def test_made_up_parties_take_no_room(monkeypatch):
    monkeypatch.setattr(complaints, "MOST_PARTIES", 10)
    one, told = made()
    for number in range(1000):
        one.note(f"p{number}", "p", "wrong")
    assert len(one._told) <= 10 and len(told) == 1000
