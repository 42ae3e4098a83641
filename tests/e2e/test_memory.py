"""A long trade leaves the heap as it was: nothing is kept for each payment, connection or reading."""

from .test_trade import ended

PAYMENTS = 200
PRICE = 5
SLACK = 4096  # bytes: what a collection finds differs a little from one to the next


def test_a_long_trade_does_not_use_up_the_heap(lab, record_property):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", PRICE)
    lab.order(payer, payee, "reading", PAYMENTS * PRICE, pause_ms=0)
    begun = lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= 30)
    before = begun["heap_free"], lab.info(payee)["heap_free"]
    assert lab.wait(payer, ended, 120)["order"] == [1, None, [PAYMENTS, PAYMENTS * PRICE]]
    after = lab.info(payer)["heap_free"], lab.info(payee)["heap_free"]
    record_property("heap", [before, after])
    print("heap free (payer, payee), after 30 payments and after", PAYMENTS, before, after)
    assert all(end > start - SLACK for start, end in zip(before, after, strict=True)), (before, after)


def test_connections_that_come_and_go_leave_nothing_behind(lab):
    board = lab.board("station", ["bme280"])
    for _ in range(10):
        before = lab.info(board)["heap_free"]
    for _ in range(150):
        lab.info(board)
    assert lab.info(board)["heap_free"] > before - SLACK
