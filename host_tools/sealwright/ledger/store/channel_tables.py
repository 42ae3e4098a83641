"""Channels, their lanes, vouchers and closes as Python values: every query of them, and nothing that decides.

Limits: as of `tables`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ...verify.channels import MAX_LANES
from ...verify.memory import Lane, Terms
from .. import book
from .database import Queries, Row, Value, big, octets, text, unsigned, whole

FAR_ROWS: Final = 128  # that one query asks for: always as many, so that the server plans it once
_CHANNEL = """SELECT digest, payer, payee, asset, capacity, expires, dispute, pays_up_to, worth, paid, refunded,
    claim_end, closed_at FROM channels"""
_CHANNEL_ROW = """SELECT digest, payer, payee, asset, capacity, expires, dispute, pays_up_to, worth, paid, refunded,
    claim_end, closed_at, opened FROM channels"""

_LANES: Final = f"""SELECT l.channel, l.lane, l.seq, l.worth, l.voucher
    FROM (VALUES {", ".join(["(?, ?)"] * FAR_ROWS)}) AS k
    JOIN lanes l ON l.channel = k.column1 AND l.lane = k.column2"""
# as an expression, not a join: for that a server would read a whole table of some ten thousand rows, and, having
# planned it so, go on when there are millions
_NUMBERED: Final = f"""SELECT k.column1, k.column2, k.column3, (SELECT m.digest
        FROM vouchers v JOIN messages m ON m.n = v.n
        WHERE v.channel = k.column1 AND v.lane = k.column2 AND v.seq = k.column3)
    FROM (VALUES {", ".join(["(?, ?, ?)"] * FAR_ROWS)}) AS k"""


def pieces(keys: Sequence[tuple[Value, ...]]) -> Iterator[list[Value]]:
    """The parameters of queries that ask for these keys, `FAR_ROWS` of them each; the last one again to fill one up."""
    for at in range(0, len(keys), FAR_ROWS):
        piece = keys[at : at + FAR_ROWS]
        yield [value for key in (*piece, *[piece[-1]] * (FAR_ROWS - len(piece))) for value in key]


class ChannelTables:
    """The tables of channels. log: the database with the log, where an audit rebuilds the views in another."""

    def __init__(self, database: Queries, log: Queries | None = None) -> None:
        self._db, self._log = database, log or database
        self.ledger: bytes | None = None  # 32 bytes: the id of the ledger that is said to have funded the channels
        self.name = "this place"  # what people call where the ledger is
        self.here: int | None = None  # of the shard that these are of, where the ledger has shards

    def _raw(self, row: Row | None) -> bytes | None:
        """The message in the log's row whose number `row` holds."""
        found = self._log.row("SELECT message FROM log WHERE n = ?", row[:1]) if row else None
        return octets(found[0]) if found else None

    def channel(self, digest: bytes) -> book.Channel | None:
        """A channel as it is now."""
        row = self._db.row(f"{_CHANNEL} WHERE digest = ?", (digest,))
        return _channel(row, self.ledger) if row else None

    def channels(self) -> Iterator[book.Channel]:
        """All channels, in the order they were opened."""
        return (_channel(row) for row in self._db.scan(f"{_CHANNEL} ORDER BY opened"))

    def channels_after(self, opened: int, most: int) -> list[tuple[int, book.Channel]]:
        """Channels that were opened after a row of the log: the first so many, each with the row that opened it."""
        sql = f"{_CHANNEL_ROW} WHERE opened > ? ORDER BY opened LIMIT ?"
        return [(whole(row[-1]), _channel(row[:-1])) for row in self._db.rows(sql, (opened, most))]

    def funding(self, channel: bytes) -> bytes | None:
        """What the ledger signed when it locked the channel's capacity: the row after the channel-open's."""
        return self._raw(self._db.row("SELECT opened + 1 FROM channels WHERE digest = ?", (channel,)))

    def channels_of(self, payer: bytes) -> Iterator[book.Channel]:
        """The payer's channels that hold money, by digest."""
        sql = f"{_CHANNEL} WHERE payer = ? AND remaining > 0 ORDER BY digest"
        return (_channel(row) for row in self._db.rows(sql, (payer,)))

    def ended(self, at: int, most: int) -> list[book.Channel]:
        """Channels that hold money and whose claim has ended at unix time `at`, earliest first."""
        sql = f"{_CHANNEL} WHERE remaining > 0 AND claim_end <= ? ORDER BY claim_end, digest LIMIT ?"
        return [_channel(row) for row in self._db.rows(sql, (at, most))]

    def lane(self, channel: bytes, number: int) -> Lane | None:
        """The best voucher of a lane, 0 to 63."""
        if number >= MAX_LANES:
            return None
        sql = "SELECT seq, worth, voucher FROM lanes WHERE channel = ? AND lane = ?"
        row = self._db.row(sql, (channel, number))
        return Lane(unsigned(row[0]), big(row[1]), octets(row[2])) if row else None

    def numbered(self, channel: bytes, lane: int, seq: int) -> bytes | None:
        """The digest of the first voucher with this number."""
        if lane >= MAX_LANES:
            return None
        sql = """SELECT m.digest FROM vouchers v JOIN messages m ON m.n = v.n
            WHERE v.channel = ? AND v.lane = ? AND v.seq = ?"""
        row = self._db.row(sql, (channel, lane, str(seq)))
        return octets(row[0]) if row else None

    def channels_among(self, digests: Sequence[bytes]) -> Iterator[book.Channel]:
        """Those of these channels that there are."""
        marks = ", ".join(["?"] * FAR_ROWS)
        for piece in pieces([(digest,) for digest in digests]):
            found = self._db.rows(f"{_CHANNEL} WHERE digest IN ({marks})", piece)
            yield from (_channel(row, self.ledger) for row in found)

    def lanes_among(self, keys: Sequence[tuple[bytes, int]]) -> Iterator[tuple[tuple[bytes, int], Lane]]:
        """Those of these lanes, by channel and number, that have a best voucher."""
        for piece in pieces(keys):
            for row in self._db.rows(_LANES, piece):
                yield (octets(row[0]), whole(row[1])), Lane(unsigned(row[2]), big(row[3]), octets(row[4]))

    def numbered_among(self, keys: Sequence[tuple[bytes, int, int]]) -> Iterator[tuple[tuple[bytes, int, int], bytes]]:
        """Those of these numbers, by channel, lane and seq, that a voucher has, and the first one's digest."""
        for piece in pieces([(channel, lane, str(seq)) for channel, lane, seq in keys]):
            found = (row for row in self._db.rows(_NUMBERED, piece) if row[3] is not None)
            yield from (((octets(row[0]), whole(row[1]), unsigned(row[2])), octets(row[3])) for row in found)

    def numbers(self, channel: bytes, lane: int) -> dict[int, bytes]:
        """The digests of the first vouchers with each number of a lane that the log has."""
        if lane >= MAX_LANES:
            return {}
        sql = "SELECT v.seq, m.digest FROM vouchers v JOIN messages m ON m.n = v.n WHERE v.channel = ? AND v.lane = ?"
        return {unsigned(row[0]): octets(row[1]) for row in self._db.rows(sql, (channel, lane))}

    def first_close(self, channel: bytes, signer: bytes) -> bytes | None:
        """The first close that this party signed, as received."""
        sql = "SELECT n FROM closes WHERE channel = ? AND signer = ?"
        return self._raw(self._db.row(sql, (channel, signer)))

    def contradicted(self, channel: bytes, lane: int, seq: int) -> bool:
        """Whether the log keeps a contradiction of the voucher with this number."""
        sql = """SELECT e.second FROM vouchers v JOIN equivocations e ON e.first = v.n
            WHERE v.channel = ? AND v.lane = ? AND v.seq = ?"""
        return self._db.row(sql, (channel, lane, str(seq))) is not None

    def closes_contradict(self, channel: bytes, signer: bytes) -> bool:
        """Whether the log keeps a contradiction of this party's close."""
        sql = """SELECT e.second FROM closes c JOIN equivocations e ON e.first = c.n
            WHERE c.channel = ? AND c.signer = ?"""
        return self._db.row(sql, (channel, signer)) is not None

    def equivocations(self) -> Iterator[tuple[bytes, bytes]]:
        """Pairs of messages of one signer that cannot both be true, as received."""
        sql = """SELECT a.message, b.message FROM equivocations e JOIN log a ON a.n = e.first
            JOIN log b ON b.n = e.second ORDER BY e.first"""
        return ((octets(row[0]), octets(row[1])) for row in self._db.scan(sql))

    def is_contradicted(self, first: int) -> bool:
        """Whether the log has what contradicts the message in row `first`."""
        return self._db.row("SELECT second FROM equivocations WHERE first = ?", (first,)) is not None

    def contradict(self, first: int, second: int) -> None:
        """Note that the messages in these rows cannot both be true."""
        self._db.run("INSERT INTO equivocations (first, second) VALUES (?, ?) ON CONFLICT DO NOTHING", (first, second))

    def contradict_voucher(self, n: int, channel: bytes, lane: int, seq: int) -> None:
        """Note that row `n` contradicts the first voucher with this number."""
        sql = """INSERT INTO equivocations (first, second)
            SELECT n, ? FROM vouchers WHERE channel = ? AND lane = ? AND seq = ? ON CONFLICT DO NOTHING"""
        self._db.run(sql, (n, channel, lane, str(seq)))

    def note_close(self, n: int, channel: bytes, signer: bytes, *, contradicts: bool) -> None:
        """Note a party's first close, or a contradiction of it."""
        if contradicts:
            sql = """INSERT INTO equivocations (first, second)
                SELECT n, ? FROM closes WHERE channel = ? AND signer = ? ON CONFLICT DO NOTHING"""
            self._db.run(sql, (n, channel, signer))
            return
        sql = "INSERT INTO closes (channel, signer, n) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._db.run(sql, (channel, signer, n))


def _channel(row: Row, ledger: bytes | None = None) -> book.Channel:
    digest, payer, payee, asset, capacity, expires, dispute, limit, worth, paid, refunded, claim_end, closed = row
    terms = Terms(
        digest=octets(digest),
        payer=octets(payer),
        payee=octets(payee),
        asset=text(asset),
        capacity=whole(capacity),
        expires=unsigned(expires),
        window=whole(dispute),
        claim_end=whole(claim_end),
        ledger=ledger,
        funded=True,
    )
    at = None if closed is None else whole(closed)
    return book.Channel(terms, whole(limit), big(worth), whole(paid), whole(refunded), at)
