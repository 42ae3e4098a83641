"""Drawn bundles and files of receipts, held against both verifiers: each verdict, its text, and their order.

`make campaign-js BUNDLES=10000` draws so many of them, an eighth of them receipts; SEED draws others. Reports how often
each code came. Limits: of a fault of form only the code and the remedy are compared.
"""

import argparse
import os
import sys
import time
from collections import Counter
from multiprocessing import get_context

from tests.host_tools.web import drawing, receipt_drawing
from tests.host_tools.web.judging import NODE, alike

PART = 200  # of one seed


def part(job):
    """(how many, how often each code came, what differs)."""
    seed, number, count = job
    make = receipt_drawing.jobs if number % 8 == 7 else drawing.jobs
    try:
        return count, drawing.codes_of(alike(make(f"{seed} {number}", count))), None
    except AssertionError as error:
        return count, Counter(), f"part {number} of seed {seed}: {error}"


def campaign(number, seed, jobs):
    """Run all parts side by side; the exit code."""
    began, done, codes = time.monotonic(), 0, Counter()
    parts = [(seed, at // PART, min(PART, number - at)) for at in range(0, number, PART)]
    with get_context("spawn").Pool(jobs) as pool:
        for count, found, wrong in pool.imap(part, parts):
            if wrong is not None:
                print(wrong, file=sys.stderr, flush=True)
                return 1
            done, codes = done + count, codes + found
            if done % (10 * PART) == 0 or done == number:
                print(
                    f"{done:,} bundles, {codes.total():,} equal verdicts, {time.monotonic() - began:.0f} s", flush=True
                )
    print(", ".join(f"{code} {count:,}" for code, count in codes.most_common()))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int, help="how many bundles")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if NODE is None:
        sys.exit("there is no node: install Node 20 or newer")
    sys.exit(campaign(given.number, given.seed, given.jobs))
