"""Faults of a board's parts, and what the device does: the rows of docs/FAULTS.md. MicroPython only.

    make campaign-faults      prints the table; a test holds the page to it, with `sample`: fewer of the rotten bits

A row is a fault and a function that makes it happen and returns what the device did, as found. Each function also holds
the device to the rule of all rows: nothing is signed wrongly, and nothing that left the device is lost.
"""

import sys

import fault_chips
import fault_flash
import fault_inside

ROWS = fault_inside.ROWS + fault_flash.ROWS + fault_chips.ROWS


def table():
    """[(fault, what the device did), ...]."""
    return [(name, run()) for name, run in ROWS]


if __name__ == "__main__":
    if sys.argv[1:] == ["sample"]:
        fault_flash.STEP = 29
    try:
        for name, did in table():
            print("| %s | %s |" % (name, did))
    except BaseException as error:  # on stdout: stderr has the port's warnings
        sys.print_exception(error, sys.stdout)
        sys.exit(1)
