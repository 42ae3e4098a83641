"""Random bytes for keys and nonces: every source pooled and health-tested, then HMAC_DRBG. Fails closed.

A source is a callable(n) -> n raw bytes; its `name` (or `__name__`) is how people read of it. The raw
samples, before anything is mixed, go through the tests of SP 800-90B section 4.4, one sample a byte, at an
assessed entropy of H = 1 bit a sample and a false alarm once in 2^30:

    repetition count (4.4.1)     cut-off 1 + ceil(30 / H) = 31 equal samples in a row
    adaptive proportion (4.4.2)  cut-off 325 in a window of 512: 1 + the smallest k that a binomial(512, 2^-H)
                                 exceeds with a probability of at most 2^-30
    start-up (4.3)               1,024 samples before the first use
    repeated half (4.5, ours)    the two halves of what is taken at once differ: a counter, or another short
                                 period, passes the others

A source that fails a test, raises OSError or SealError, or returns another length is out until the next
restart, and named in `failed`. What the others gave is concatenated: one good source makes the seed good,
whatever the rest is worth.

Seed rule: 1,024 samples of each source at the first request (1,024 bits at the assessed rate; SP 800-90A
wants 384 for a strength of 256), 512 more after every 1,024 requests and at every `mix`. Mix the host's nonce
before making a key.

Limits: the tests find a source that is stuck, heavily biased or of short period. None can tell a good
pseudorandom generator with a known seed from noise: which sources are worth having is for the board's folder
to say. What is not worth it can be an extra: mixed into each seed, untested, and never enough without a source.
"""

from .errors import EntropyFailed, Malformed, SealError
from .hmac_drbg import HmacDrbg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Random

REPETITION_CUTOFF = 31
WINDOW = 512
PROPORTION_CUTOFF = 325
REQUESTS_PER_SEED = 1024

_CHUNK = 64


class Health:
    """The running tests of one source. `check` takes its samples in order, in pieces of any length."""

    def __init__(self) -> None:
        self._last_sample = -1
        self._run_length = 0
        self._window_sample = -1
        self._window_position = WINDOW
        self._proportion_count = 0

    def check(self, samples: bytes) -> str | None:
        """None while healthy; else the name of the test that failed, in words."""
        for sample in samples:
            self._run_length = self._run_length + 1 if sample == self._last_sample else 1
            self._last_sample = sample
            if self._run_length >= REPETITION_CUTOFF:
                return "repetition count: the same byte %d times in a row" % self._run_length
            if self._window_position == WINDOW:
                self._window_sample = sample
                self._window_position = self._proportion_count = 0
            self._window_position += 1
            if sample == self._window_sample:
                self._proportion_count += 1
                if self._proportion_count >= PROPORTION_CUTOFF:
                    return "adaptive proportion: one byte %d times within %d" % (self._proportion_count, WINDOW)
        return None


class _Source:
    def __init__(self, read: "Random", number: int) -> None:
        self.name = getattr(read, "name", None) or getattr(read, "__name__", None) or "source %d" % number
        self.failure = None
        self._read = read
        self._health = Health()

    def take(self, count: int) -> bytes | None:
        """`count` healthy samples, or None with `failure` set, for good."""
        out = bytearray()
        while self.failure is None and len(out) < count:
            try:
                samples = self._read(_CHUNK)
            except (OSError, SealError) as error:
                self.failure = "%s: %s" % (type(error).__name__, error)
                break
            if not isinstance(samples, (bytes, bytearray)) or len(samples) != _CHUNK:
                self.failure = "it did not return the %d bytes asked for" % _CHUNK
                break
            self.failure = self._health.check(samples)
            out.extend(samples)
        if self.failure is None and out[: count // 2] == out[count // 2 :]:
            self.failure = "repeated half: it gives the same bytes again"
        return bytes(out) if self.failure is None else None


class Pool:
    """Random bytes from `sources`, a list of callable(n) -> n raw bytes, first read at the first request. `extras` are
    the same, for what counts for nothing; one that raises OSError is left out."""

    _drbg: HmacDrbg

    def __init__(self, sources: "list[Random]", extras: "list[Random] | tuple[()]" = ()) -> None:
        self._sources = [_Source(read, number) for number, read in enumerate(sources)]
        self._extras = extras
        self._drbg = None
        self._requests_left = 0

    @property
    def failures(self) -> list[tuple[str, str]]:
        """The sources that are out: a list of (name, why)."""
        return [(source.name, source.failure) for source in self._sources if source.failure]

    @property
    def active_names(self) -> list[str]:
        """The names of the sources that have not failed so far."""
        return [source.name for source in self._sources if not source.failure]

    def mix(self, data: bytes = b"") -> None:
        """Seed again from all working sources, with `data` as additional input: the host's nonce, before a
        key is made.

        Raises EntropyFailed when no source works; nothing is given out from then on.
        """
        self._requests_left = 0  # should this fail, the old state serves no request either
        samples_of_all = [source.take(WINDOW if self._drbg else 2 * WINDOW) for source in self._sources]
        seed = b"".join([samples for samples in samples_of_all if samples])
        if not seed:
            reasons = ["%s (%s)" % pair for pair in self.failures] or ["the board has none"]
            raise EntropyFailed("no entropy source works: " + "; ".join(reasons))
        seed += self._read_extras()
        if self._drbg:
            self._drbg.update(seed + data)
        else:
            self._drbg = HmacDrbg(seed + data)
        self._requests_left = REQUESTS_PER_SEED

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

        Raises EntropyFailed when a seed is due and no source works, Malformed for another size.
        """
        if not isinstance(size, int) or size < 0:
            raise Malformed("a count of random bytes is a whole number, 0 or more")
        if self._requests_left == 0:
            self.mix()
        self._requests_left -= 1
        return self._drbg.generate(size, extra)
