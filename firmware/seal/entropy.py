"""Random bytes for keys and nonces: every source pooled and health-tested, then HMAC_DRBG. Fails closed.

A source is a callable(n) -> n raw bytes; messages call it by its `name` or `__name__`. A draw is 1,024 of its raw
samples, one a byte. Before mixing, each draw passes

    the tests of `health`    after SP 800-90B, at an assessed entropy of H = 1 bit a sample
    start-up (4.3)           all 1,024 samples before the first use, and at each reseed
    kept sample (ours)       the first 64 samples are not those of the draw before, nor those of the first draw after
                             the last start: a generator that begins again with its seed passes all others

A source that fails a test, raises OSError or SealError, or returns another length is excluded until the next restart,
and listed in `failures`. The seed concatenates the samples of the other sources: one good source makes a good seed.

Kept sample: the journal's record `noise` has 8 bytes of SHA-256 of those 64 samples for each source. They are in no
seed, so who reads the record learns nothing of a key or a nonce. Two draws of a good source have one hash once in
2^63. A source that fails keeps its old hash. Where the journal takes no record (a full flash, a damaged state) the old
hashes stay and are still compared.

Seed rule: 960 samples of each source at the first request (960 bits at the assessed rate; SP 800-90A wants 384 for a
strength of 256), as many after every 1,024 requests and at every `mix`. Mix the host's nonce before making a key.

Limits: the tests detect a source that is stuck, heavily biased, of short period, or the same after a reset. No test
distinguishes noise from a good pseudorandom generator whose seed somebody else knows: each board's folder justifies its
sources. A source packs raw bits: one of eight bits that never changes refuses it. A weak source can be an extra: mixed
into each seed without tests, and never sufficient without a source.
"""

from . import health
from .compat import sha256
from .errors import EntropyFailed, Malformed, SealError
from .hmac_drbg import HmacDrbg
from .records import NOISE_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import Journal
    from .ports import Random

REQUESTS_PER_SEED = 1024
DRAW = 1024  # samples
KEPT = 64  # of those, in no seed
HASH = 8  # bytes

_CHUNK = 64


class _Source:
    def __init__(self, read: "Random", number: int) -> None:
        self.name = getattr(read, "name", None) or getattr(read, "__name__", None) or "source %d" % number
        self.failure = None
        self.hash = b""  # of the last draw's first samples
        self._read = read

    def take(self, at_last_start: bytes | None) -> bytes | None:
        """What a healthy draw gives to a seed, or None with `failure` set for good. at_last_start: a hash."""
        samples = self._draw()
        if self.failure is None:
            self.failure = health.fault(samples)
        if self.failure is None:
            found = sha256(samples[:KEPT])[:HASH]
            if found in (self.hash, at_last_start):
                self.failure = "kept sample: it begins with the same bytes again"
            self.hash = found
        return samples[KEPT:] if self.failure is None else None

    def _draw(self) -> bytes:
        out = bytearray()
        while self.failure is None and len(out) < DRAW:
            try:
                samples = self._read(_CHUNK)
            except (OSError, SealError) as error:
                self.failure = "%s: %s" % (type(error).__name__, error)
                break
            if not isinstance(samples, (bytes, bytearray)) or len(samples) != _CHUNK:
                self.failure = "it did not return %d bytes" % _CHUNK
                break
            out.extend(samples)
        return bytes(out)


class Pool:
    """Random bytes from `sources`, read from the first request on. extras: further input without credit; one that
    raises OSError is skipped. journal: where the kept samples are; without one nothing is known of the last start."""

    _drbg: HmacDrbg

    def __init__(
        self,
        sources: "list[Random]",
        extras: "list[Random] | tuple[()]" = (),
        journal: "Journal | None" = None,
    ) -> None:
        self._sources = [_Source(read, number) for number, read in enumerate(sources)]
        self._extras = extras
        self._journal = journal
        self._drbg = None
        self._requests_left = 0

    @property
    def failures(self) -> list[tuple[str, str]]:
        """The excluded sources: [(name, reason), ...]."""
        return [(source.name, source.failure) for source in self._sources if source.failure]

    @property
    def active_names(self) -> list[str]:
        """The names of the sources in use."""
        return [source.name for source in self._sources if not source.failure]

    def mix(self, data: bytes = b"") -> None:
        """Reseed from all sources in use. data: additional input, such as the host's nonce before a key is generated.

        Raises EntropyFailed if every source has failed; the pool then gives no bytes.
        """
        self._requests_left = 0  # if this fails, the old state serves no request either
        seed = self._draw()
        if not seed:
            reasons = ["%s (%s)" % pair for pair in self.failures] or ["the board has none"]
            raise EntropyFailed("no entropy source works: " + "; ".join(reasons))
        seed += self._read_extras()
        if self._drbg:
            self._drbg.update(seed + data)
        else:
            self._drbg = HmacDrbg(seed + data)
        self._requests_left = REQUESTS_PER_SEED

    def _draw(self) -> bytes:
        """The samples of all sources in use. The first draw of a start is held against the last start's, and kept."""
        kept = self._journal.get(NOISE_RECORD, {}) if self._journal and not self._drbg else {}
        seed = b""
        found = dict(kept)
        for source in self._sources:
            samples = source.take(kept.get(source.name))
            if samples:
                seed += samples
                found[source.name] = source.hash
        if self._journal and not self._drbg and seed:
            try:
                self._journal.put(NOISE_RECORD, found)
            except (OSError, SealError):
                pass  # the old hashes stay, and still tell a source that repeats
        return seed

    def _read_extras(self) -> bytes:
        data = b""
        for read in self._extras:
            try:
                data += read(_CHUNK)
            except OSError:
                continue
        return data

    def random(self, size: int, extra: bytes = b"") -> bytes:
        """`size` random bytes, up to 8,192; `extra` is mixed into this request and what follows.

        Raises EntropyFailed if a reseed is due and every source has failed, Malformed for another size.
        """
        if not isinstance(size, int) or size < 0:
            raise Malformed("a count of random bytes is a whole number, 0 or more")
        if self._requests_left == 0:
            self.mix()
        self._requests_left -= 1
        return self._drbg.generate(size, extra)
