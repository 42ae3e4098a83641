"""The console as a link: who may take it back, and when it closes for good."""

from links.console import IDENTITY, KNOCK, Door
from rig import Board, Issuer, provision
from seal import link, rpc
from seal.device import WIPED, Device


class Ticks:
    now = 0

    def __call__(self):
        return self.now


def door():
    ticks = Ticks()
    return Door(ticks), ticks


def test_mpremote_is_detected_at_start_of_frame():
    assert door()[0].knocks(KNOCK)
    assert door()[0].knocks(b"\x00" + KNOCK + b"\x01")
    listening, _ = door()
    assert not listening.knocks(b"\r")
    assert listening.knocks(b"\x03")
    assert listening.knocks(link.pack(1, rpc.INFO, None) + KNOCK)


def test_frames_do_not_trigger_mpremote_detection():
    listening, _ = door()
    for size in range(1, 600):
        assert not listening.knocks(link.pack(size, rpc.READINGS, KNOCK * size)[: size * 2])
        assert not listening.knocks(b"\x00")
    assert not listening.knocks(b"x" + KNOCK)
    assert not listening.knocks(KNOCK)  # still inside


def test_silence_ends_partial_frame():
    listening, ticks = door()
    assert not listening.knocks(b"hello")
    ticks.now = 900
    assert not listening.knocks(KNOCK)
    ticks.now = 2000
    assert listening.knocks(KNOCK)


def test_identity_closes_console_until_wipe():
    device = Device(Board())
    device.load()
    assert IDENTITY not in device.board.store.names()
    provision(device, Issuer())
    assert IDENTITY in device.board.store.names()
    device.board.keystore.wipe(0)
    device.journal.put("wiped", True)
    device.load()
    assert device.state == WIPED and IDENTITY not in device.board.store.names()
