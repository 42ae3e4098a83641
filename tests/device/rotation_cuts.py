"""Power cuts at every operation of the flash under a rotation, on a real LittleFS. MicroPython only.

    make cuts                 all of it, after the reading log's: prints states and seconds

A state is a flash as a cut left it, the power then back: the device must be provisioned, with one key that its
rotations lead to, with no rotation fewer than before, and rotate again. `again` cuts what comes after that cut, too:
the next start, and the next command.
"""

import gc
import os
import time

import littlefs
from emulated.flash import SCATTERED
from littlefs import mounted, read, write
from rig import Board, Issuer, provision
from seal import messages
from seal.device import PROVISIONED, Device
from seal.owner import Owner
from seal.store import FileStore

littlefs.BLOCKS = 40
PATH = "rotation-" + os.urandom(6).hex() + ".tmp"
PARTS = (0, 3, 9, SCATTERED, 16)
NONCE = bytes(32)


class Violation(Exception):
    """The device broke a promise."""


def opened(flash):
    device = Device(Board(FileStore("/board", flash)))
    device.load()
    return device


class Campaign:
    """Cuts the rotations of one device, made with the first history."""

    def __init__(self):
        self.issuer, self.states, self.rotated = Issuer(), 0, 0

    def rotate(self, device):
        Owner(device).command(self.issuer.command(device, "rotate", NONCE))

    def run(self, earlier, parts=PARTS, step=1, again=0):
        """Cut a rotation of a device with `earlier` ones at each step-th operation. again: also cut what comes after
        each again-th cut, at every `step`-th operation."""
        littlefs.format(PATH)

        def history(flash):
            device = opened(flash)
            provision(device, self.issuer)
            device.sample()
            for _ in range(earlier):
                self.rotate(device)
                device.sample()

        if mounted(PATH, history):
            raise Violation("the history was cut")
        start = read(PATH)
        for part in parts:
            operation, cut = part % step, True
            while cut:
                operation += step
                done = []
                cut = self._cut(start, done, operation, part)
                if again and operation % again == 0 and cut:
                    self._second(read(PATH), earlier, part, step)
                self._judge(earlier + len(done), earlier + 1, (earlier, operation, part))
        os.remove(PATH)

    def _cut(self, image, done, operation, part):
        write(PATH, image)

        def life(flash):
            flash.cut_after(operation, part)
            device = opened(flash)
            if device.state != PROVISIONED:
                raise Violation("it starts as %d: %s" % (device.state, device.fault))
            self.rotate(device)
            done.append(device.public)

        cut = mounted(PATH, life)
        gc.collect()
        return cut

    def _second(self, image, earlier, part, step):
        operation, cut = 0, True
        while cut:
            operation += step
            done = []
            cut = self._cut(image, done, operation, part)
            self._judge(earlier + len(done), earlier + 2, (earlier, "second", operation, part))
        write(PATH, image)

    def _judge(self, least, most, where):
        found = []

        def look(flash):
            device = opened(flash)
            found.append(self._whole(device))
            self.rotate(device)
            if self._whole(device) != found[0] + 1:
                raise Violation("it does not rotate again")

        try:
            if mounted(PATH, look):
                raise Violation("cut")
            if not least <= found[0] <= most:
                raise Violation("it has %d rotations" % found[0])
        except Exception as error:
            raise Violation("%s after a cut at %s" % (repr(error), where))
        gc.collect()
        self.states += 1
        self.rotated += found[0] > least

    @staticmethod
    def _whole(device):
        """How many rotations a whole device has."""
        if device.state != PROVISIONED:
            raise Violation("state %d: %s" % (device.state, device.fault))
        rotations = device.rotations()
        peer = device.standing.check_peer(device.chain, rotations)
        if peer.public != device.public or peer.generation != len(rotations):
            raise Violation("its rotations lead to another key")
        keystore = device.board.keystore
        if not keystore.has(device.slot()) or (rotations and keystore.has(1 - device.slot())):
            raise Violation("it has not one key")
        messages.parse(device.sample()[0]).verify(device.public)
        return len(rotations)


def everything():
    """The whole campaign."""
    campaign, began = Campaign(), time.time()
    for earlier, again in ((0, 3), (1, 3), (2, 5)):
        states = campaign.states
        campaign.run(earlier, again=again)
        print("%d rotations before: %d states" % (earlier, campaign.states - states))
    seconds = time.time() - began
    print("0 violations in %d states, %d of them rotated; %d s" % (campaign.states, campaign.rotated, seconds))


if __name__ == "__main__":
    everything()
