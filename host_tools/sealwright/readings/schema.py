"""The tables of the store of readings.

    devices        a number for each device id
    series         a number for each quantity of a device, by name and unit
    messages       readings as received, by device and number: what a row is proved with
    digests        the first four bytes of each reading's digest, to find it by its name
    measured       a row for each value: of a series, by time
    support        what proves who signed: certificates, rotations and revocations, as received
    contradictions of a device and number: another reading than the one in `messages`, or one that names another

Why SQLite, and not Parquet files by day and device: measured with 1.4 million readings of 1,000 devices (a day) on two
cores. In SQLite a device's day is read in 2 ms, a sum over all takes 0.3 s, and a reading that comes late or twice
costs one look-up. 1,000 small Parquet files a day must each be written anew for that; importing pyarrow alone takes
0.1 s and 170 MB of disk, and what takes the room, signatures and digests, no format compresses. Pages of 16 KiB halve
the time of a sum against 4 KiB. Parquet is for the export.

Anyone who can write the home can change a row here. `prove` goes by the signed message alone; rows and sums do not.

Limits: `measured.at` is in microseconds from 1970 (a finer time is in the message), so times end with the year 294,000.
A number (seq) is below 2**63 - 1, a value's mantissa at most that, its exponent at most 6,144; a reading with a larger
one is not taken. Of a value
the mantissa and the decimal exponent are kept, so sums are exact. `other` has what is no number: a text, a flag as
0 or 1, or data. The index by digest is written all over: beyond some 100 million readings an import slows down.
"""

APPLICATION = 0x53454152  # "SEAR", in the file's header

TABLES = (
    # test: 1 where a reading was taken under a root for emulated machines
    "CREATE TABLE devices (id INTEGER PRIMARY KEY, device BLOB NOT NULL UNIQUE, test INTEGER NOT NULL) STRICT",
    """CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        device INTEGER NOT NULL REFERENCES devices (id),
        name TEXT NOT NULL,
        unit TEXT NOT NULL,
        UNIQUE (device, name, unit)
    ) STRICT""",
    # at: unix seconds; chained: 1 where a later reading's signature proved it
    """CREATE TABLE messages (
        device INTEGER NOT NULL REFERENCES devices (id),
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        clock INTEGER NOT NULL,
        chained INTEGER NOT NULL,
        digest BLOB NOT NULL,
        raw BLOB NOT NULL,
        PRIMARY KEY (device, seq)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE digests (
        head INTEGER NOT NULL,
        device INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (head, device, seq)
    ) STRICT, WITHOUT ROWID""",
    # place: of the record within its reading
    """CREATE TABLE measured (
        series INTEGER NOT NULL REFERENCES series (id),
        at INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        place INTEGER NOT NULL,
        mantissa INTEGER,
        exponent INTEGER,
        other ANY,
        PRIMARY KEY (series, at, seq, place)
    ) STRICT, WITHOUT ROWID""",
    # about: the first 8 bytes of the device id of whom it speaks
    """CREATE TABLE support (
        digest BLOB PRIMARY KEY NOT NULL,
        about BLOB NOT NULL,
        raw BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX support_by_about ON support (about)",
    """CREATE TABLE contradictions (
        device INTEGER NOT NULL REFERENCES devices (id),
        seq INTEGER NOT NULL,
        digest BLOB NOT NULL,
        raw BLOB NOT NULL,
        PRIMARY KEY (device, seq, digest)
    ) STRICT, WITHOUT ROWID""",
)
