"""`sealwright owner network` and `listen`: from a broker's name to a bundle that checks, with nothing but commands."""

import shutil
import signal

import pytest

from tests.cli.runner import ended, gone_wrong
from tests.e2e.broker import Authority


@pytest.fixture
def station(homed, broker, authority):
    """The command in a home whose device `station` hands its readings on; and the broker's URL."""
    homed.provisioned("station", "bme280")
    homed.ok("owner", "interval", "1", "--device", "emulated:station")
    url = f"mqtts://127.0.0.1:{broker.port}"
    homed.ok("owner", "network", "--device", "emulated:station", "--broker", url, "--ca", authority.path)
    return homed, url


def seqs(ran):
    return [line["seq"] for line in ran.json if line.get("type") == "reading"]


def test_a_bundle_through_the_broker_checks_offline(station, tmp_path):
    cli, url = station
    bundle = tmp_path / "day.bundle"
    first = cli.ok("listen", "--broker", url, "--out", bundle, "--count", "4", "--json")
    count = len(seqs(first))  # a look may bring several at once
    assert count >= 4 and seqs(first) == list(range(1, count + 1)) and first.json[0]["type"] == "certificate"
    # nobody listens: the broker keeps what comes, and the device too
    cli.ok("collect", "--device", f"{url}/station", "--count", str(count + 2), "--json")
    second = cli.ok("listen", "--broker", url, "--out", bundle, "--count", "4", "--json")
    assert seqs(second)[:4] == list(range(count + 1, count + 5))
    assert all(line["ok"] for line in cli.ok("verify", bundle, "--allow-test", "--json").json)
    result = cli.ok("info", "--device", f"{url}/station", "--json").last
    assert result["acknowledged"] == 0 and result["uplink"][1] is True
    last = seqs(cli.ok("listen", "--broker", url, "--out", bundle, "--count", "2", "--ack", "--json"))[-1]
    assert cli.ok("info", "--device", "emulated:station", "--json").last["acknowledged"] == last


def test_ctrl_c_ends_it_with_its_sum(station, tmp_path):
    cli, url = station
    bundle = tmp_path / "day.bundle"
    process = cli.start("listen", "--broker", url, "--out", bundle, "--json")
    assert process.stdout.readline()
    ran = ended(process, signal.SIGINT)
    assert ran.code == 0 and ran.last["ok"] and ran.last["messages"] > 0 and "new messages" in ran.err
    assert all(line["ok"] for line in cli.ok("verify", bundle, "--allow-test", "--json").json)


def test_what_the_broker_lost_is_fetched_from_the_device(station, broker, tmp_path):
    cli, url = station
    bundle = tmp_path / "day.bundle"
    last = seqs(cli.ok("listen", "--broker", url, "--out", bundle, "--count", "3", "--json"))[-1]
    cli.ok("collect", "--device", "emulated:station", "--count", str(last + 3))
    broker.kill()
    shutil.rmtree(tmp_path / "broker")
    broker.start()
    found = seqs(cli.ok("listen", "--broker", url, "--out", bundle, "--count", "5", "--json"))
    assert found == list(range(last + 1, last + 1 + len(found))) and len(found) >= 5
    assert all(line["ok"] for line in cli.ok("verify", bundle, "--allow-test", "--json").json)


def test_what_is_wrong_is_told(station, broker, authority, tmp_path):
    cli, url = station
    network = ("owner", "network", "--device", "emulated:station")
    for code, name, *arguments in (
        (2, "usage", *network),
        (2, "usage", *network, "--none", "--ssid", "barn"),
        (2, "usage", *network, "--ssid", ""),
        (2, "usage", *network, "--ssid", "é" * 17),
        (2, "usage", *network, "--broker", url, "--ca", authority.path, "--password-file", authority.path),
        (2, "usage", *network, "--broker", url),
        (2, "usage", *network, "--broker", f"{url}/station", "--ca", authority.path),
        (2, "bad_url", *network, "--broker", "mqtt://127.0.0.1", "--ca", authority.path),
        (2, "bad_url", *network, "--broker", "mqtts://a:b@127.0.0.1", "--ca", authority.path),
        (2, "usage", *network, "--broker", url, "--ca", tmp_path / "missing.pem"),
        (2, "usage", *network, "--broker", url, "--ca", cli.home / "home.json"),
        (2, "usage", "listen", "--broker", f"{url}/station"),
        (2, "usage", "listen", "--broker", url, "--ack"),
        (2, "unknown_device", "info", "--device", f"{url}/nobody"),
        (3, "unreachable", "listen", "--broker", "mqtts://127.0.0.1:1", "--seconds", "1"),
    ):
        gone_wrong(cli(*arguments), code, name)
    Authority(tmp_path, "stranger").path.replace(cli.home / "brokers" / f"127.0.0.1:{broker.port}.pem")
    gone_wrong(cli("listen", "--broker", url, "--seconds", "1"), 1, "broker_other_ca")
    cli.ok(*network, "--none")
    assert cli.ok("info", "--device", "emulated:station", "--json").last["uplink"] == [None, False, None, 0]


def test_a_key_that_is_rotated_while_somebody_listens(station, tmp_path):
    cli, url = station
    bundle, count = tmp_path / "day.bundle", ("--count", "3", "--json")
    begun = seqs(cli.ok("listen", "--broker", url, "--out", bundle, *count))
    process = cli.start("listen", "--broker", url, "--out", bundle, "--json")
    assert process.stdout.readline()
    turned = cli.ok("owner", "rotate", "--device", "emulated:station", "--yes", "--json").last
    assert turned["generation"] == 1
    seq = cli.ok("info", "--device", "emulated:station", "--json").last["reading_seq"]
    cli.ok("collect", "--device", f"{url}/station", "--count", str(seq + 3))
    heard = ended(process, signal.SIGINT)
    later = cli.ok("listen", "--broker", url, "--out", bundle, *count)
    found = seqs(heard) + seqs(later)
    assert heard.code == later.code == 0 and len(found) > len(begun)
    checked = cli.ok("verify", bundle, "--allow-test", "--json").json
    assert all(line["ok"] for line in checked)
    assert [line["type"] for line in checked].count("rotation") == 1
