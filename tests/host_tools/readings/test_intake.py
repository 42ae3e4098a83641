"""What the store takes, twice, in any order, from devices that contradict themselves, and what it refuses."""

import random
import sqlite3
from decimal import Context, Decimal

import pytest
from sealwright.readings import Question, ReadingsDamaged
from sealwright.readings.intake import Contradiction
from sealwright.wire.messages import DecimalFraction, Record

from tests.host_tools.factory import NOW


def rows(desk, **asked):
    with desk.store() as store:
        return list(store.rows(Question(**asked)))


def test_only_what_holds_is_taken(desk):
    good, bad = desk.roof.reading(1), bytearray(desk.roof.reading(2).raw)
    bad[-1] ^= 1
    stranger = desk.net.device("stranger").reading()
    intake = desk.take(good, bytes(bad), stranger)
    assert intake.counts == {"new": 1, "values": 1}
    assert [(row.seq, row.value, row.digest) for row in rows(desk)] == [(1, Decimal("0.01"), good.digest)]


def test_a_reading_that_comes_again_changes_nothing(desk):
    readings = [desk.roof.reading(n) for n in range(5)]
    assert desk.take(*readings).counts["new"] == 5
    before = desk.dump()
    again = desk.take(*readings)
    assert again.counts == {"known": 5} and desk.dump() == before


def test_the_order_and_the_batches_decide_nothing(desk, tmp_path):
    logs = [one.reading(n) for n in range(24) for one in (desk.roof, desk.car)]
    desk.take(*logs)
    whole = desk.dump()
    draw = random.Random(5)
    for n in range(5):
        desk.path = tmp_path / f"{n}.db"
        parts = [logs[at : at + 16] for at in range(0, len(logs), 16)]
        for part in draw.sample(parts, len(parts)) + draw.sample(parts, 2):
            desk.take(*part, batch=draw.choice((1, 2, 7, 100)))
        assert desk.dump() == whole


def test_a_certificate_that_comes_after_is_as_good(desk):
    desk.take(desk.roof.reading(), *desk.certificates, certificates=False)
    assert len(rows(desk)) == 1


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_readings_with_one_number_the_first_stays_and_both_are_kept(desk, apart, turned):
    earlier = desk.roof.reading(1)
    state = desk.roof.seq, desk.roof.last
    first, after = desk.roof.reading(2), desk.roof.reading(3)
    other = desk.back(desk.roof, state).reading(9)
    if turned:
        first, after, other = other, None, first
    found = []
    parts = [(earlier, first, other)] if not apart else [(earlier, first), (other,)]
    for part in parts:
        found += desk.take(*part).contradictions
    assert found == [Contradiction(desk.roof.id, 2)]
    assert [(row.seq, row.digest, row.doubtful) for row in rows(desk)] == [
        (1, earlier.digest, False),
        (2, first.digest, True),
    ]
    if after is not None:
        desk.take(after)
        assert rows(desk)[-1].doubtful


def test_the_second_with_a_number_is_not_taken_for_the_first(desk):
    earlier = desk.roof.reading(1)
    state = desk.roof.seq, desk.roof.last
    too_large = desk.roof.reading(records=(Record(name="a", value=2**63),))
    intake = desk.take(earlier, too_large, desk.back(desk.roof, state).reading(9))
    assert intake.counts["out_of_range"] == 1 and [row.seq for row in rows(desk)] == [1]


def test_a_reading_that_names_another_before_it_is_a_contradiction_whichever_came_first(desk, tmp_path):
    state = desk.roof.seq, desk.roof.last
    one = desk.roof.reading(1)
    twin = desk.back(desk.roof, state)
    twin.reading(7)
    two = twin.reading(8)  # number 2, which names the other number 1
    for name, parts in (("a", (one, two)), ("b", (two, one))):
        desk.path = tmp_path / name
        found = [desk.take(part).contradictions for part in parts]
        assert found == [[], [Contradiction(desk.roof.id, 1)]]
        assert [(row.seq, row.doubtful) for row in rows(desk)] == [(1, True), (2, True)]


def test_values_are_exact_as_signed(desk):
    records = (
        Record(base_name="m-", name="a", unit="V", value=DecimalFraction(-3, 21500)),
        Record(name="b", value=-(2**63) + 1),
        Record(name="c", text="no value"),
        Record(name="d", flag=True),
        Record(name="e", data=b"\x00\xff"),
        Record(name="f", value=DecimalFraction(400, 7), time=DecimalFraction(-1, -5)),
    )
    desk.take(desk.roof.reading(records=records))
    found = {row.series.name[2:]: row for row in rows(desk)}
    assert str(found["a"].value) == "21.500" and found["a"].series.unit == "V"
    assert found["b"].value == -(2**63) + 1 and found["b"].series.unit == ""
    assert (found["c"].value, found["d"].value, found["e"].value) == ("no value", True, b"\x00\xff")
    assert found["f"].value == Decimal("7e400") and found["f"].at == (NOW + 1) * 10**6 - 500_000


@pytest.mark.parametrize(
    "changes",
    [
        {"records": (Record(name="a", value=2**63),)},
        {"records": (Record(name="a", value=1, time=2**62),)},
        {"records": (Record(name="a", value=DecimalFraction(6145, 9)),)},
        {"records": (Record(name="a", value=DecimalFraction(-(2**40), 9)),)},
        {"sampled_at": 2**63, "clock_quality": 1},
        {"sampled_at": 2**63, "clock_quality": 1, "records": (Record(name="a", value=1, time=2**30),)},
        {"seq": 2**63, "prev": bytes(32)},
        {"seq": 2**63 - 1, "prev": bytes(32)},
    ],
)
def test_what_has_no_room_is_not_taken(desk, changes):
    intake = desk.take(desk.roof.reading(**changes), desk.car.reading())
    assert intake.counts["out_of_range"] == 1 and len(rows(desk)) == 1


def test_questions(desk):
    desk.take(*(one.reading(n) for n in range(10) for one in (desk.roof, desk.car)))
    assert len(rows(desk, devices=frozenset({desk.roof.id}))) == 10
    assert [row.seq for row in rows(desk, since=NOW + 3, until=NOW + 5)] == [3, 4, 3, 4]
    assert [row.seq for row in rows(desk, last=2)] == [9, 10, 9, 10]
    assert rows(desk, quantities=frozenset({"nothing"})) == []
    assert len(rows(desk, quantities=frozenset({"*-t"}))) == 20


def test_sums_are_exact_with_one_exponent_and_with_several(desk):
    values = [DecimalFraction(-2, 2150), 2**62, 2**62, DecimalFraction(-5, 1), DecimalFraction(3, -4)]
    for value in values:
        desk.take(desk.roof.reading(records=(Record(name="x", value=value),)))
    for mantissa in (2**62, 2**62, 2**62, -1):  # their sum is beyond 64 bits
        desk.take(desk.car.reading(records=(Record(name="y", value=mantissa),)))
    desk.take(desk.car.reading(records=(Record(name="z", text="no value"),)))
    with desk.store() as store:
        found = {one.series.name: one for one in store.sums()}
    x, y, z = found["x"], found["y"], found["z"]
    assert (x.size, x.numbers, x.least, x.greatest) == (5, 5, Decimal(-4000), Decimal(2**62))
    assert x.mean == Context(prec=12).divide(Decimal(2**63) + Decimal("-3978.49999"), Decimal(5))
    assert y.mean == Decimal("3.45876451382E+18") and y.greatest == 2**62 and y.least == -1
    assert (z.size, z.numbers, z.mean) == (1, 0, None)


def test_one_extreme_value_stops_no_sum(desk):
    for exponent in (12288, -12288, 6144, -6144):
        desk.take(desk.roof.reading(records=(Record(name="x", value=DecimalFraction(exponent, 9)),)))
    with desk.store() as store:
        (found,) = store.sums()
    assert (found.numbers, found.least, found.greatest) == (2, Decimal("9e-6144"), Decimal("9e6144"))
    assert found.mean == Decimal("4.5e6144")


def test_times_beyond_every_calendar_are_asked_for_like_others(desk):
    desk.take(desk.roof.reading())
    far = 10**17
    assert len(rows(desk, since=-far, until=far)) == 1
    assert rows(desk, since=far) == [] and rows(desk, until=-far) == []


@pytest.mark.parametrize("exponent", [7000, -7000, 2**40])
def test_an_edited_exponent_is_damage(desk, exponent):
    desk.take(desk.roof.reading())
    connection = sqlite3.connect(desk.path)
    with connection:
        connection.execute("UPDATE measured SET exponent = ?", (exponent,))
    connection.close()
    with desk.store() as store:
        for ask in (lambda: list(store.rows()), lambda: list(store.sums()), lambda: store.points(store.series()[0])):
            with pytest.raises(ReadingsDamaged, match=r"readings\.db"):
                ask()


def test_a_reading_is_found_by_how_its_digest_begins(desk):
    message = desk.roof.reading()
    desk.take(message, desk.car.reading())
    wrong = message.digest[:4] + bytes([message.digest[4] ^ 1])
    with desk.store() as store:
        assert [one.raw for one in store.named(message.digest[:4])] == [message.raw]
        assert [one.raw for one in store.named(message.digest)] == [message.raw]
        assert store.named(wrong) == []
