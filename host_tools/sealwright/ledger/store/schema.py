"""The ledger's tables: one log that is the truth, and views of it that anybody can rebuild.

Purpose: the data definitions, which `migrations` puts in force. `log` holds the messages as received, each row bound
to the one before; everything else follows from it and is what `audit` rebuilds and compares.
Limits: written for SQLite (STRICT tables, triggers); `postgres/` makes of it what PostgreSQL takes. Unsigned 64-bit
numbers that no arithmetic is done on (lane, seq, expires) are decimal text, since neither engine has a column for them.
"""

APPLICATION = 0x5345414C  # "SEAL", in the file's header
MOVED = 0x5345414D  # of a file whose ledger is on a server now
VERSION = 4  # the number of the last of `migrations`

OWNERSHIP = (  # step 3
    # transfers of ownership since the grant: X || Y of the old owner's key and of the new one's
    """CREATE TABLE transfers (
        device BLOB NOT NULL,
        generation TEXT NOT NULL,
        old BLOB NOT NULL,
        new BLOB NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (device, generation, old, new)
    ) STRICT, WITHOUT ROWID""",
    # what devices said of whom they obey, where transfers contradict each other: the id of the owner's key
    """CREATE TABLE obeyed (
        device BLOB NOT NULL,
        generation TEXT NOT NULL,
        owner BLOB NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (device, generation, owner)
    ) STRICT, WITHOUT ROWID""",
)

STATEMENTS = (  # step 4
    # what moved on an account, without a look at the table itself
    "CREATE INDEX entries_by_account ON entries (account, n, amount)",
    # the asset first: settling looks for a payer's channels by the index of those that hold something
    "CREATE INDEX channels_by_asset ON channels (asset, payer)",
)

TABLES = (
    # hash = SHA-256(prev || n || at || effect || message || proof): see chain.py
    """CREATE TABLE log (
        n INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        message BLOB NOT NULL,
        proof BLOB NOT NULL,
        effect BLOB NOT NULL,
        prev BLOB NOT NULL,
        hash BLOB NOT NULL
    ) STRICT""",
    # what each row is; a voucher comes in again when more of its ticks are revealed
    """CREATE TABLE messages (
        n INTEGER PRIMARY KEY REFERENCES log (n),
        digest BLOB NOT NULL,
        type TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX messages_by_digest ON messages (digest)",
    # accepted certificates by the first 8 bytes of their subject's device id, which is what a signature names
    """CREATE TABLE certificates (
        kid BLOB NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (kid, n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE orders (
        owner BLOB NOT NULL,
        device BLOB NOT NULL,
        seq TEXT NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (owner, device, seq)
    ) STRICT, WITHOUT ROWID""",
    # the owner that a device's grant names: X || Y of its key; depth: issuers between the root and the device
    """CREATE TABLE owners (
        device BLOB PRIMARY KEY NOT NULL,
        owner BLOB NOT NULL,
        depth INTEGER NOT NULL,
        granted TEXT NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE revocations (
        device BLOB PRIMARY KEY NOT NULL,
        start TEXT NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        asset TEXT NOT NULL,
        name BLOB NOT NULL,
        balance INTEGER NOT NULL,
        UNIQUE (kind, asset, name)
    ) STRICT""",
    """CREATE TABLE entries (
        n INTEGER NOT NULL REFERENCES log (n),
        account INTEGER NOT NULL REFERENCES accounts (id),
        amount INTEGER NOT NULL,
        PRIMARY KEY (n, account)
    ) STRICT, WITHOUT ROWID""",
    # pays up to its limit, until claim_end; remaining: what its account still holds
    """CREATE TABLE channels (
        digest BLOB PRIMARY KEY NOT NULL,
        opened INTEGER NOT NULL REFERENCES log (n),
        payer BLOB NOT NULL,
        payee BLOB NOT NULL,
        asset TEXT NOT NULL,
        capacity INTEGER NOT NULL,
        expires TEXT NOT NULL,
        dispute INTEGER NOT NULL,
        pays_up_to INTEGER NOT NULL,
        worth TEXT NOT NULL,
        paid INTEGER NOT NULL,
        refunded INTEGER NOT NULL,
        remaining INTEGER NOT NULL,
        claim_end INTEGER NOT NULL,
        closed_at INTEGER
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX channels_by_claim_end ON channels (claim_end) WHERE remaining > 0",
    "CREATE INDEX channels_by_payer ON channels (payer) WHERE remaining > 0",
    "CREATE INDEX channels_by_opened ON channels (opened)",
    # the best voucher of each lane
    """CREATE TABLE lanes (
        channel BLOB NOT NULL REFERENCES channels (digest),
        lane INTEGER NOT NULL,
        seq TEXT NOT NULL,
        worth TEXT NOT NULL,
        voucher BLOB NOT NULL,
        PRIMARY KEY (channel, lane)
    ) STRICT, WITHOUT ROWID""",
    # the first voucher with a number
    """CREATE TABLE vouchers (
        channel BLOB NOT NULL REFERENCES channels (digest),
        lane INTEGER NOT NULL,
        seq TEXT NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (channel, lane, seq)
    ) STRICT, WITHOUT ROWID""",
    # the first close of each party
    """CREATE TABLE closes (
        channel BLOB NOT NULL REFERENCES channels (digest),
        signer BLOB NOT NULL,
        n INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (channel, signer)
    ) STRICT, WITHOUT ROWID""",
    # two messages of one signer that cannot both be true: rows of the log
    """CREATE TABLE equivocations (
        first INTEGER NOT NULL REFERENCES log (n),
        second INTEGER NOT NULL REFERENCES log (n),
        PRIMARY KEY (first)
    ) STRICT, WITHOUT ROWID""",
)

# The log grows at its end and nowhere else, whichever program opens the file. A REPLACE deletes without a delete
# trigger, so the insert trigger has to see to it.
TRIGGERS = (
    """CREATE TRIGGER log_grows_at_its_end BEFORE INSERT ON log
    WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM log)
    BEGIN SELECT raise(ABORT, 'a row of the log follows the last'); END""",
    """CREATE TRIGGER log_is_never_updated BEFORE UPDATE ON log
    BEGIN SELECT raise(ABORT, 'the log is append-only'); END""",
    """CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
    BEGIN SELECT raise(ABORT, 'the log is append-only'); END""",
)

# What audit compares: every view table, all of its columns, in the order of its key (the first columns).
VIEWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "messages": (("n",), ("digest", "type")),
    "certificates": (("kid", "n"), ()),
    "orders": (("owner", "device", "seq"), ("n",)),
    "owners": (("device",), ("owner", "depth", "granted", "n")),
    "transfers": (("device", "generation", "old", "new"), ("n",)),
    "obeyed": (("device", "generation", "owner"), ("n",)),
    "revocations": (("device",), ("start", "n")),
    "accounts": (("id",), ("kind", "asset", "name", "balance")),
    "entries": (("n", "account"), ("amount",)),
    "channels": (
        ("digest",),
        (
            *("opened", "payer", "payee", "asset", "capacity", "expires", "dispute", "pays_up_to", "worth", "paid"),
            *("refunded", "remaining", "claim_end", "closed_at"),
        ),
    ),
    "lanes": (("channel", "lane"), ("seq", "worth", "voucher")),
    "vouchers": (("channel", "lane", "seq"), ("n",)),
    "closes": (("channel", "signer"), ("n",)),
    "equivocations": (("first",), ("second",)),
}
