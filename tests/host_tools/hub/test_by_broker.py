"""What an operator does by itself or in rings, with a device that is behind the hub's own broker alone."""

import time
from dataclasses import replace

from sealwright import emulator
from sealwright.bench.updates import make
from sealwright.emulator.board import free_port
from sealwright.hub import polling
from sealwright.hub.fleet import Fleet
from sealwright.operate import renewing
from sealwright.operate.validity import kept_certificate
from sealwright.targets.build import compile_for
from sealwright.targets.kinds import find_any

from tests.cli.runner import Cli

from .site import Site
from .test_broker import point

DAY = 86400


def test_a_certificate_is_renewed_and_firmware_rolled_out_by_the_broker(tmp_path, monkeypatch):
    monkeypatch.setattr(polling, "_BROKER_EVERY", 0.5)
    real = time.time
    with monkeypatch.context() as earlier:
        earlier.setattr(time, "time", lambda: real() - 15 * DAY)
        site = Site(tmp_path)
        board = emulator.create(site.home, "unix", "roof", ["ina219"])
        board.start()
        device, broker = point(site, board, free_port())
        with emulator.resolve(site.home, "emulated:roof") as client:
            renewing.renew(site.home, client, 20)
    try:
        where = f"mqtts://{broker.name}/{device.hex()}"
        site.home.register(replace(site.home.find(device), urls=[where]))  # nobody reaches it another way
        bundle = tmp_path / "unix-3.firmware"
        make(site.home, compile_for(find_any("unix")), 3).write(bundle)
        with site.parts("broker", "intake", allow_test=True, every=0.5):
            site.wait(lambda: site.count("intake", "renewed") == 1)
            ran = Cli(site.home.folder).ok(
                "update", "roof", "--bundle", bundle, "--rings", "100%", "--soak", "2s", "--json"
            )
            assert (ran.last["done"], ran.last["failed"]) == (1, 0)
        leaf = kept_certificate(site.home, device).body
        assert leaf.expires - leaf.issued_at == 20 * DAY and abs(leaf.issued_at - time.time()) < 900
        with Fleet(site.folder.fleet) as fleet:
            assert {one.how for one in fleet.devices()} == {"broker"}
    finally:
        board.kill()
