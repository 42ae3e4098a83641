"""A hub whose ledger is on a PostgreSQL server: bundles come in, also while the server is away; sums are exact."""

import signal

import pytest

from tests.host_tools.postgres import own_server

from .site import Site


@pytest.fixture(scope="module")
def machine():
    made = own_server()
    yield made
    made.stop(signal.SIGQUIT)


def test_a_server_that_is_killed_and_comes_back_loses_nothing(machine, tmp_path):
    site = Site(tmp_path, machine.database())
    devices = [site.device(f"device {n}") for n in range(4)]
    site.drop(*(one.certificate for one in devices), *(site.deposit(one, 10_000) for one in devices))
    pairs = [(devices[n], devices[(n + 1) % 4]) for n in range(4)]
    channels = [site.open(payer, payee, 1000, f"{n}") for n, (payer, payee) in enumerate(pairs)]
    paid, readings = [0] * 4, []

    def drop(times):
        """Bundles in which each device measures, and pays its neighbour."""
        for _ in range(times):
            messages = [site.reading(one) for one in devices]
            readings.extend(messages)
            for n, (payer, _) in enumerate(pairs):
                paid[n] += 1
                messages.append(payer.voucher(channels[n], 7 * paid[n], seq=paid[n]))
            site.drop(*channels, *messages)

    hub = site.start()
    try:
        drop(10)
        site.wait(lambda: site.is_done() and site.states().get("settle"))
        drop(3)
        machine.stop(signal.SIGQUIT)  # as a crash, perhaps in the middle of a settlement
        drop(5)
        site.wait(lambda: site.readings() == sorted(one.digest for one in readings))  # they wait for no ledger
        assert not site.is_done(), "settle has not passed what came meanwhile"
        machine.start()
        drop(2)
        site.wait()
    finally:
        hub.terminate()
        code = hub.wait(90)
    assert code == 0, site.logs()
    assert site.sums() == site.plain(tmp_path / "plain.db")
    assert [one[2] for one in site.sums()[1]] == [7 * 20] * 4
    assert not any(site.folder.refused.iterdir())
