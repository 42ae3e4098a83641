"""A device whose flash is put back: what was signed twice is found, proved and acknowledged to nobody."""

import pytest
from sealwright.wire.bundle import read_bundle
from sealwright.wire.messages import Reading, parse_message

from tests.cli.runner import ended, gone_wrong, wait_until

DEVICE = ("--device", "emulated:station")


@pytest.fixture
def station(homed):
    """A board that takes a reading a second."""
    board = homed.provisioned("station", "bme280")
    homed.ok("owner", "interval", "1", *DEVICE)
    restart(board)
    return board


def restart(board):
    board.kill()
    board.start()  # or it would sleep out its first interval


def put_back(board, image):
    board.kill()
    (board.folder / "flash.img").write_bytes(image)
    board.start()


def image_of(board):
    board.kill()
    image = (board.folder / "flash.img").read_bytes()
    board.start()
    return image


def numbers(bundle):
    found = [parse_message(raw) for raw in read_bundle(bundle)]
    return [message.body.seq for message in found if isinstance(message.body, Reading)]


def last(cli):
    return cli("info", *DEVICE, "--json").last["reading_seq"]


def proof_of(cli, ran):
    """The two messages of the only fork that the home keeps, which verify shows as such."""
    (proof,) = (cli.home / "forks").glob("*.bundle")
    assert ran.code == 1 and f"{proof}" in ran.err and ": the device" in ran.err, ran
    return proof, [parse_message(raw) for raw in read_bundle(proof)][-2:]


def test_another_branch_is_a_fork_and_nothing_of_it_is_acknowledged(homed, station, tmp_path):
    day = ("collect", *DEVICE, "--out", tmp_path / "day.bundle", "--ack")
    wait_until(lambda: last(homed) >= 2)
    image = image_of(station)
    reached = last(homed)
    wait_until(lambda: last(homed) >= reached + 3)
    homed.ok(*day)
    fetched = numbers(tmp_path / "day.bundle")[-1]
    put_back(station, image)
    homed.ok("owner", "interval", "1", *DEVICE)
    wait_until(lambda: last(homed) >= fetched + 2)
    ran = homed(*day)
    proof, (first, second) = proof_of(homed, ran)
    assert (first.body.seq, second.body.seq) == (fetched, fetched) and first.digest != second.digest
    verdicts = homed("verify", proof, "--allow-test", "--json")
    assert verdicts.code == 1 and [one["code"] for one in verdicts.json][-2:] == ["ok", "equivocation"]
    assert numbers(tmp_path / "day.bundle")[-1] == fetched, "nothing of the other branch is in the bundle"
    info = homed("info", *DEVICE, "--json").last
    assert info["acknowledged"] < fetched
    # another bundle has nothing of before: the home remembers
    again = homed("collect", *DEVICE, "--out", tmp_path / "new.bundle", "--ack", "--json")
    assert again.code == 1 and [one for one in again.json if not one.get("ok", True)][0]["code"] == "equivocation"
    assert again.json[-1]["ok"] is False and homed("info", *DEVICE, "--json").last["acknowledged"] < fetched


def test_a_log_that_ends_too_early_is_shown_by_its_own_status(homed, station, tmp_path):
    wait_until(lambda: last(homed) >= 1)
    image = image_of(station)
    homed.ok("collect", *DEVICE, "--out", tmp_path / "day.bundle", "--count", "12", "--every", "0.2")
    put_back(station, image)
    ran = homed("collect", *DEVICE, "--out", tmp_path / "day.bundle")
    _, (first, status) = proof_of(homed, ran)
    assert first.body.seq == numbers(tmp_path / "day.bundle")[-1] and status.body.reading_seq < first.body.seq
    assert "ends before reading" in ran.err


def test_while_it_is_followed(homed, station, tmp_path):
    bundle = tmp_path / "day.bundle"
    wait_until(lambda: last(homed) >= 2)
    image = image_of(station)
    homed.ok("collect", *DEVICE, "--out", bundle, "--count", str(last(homed) + 3), "--every", "0.2")
    put_back(station, image)
    homed.ok("owner", "interval", "1", *DEVICE)
    ran = homed("collect", *DEVICE, "--out", bundle, "--seconds", "3", "--every", "0.2", "--json")
    assert ran.code == 1 and sum(one.get("code") == "equivocation" for one in ran.json) == 1, "said once"
    assert ran.json[-1]["failed"] == 1


def test_settling_sees_what_collecting_remembers(homed, station, tmp_path):
    wait_until(lambda: last(homed) >= 1)
    image = image_of(station)
    one, other = tmp_path / "one.bundle", tmp_path / "other.bundle"
    homed.ok("collect", *DEVICE, "--out", one, "--count", str(last(homed) + 2), "--every", "0.2")
    homed.ok("settle", one, "--allow-test")
    reached = numbers(one)[-1]
    put_back(station, image)
    homed.ok("owner", "interval", "1", *DEVICE)
    wait_until(lambda: last(homed) >= reached + 1)
    (homed.home / "heads").rename(tmp_path / "heads")  # as on another computer
    homed.ok("collect", *DEVICE, "--out", other)
    (tmp_path / "heads").rename(homed.home / "heads2")
    for path in (homed.home / "heads2").iterdir():
        path.replace(homed.home / "heads" / path.name)
    ran = homed("settle", other, "--allow-test", "--json")
    assert ran.code == 1 and "equivocation" in [one.get("code") for one in ran.json]
    (proof,) = (homed.home / "forks").glob("*.bundle")
    assert homed("verify", proof, "--allow-test", "--json").json[-1]["code"] == "equivocation"


def test_a_payer_put_back_pays_nothing_until_its_owner_says_so(homed):
    homed.provisioned("solar", "ina219")
    charger = homed.provisioned("charger")
    homed.ok("owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "J", "--price", "1")
    homed.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "1000000000")
    parties = ("pay", "--payer", "emulated:charger", "--payee", "emulated:solar", "--amount")

    def order():
        return homed("info", "--device", "emulated:charger", "--json").last["order"]

    trade = homed.start(*parties, "100000000", "--pause-ms", "50")
    wait_until(lambda: (order() or {"vouchers": 0})["vouchers"] >= 1)
    image = image_of(charger)
    before = order()["vouchers"]
    wait_until(lambda: order()["vouchers"] > before + 2)
    put_back(charger, image)
    assert ended(trade).code == 3
    wait_until(lambda: (order()["state"], order()["reason"]) == ("failed", "rolled_back"))
    gone_wrong(homed(*parties, "5000"), 4, "rolled_back", "nothing until its owner unlocks it", "owner unlock")
    assert "LOCKED" in homed("info", "--device", "emulated:charger").out
    homed.ok("owner", "unlock", "--device", "emulated:charger")
    assert homed.ok(*parties, "300").out.startswith("Done: 300 nEUR")
