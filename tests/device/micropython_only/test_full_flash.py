"""A LittleFS that readings have filled: the journal still takes promises and commands, and an ack frees it."""

import os

import littlefs
from check import raises
from littlefs import format, mounted
from rig import Board, Issuer, provision
from seal.device import Device
from seal.errors import StorageFull
from seal.owner import Owner
from seal.reading import KEPT_BLOCKS
from seal.store import FileStore

littlefs.BLOCKS = 40
PATH = "full-" + os.urandom(6).hex() + ".tmp"


class Many:
    """A sensor of many values: three readings fill a segment."""

    model = "many"

    def read(self):
        return [("value%d" % number, "Cel", -2, number) for number in range(40)]


def filled(issuer):
    """A provisioned device that has taken readings until its flash took no more."""
    board = Board(FileStore("/board"))
    board.meter, board.sensors = None, [Many()]
    device = Device(board)
    device.load()
    provision(device, issuer)
    for _ in range(200):
        try:
            device.sample()
        except StorageFull:
            break
    assert device.log.seq > 6
    raises(StorageFull, device.sample)
    return device


def on_new_flash(life):
    format(PATH)
    try:
        mounted(PATH, life)
    finally:
        os.remove(PATH)


def test_readings_leave_room_for_promises_and_commands():
    issuer = Issuer()

    def life(_):
        device = filled(issuer)
        for number in range(KEPT_BLOCKS // 2):
            device.journal.put("o-%d" % number, bytes(2000))  # as large as a channel
        owner = Owner(device)
        owner.command(issuer.command(device, "pause"))
        owner.command(issuer.command(device, "ack", {1: device.log.seq}))
        before = device.log.seq
        device.sample()
        assert device.log.seq == before + 1 and device.log.acknowledged == before

    on_new_flash(life)
