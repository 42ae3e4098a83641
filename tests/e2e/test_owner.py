"""Commands of an owner against a carrier that turns them to another device, and against one that keeps them."""

import socket
import time

import pytest
from sealwright.errors import RefusedByDevice, Unreachable
from sealwright.link import connect
from sealwright.operate import owner, renewing, trading
from sealwright.wire.labels import CLOCK_HOST
from sealwright.wire.messages import Command, parse_as

from tests.e2e.proxy import Proxy


@pytest.fixture
def roof_and_car(lab):
    return lab.board("roof"), lab.board("car")


class Way:
    """A URL that the register has for `board`, and what is behind it now."""

    def __init__(self, lab, board):
        self.target = tuple(board.hardware["command"])
        self.proxy = Proxy(lambda: self.target)
        entry = lab.home.resolve(board.name)
        with connect(self.proxy.address) as client:
            client.device = bytes.fromhex(entry.device)
            owner.set_interval(lab.home, client, 60)  # named once: the register has this URL from now on

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.close()


def test_a_command_that_is_turned_to_another_device_changes_nothing(lab, roof_and_car):
    roof, car = roof_and_car
    with Way(lab, roof) as way:
        before = lab.info(car)
        way.target = tuple(car.hardware["command"])
        with connect(way.proxy.address) as client, pytest.raises(RefusedByDevice) as refusal:
            owner.set_interval(lab.home, client, 4321)
        assert (refusal.value.code, refusal.value.exit_code) == ("wrong_device", 4)
        assert [lab.info(board)["interval"] for board in (roof, car)] == [60, before["interval"]]
        assert lab.info(car)["command_seq"] == before["command_seq"]
        way.target = tuple(roof.hardware["command"])
        with connect(way.proxy.address) as client:
            owner.set_interval(lab.home, client, 61)
        assert lab.info(roof)["interval"] == 61


def test_a_url_that_nobody_named_gets_no_command(lab, roof_and_car):
    _, car = roof_and_car
    proxy = Proxy(lambda: tuple(car.hardware["command"]))
    with connect(proxy.address) as client, pytest.raises(RefusedByDevice) as refusal:
        owner.set_interval(lab.home, client, 4321)
    proxy.close()
    assert refusal.value.code == "unknown_device" and lab.info(car)["command_seq"] == 1, "the lab's own"


def test_an_order_names_no_seller_that_another_url_is_of(lab, roof_and_car):
    roof, car = roof_and_car
    buyer = lab.board("buyer")
    with Way(lab, roof) as way:
        way.target = tuple(car.hardware["command"])
        before = lab.info(buyer)["command_seq"]
        for named in (None, bytes.fromhex(lab.home.resolve("roof").device)):
            with connect(way.proxy.address) as seller, connect(buyer.url) as payer:
                seller.device = named
                with pytest.raises(RefusedByDevice, match="car answers at .*, not roof") as refusal:
                    trading.order(lab.home, payer, seller, 5000)
            assert refusal.value.code == "wrong_device"
        assert lab.info(buyer)["command_seq"] == before


class Hoarder:
    """A client's transport whose carrier lies about the last number, and keeps the commands."""

    def __init__(self, client):
        self._client, self.kept = client, []
        self.url, self.device = client.url, client.device

    def __getattr__(self, name):
        return getattr(self._client, name)

    def info(self):
        found = self._client.info()
        found.raw["command_seq"] = 10**6
        return found

    def command(self, raw, _=None):
        self.kept.append(raw)
        raise Unreachable("the link broke")


def test_a_kept_command_is_worth_nothing_later(lab):
    car = lab.board("car")
    with lab.client(car) as client:
        hoarder = Hoarder(client)
        with pytest.raises(Unreachable):
            owner.resume(lab.home, hoarder)
        kept = parse_as(hoarder.kept[0], Command).body
        assert kept.seq == 2, "the number comes from what the device signed"
        assert kept.not_after - time.time() < 601
        owner.pause(lab.home, client)
        with pytest.raises(RefusedByDevice) as refusal:
            client.command(hoarder.kept[0])
        assert refusal.value.code == "replay"
        late = owner.sign(lab.home, kept.device, 9, "resume", not_after=int(time.time()) - 1)
        for command, code in ((late, "expired"), (owner.sign(lab.home, kept.device, 9, "resume"), "unlimited")):
            with pytest.raises(RefusedByDevice) as refusal:
                client.command(command.raw)
            assert refusal.value.code == code
        assert client.info().raw["paused"] is True


def test_a_renewed_device_trades_and_a_revoked_one_does_not(lab):
    payee, payer = lab.board("payee", [lab.power(100)]), lab.board("payer")
    with lab.client(payer) as client:
        before = client.chain()[0]
        certificate = renewing.renew(lab.home, client, valid_days=3)
        assert client.chain()[0].digest == certificate.digest != before.digest
        assert certificate.body.key == before.body.key
        assert certificate.body.expires - certificate.body.issued_at == 3 * 86400
        assert client.info().raw["paused"] is False
    lab.sells(payee, "J", 1)
    lab.order(payer, payee, "J", 50)
    lab.wait(payer, lambda result: result["order"][0] == 1)
    revocation = renewing.revoke(lab.home, lab.home.resolve("payer"), "lost")
    assert lab.home.revocations() == [revocation.raw]
    with lab.client(payee) as client:
        client.revoke(revocation.raw)
    lab.order(payer, payee, "J", 50)
    lab.wait(payer, lambda result: result["trade_fault"] == 26)


def test_the_owner_s_time_wins_and_has_a_way_back(lab):
    """A laptop's clock says 2099 for a moment (kura#2563); impossible times are refused (micropython-lib#842)."""
    board = lab.board("roof", ["mcu"])
    lab.tell(board, "interval", 86400)
    with connect(board.url) as client:
        client.device = bytes.fromhex(lab.home.resolve("roof").device)
        before = client.info().raw
        for unix in (0, 2**32, 2**40, 2**63, 2**64 - 1):
            with pytest.raises(RefusedByDevice) as refusal:
                owner.command(lab.home, client, "clock", unix)
            assert refusal.value.code == "malformed"
            assert abs(client.info().raw["clock"][0] - before["clock"][0]) < 60
        assert client.info().raw["command_seq"] == before["command_seq"], "no number is used up"
        owner.command(lab.home, client, "clock", 4_102_444_000)
        unix, quality = client.info().raw["clock"]
        assert 0 <= unix - 4_102_444_000 < 60 and quality == CLOCK_HOST
        owner.set_clock(lab.home, client)
        unix, quality = client.info().raw["clock"]
        assert abs(unix - time.time()) < 60 and quality == CLOCK_HOST
        owner.set_interval(lab.home, client, 5)


def test_a_board_whose_ports_were_taken_while_it_was_off_is_still_known(lab):
    """The register has the board, not its port of that day, whichever URL it was provisioned at."""
    board = lab.board("shed")
    before = board.url
    board.kill()
    with socket.create_server(tuple(board.hardware["command"])), socket.create_server(tuple(board.hardware["peer"])):
        board.start()
    assert board.url != before
    lab.tell(board, "interval", 60)
    assert lab.home.resolve(board.url).name == "shed"
