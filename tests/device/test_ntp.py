"""Network time from servers of every kind: only two that agree on a plausible time count."""

from links.ntp import AGREE_SECONDS, network_time, read_answer
from ntp_server import TO_1970, Server, answer
from rig import NOW
from seal.timekeeping import MAX_TIME, MIN_TIME

STAMP = b"question"
LOCAL = "127.0.0.1"


def read(made):
    return read_answer(made(bytes(40) + STAMP), STAMP)


def test_answer_counts_only_as_a_synchronised_server_s():
    for good in (
        answer(NOW),
        answer(NOW, leap=1),
        answer(NOW, leap=2),
        answer(NOW, stratum=1),
        answer(NOW, stratum=15),
        answer(NOW, fraction=bytes(4)),
    ):
        assert read(good) == NOW
    for bad in (
        answer(NOW, seconds=0, fraction=bytes(4)),  # micropython-lib#1152: the clock would show 2036
        answer(NOW, stratum=0),  # a kiss-o'-death
        answer(NOW, stratum=16),
        answer(NOW, leap=3),
        answer(NOW, mode=3),
        answer(NOW, mode=5),
        answer(NOW, mode=0),
        answer(NOW, stamp=bytes(8)),
        answer(NOW, size=47),
        answer(NOW, size=0),
        answer(MIN_TIME - 1),
        answer(MAX_TIME),
        answer(0),
    ):
        assert read(bad) is None


def test_eras_of_the_protocol_meet_in_2036():
    turn = (1 << 32) - TO_1970
    for unix in (MIN_TIME, turn - 1, turn, turn + 1, MAX_TIME - 1):
        assert read(answer(unix)) == unix


def ask(answers, hosts=4):
    server = Server(answers)
    try:
        return server.run(network_time([LOCAL] * hosts, server.port)), server.asked
    finally:
        server.close()


def test_two_answers_agree_before_a_time_counts():
    assert ask([answer(NOW), answer(NOW + AGREE_SECONDS)]) == (NOW + AGREE_SECONDS, 2)
    assert ask([answer(NOW + 10**8), answer(NOW), answer(NOW)]) == (NOW, 3)
    assert ask([answer(NOW), answer(NOW + 3), answer(NOW + 6), answer(NOW - 3)]) == (None, 4)
    assert ask([answer(NOW, seconds=0, fraction=bytes(4)), answer(NOW), answer(NOW)]) == (NOW, 3)
    assert ask([answer(NOW)], hosts=1) == (None, 1)


def test_silence_and_a_name_without_address_give_no_time():
    assert ask([None, None], hosts=2) == (None, 2)
    server = Server([answer(NOW), answer(NOW)])
    found = server.run(network_time(["no-such-host.invalid", LOCAL, LOCAL], server.port))
    server.close()
    assert found is None and server.asked == 0
