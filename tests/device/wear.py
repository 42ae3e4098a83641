"""The wear of a Pico's flash by 10,000 readings and 1,000 payments taken. MicroPython only; prints a map as JSON.

    micropython -X heapsize=8m wear.py [READINGS]

A real LittleFS over a flash that counts, with 150 of its 352 blocks under files that nobody writes, as the firmware
takes. The log and the journal are the device's own. One signature serves all readings, and a payment is the channel's
record rewritten, of the size that a real trade gave it: neither changes what is written. An owner collects and
acknowledges now and then.
"""

import json
import os
import sys

import vfs
from emulated.flash import FlashFile
from rig import Clock
from seal.channel import VOUCHER
from seal.compat import ticks_diff, ticks_ms
from seal.journal import Journal
from seal.reading import ReadingLog
from seal.store import FileStore
from test_reading import QuickSigner
from trades import connect, pair, run

PATH = "wear-" + os.urandom(6).hex() + ".tmp"
BLOCKS, FIRMWARE = 352, 150
COLLECTED_EVERY = 500  # readings
PAID_EVERY = 10
CYCLES = 100_000  # that a block is good for
INTERVAL = 10  # seconds between readings, by default
SECONDS_A_YEAR = 31_557_600


def channel_record():
    """What a payee has of a channel, with its best voucher."""
    _, buying, selling = pair("reading")
    session, _ = connect(buying, selling)
    run(session.step())
    ((_, record),) = selling.payee.records()
    return dict(record)


def work(flash, readings):
    """{what: (count, erases, pages)} of a device's life."""
    journal = Journal(FileStore("/board/state", flash))
    journal.format()
    log = ReadingLog(journal, journal._store, Clock(), "0.1.0")
    log.load(QuickSigner())
    record = channel_record()
    journal.put("i-channel", record)
    spent = {}

    def count(what, action):
        erases, pages = sum(flash.erases), flash.pages
        action()
        old = spent.get(what, (0, 0, 0, 0))
        erased = sum(flash.erases) - erases
        spent[what] = (old[0] + 1, old[1] + erased, old[2] + flash.pages - pages, max(old[3], erased))

    def pay():
        new_record = dict(record)
        new_record[VOUCHER] = bytes(reversed(record[VOUCHER])) if log.seq % 20 else record[VOUCHER]
        journal.put("i-channel", new_record)

    sizes = 0
    for number in range(readings):
        values = [("temperature", "Cel", -2, 2153 + number % 500), ("energy", "J", 0, number)]
        count("reading", lambda: log.append(values))
        sizes += len(log.last)
        if number % PAID_EVERY == 0:
            count("payment", pay)
        if number % COLLECTED_EVERY == COLLECTED_EVERY - 1:
            count("acknowledgement", lambda: log.acknowledge(log.seq))
    return spent, sizes // readings, len(record[VOUCHER])


def main(readings=10_000):
    flash = FlashFile.create(PATH, 4096, BLOCKS, True)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/board")
    os.mkdir("/board/state")
    for number in range(FIRMWARE):
        with open("/board/f%d" % number, "wb") as file:
            file.write(bytes(4000))
    flash.erases, flash.pages = [0] * BLOCKS, 0
    began = ticks_ms()
    spent, size, _ = work(flash, readings)
    erases = sum(spent[what][1] for what in spent)
    a_year = erases / readings * SECONDS_A_YEAR / INTERVAL
    figures = {
        "bytes": size,
        "erases": erases,
        "pages": flash.pages,
        "reading_erases": spent["reading"][1] / spent["reading"][0],
        "reading_pages": spent["reading"][2] / spent["reading"][0],
        "reading_most_erases": spent["reading"][3],
        "payment_erases": spent["payment"][1] / spent["payment"][0],
        "payment_pages": spent["payment"][2] / spent["payment"][0],
        "most_of_a_block": max(flash.erases),
        "mean_of_a_block": sum(flash.erases) / BLOCKS,
        "years": BLOCKS * CYCLES / a_year,
        "seconds": ticks_diff(ticks_ms(), began) / 1000,
    }
    vfs.umount("/board")
    flash.close()
    os.remove(PATH)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*[int(text) for text in sys.argv[1:]])
