"""The running version: a trial ends in confirmation or reset, and the log says which."""

import asyncio

from rig import restarted
from seal import firmware as module
from seal import notes
from seal.firmware import FLOOR, attend
from updates import FILES, WELL, Reset, boot, manifest, send, updater, with_slots

ILL = dict(WELL)
ILL["store"] = 15


def on_trial(root, issuer, device, version=3):
    """(Device, Firmware) after the boot that begins the trial of `version`."""
    _, taker = updater(device, root)
    send(taker, manifest(issuer, FILES, version), FILES)
    taker.commit(None)
    device = restarted(device)
    return device, updater(device, root)[0]


def attended(firmware, outcomes):
    """(log lines until the trial ends, whether the board was reset)."""
    said, before = [], (module._PAUSE_SECONDS, module.SETTLE_SECONDS, notes.show)
    module._PAUSE_SECONDS, module.SETTLE_SECONDS, notes.show = 0.01, 0.02, said.append

    async def main():
        task = asyncio.create_task(attend(firmware, lambda: outcomes))
        while firmware.slots.on_trial and not task.done():
            await asyncio.sleep(0.01)
        if not task.done():
            task.cancel()
        await task

    try:
        asyncio.run(main())
    except Reset:
        return said, True
    except asyncio.CancelledError:
        return said, False
    finally:
        module._PAUSE_SECONDS, module.SETTLE_SECONDS, notes.show = before


@with_slots
def test_healthy_version_is_confirmed(root, issuer, device):
    device, firmware = on_trial(root, issuer, device)
    assert attended(firmware, WELL) == (["firmware: version 3 is confirmed"], False)
    assert firmware.record()[FLOOR] == 3 and boot(root)[0].slot == "a"


@with_slots
def test_unhealthy_version_is_reset(root, issuer, device):
    device, firmware = on_trial(root, issuer, device)
    said, reset = attended(firmware, ILL)
    assert reset and said == ["firmware: version 3 is not healthy: store fails its self-test: code 15"]
    assert firmware.slots.on_trial and firmware.record()[FLOOR] == 0


@with_slots
def test_full_flash_does_not_reset_confirmed_version(root, issuer, device):
    device, firmware = on_trial(root, issuer, device)

    def full(name, data):
        raise OSError(28)

    device.board.store.write = full
    said, reset = attended(firmware, WELL)
    assert not reset and len(said) == 2 and said[1] == "firmware: version 3 is confirmed"
    assert said[0].startswith("firmware: the version cannot be noted: ")
    assert boot(root)[0].slot == "a" and not boot(root)[0].on_trial
    firmware = updater(restarted(device), root)[0]
    assert firmware.record()[FLOOR] == 0 and firmware.floor() == 3
    firmware.settle()
    assert firmware.record()[FLOOR] == 3
