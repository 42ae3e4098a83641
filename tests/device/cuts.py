"""Power cuts at every operation of the flash, through everything that a device writes, on a real LittleFS. MicroPython
only.

    make campaign-cuts        all of it, some minutes: prints states and seconds

A state is a flash as a cut left it. `scenarios` has what is cut, a row each; `promises` what must hold in every state.
The cut comes at each program or erase operation, after each part of it: prefixes, the whole, and a torn one with every
third byte and some bits of others. `again` cuts also what the device does after that cut. Then the power stays: the
device must start as it promised, and the same requests once more must bring it to the scenario's end. No state is
counted twice: the whole of an operation is the nothing of the next, so there is no part 0.
"""

import gc
import os
import sys
import time

import littlefs
from cut_scenario import started
from emulated.flash import SCATTERED
from littlefs import copy, mounted
from promises import Told, Violation, check
from scenarios import SCENARIOS

littlefs.BLOCKS = 40
PATH = "cuts-" + os.urandom(6).hex() + ".tmp"
START, FIRST = PATH + ".start", PATH + ".first"  # before the first cut, and after it
PARTS = (3, 9, 16, SCATTERED)


class Campaign:
    """Counts what was tried."""

    def __init__(self, parts=PARTS):
        self.parts, self.states, self.operations = parts, 0, 0

    def run(self, scenario, again=0, step=1):
        """Cut the scenario at each step-th operation. again: after each again-th cut also what follows, everywhere."""
        littlefs.format(PATH)
        told = Told()
        try:
            if mounted(PATH, lambda flash: scenario.before(flash, told)):
                raise Violation("it was cut before it began")
            copy(PATH, START)
            self._judge(scenario, told.copy(), "no cut")
            self.states -= 1
            for part in self.parts:
                self._run_part(scenario, told, part, again, step)
        finally:
            for path in (PATH, START, FIRST):
                try:
                    os.remove(path)
                except OSError:
                    pass

    def _run_part(self, scenario, told, part, again, step):
        operation, is_cut = (part % step or step) - step, True
        while is_cut:
            operation += step
            now = told.copy()
            is_cut = self._cut(scenario, START, now, operation, part)
            if is_cut and again and operation % again == part % again:
                self._run_second(scenario, now, operation, part)
            if is_cut:
                self._judge(scenario, now, (operation, part))
        self.operations = max(self.operations, operation)

    def _run_second(self, scenario, told, first, part):
        copy(PATH, FIRST)
        operation, is_cut = 0, True
        while is_cut:
            operation += 1
            now = told.copy()
            is_cut = self._cut(scenario, FIRST, now, operation, part)
            if is_cut:
                self._judge(scenario, now, (first, part, "and again", operation))
        copy(FIRST, PATH)

    def _cut(self, scenario, image, told, operation, part):
        copy(image, PATH)

        def life(flash):
            flash.cut_after(operation, part)
            scenario.life(flash, told)

        is_cut = mounted(PATH, life)
        gc.collect()
        return is_cut

    def _judge(self, scenario, told, where):
        def look(flash):
            device = started(flash)
            check(device, told)
            scenario.look(device)

        def end(flash):
            scenario.life(flash, told)
            device = started(flash)
            check(device, told)
            scenario.look(device)
            scenario.is_done(device)

        try:
            if mounted(PATH, look) or mounted(PATH, end):
                raise Violation("cut")
        except Exception as error:
            sys.print_exception(error, sys.stdout)
            raise Violation("%s: %r after a cut at %s" % (scenario.name, error, where))
        gc.collect()
        self.states += 1


def everything(names):
    campaign, began = Campaign(), time.time()
    for scenario in SCENARIOS:
        if not names or scenario.name in names:
            states, since = campaign.states, time.time()
            campaign.operations = 0
            campaign.run(scenario, scenario.again)
            count, seconds = campaign.states - states, time.time() - since
            print("%-12s %3d operations, %5d states, %4d s" % (scenario.name, campaign.operations, count, seconds))
    print("0 violations in %d states; %d s" % (campaign.states, time.time() - began))


if __name__ == "__main__":
    try:
        everything(sys.argv[1:])
    except BaseException as error:  # on stdout: stderr has the port's warnings
        sys.print_exception(error, sys.stdout)
        sys.exit(1)
