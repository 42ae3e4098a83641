"""Random bytes for keys and nonces: every source pooled and health-tested, then HMAC_DRBG. Fails closed.

A source is a callable(n) -> n raw bytes; messages call it by its `name` or `__name__`. Its raw samples, one a byte,
pass the tests of SP 800-90B section 4.4 before mixing, at an assessed entropy of H = 1 bit a sample and a false
alarm once in 2^30:

    repetition count (4.4.1)     cut-off 1 + ceil(30 / H) = 31 equal samples in a row
    adaptive proportion (4.4.2)  cut-off 325 in a window of 512: 1 + the smallest k that a binomial(512, 2^-H)
                                 exceeds with a probability of at most 2^-30
    start-up (4.3)               1,024 samples before the first use
    repeated half (4.5, ours)    the two halves of one draw differ: a counter, or another short period, passes
                                 the other tests

A source that fails a test, raises OSError or SealError, or returns another length is excluded until the next restart,
and listed in `failures`. The seed concatenates the samples of the other sources: one good source makes a good seed.

Seed rule: 1,024 samples of each source at the first request (1,024 bits at the assessed rate; SP 800-90A
wants 384 for a strength of 256), 512 more after every 1,024 requests and at every `mix`. Mix the host's nonce
before making a key.

Limits: the tests detect a source that is stuck, heavily biased or of short period. No test distinguishes noise from a
good pseudorandom generator with a known seed: each board's folder justifies its sources. A weak source can be an
extra: mixed into each seed without tests, and never sufficient without a source.
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
        """None if healthy, else a text that names the failed test."""
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
        """`count` healthy samples, or None with `failure` set for good."""
        out = bytearray()
        while self.failure is None and len(out) < count:
            try:
                samples = self._read(_CHUNK)
            except (OSError, SealError) as error:
                self.failure = "%s: %s" % (type(error).__name__, error)
                break
            if not isinstance(samples, (bytes, bytearray)) or len(samples) != _CHUNK:
                self.failure = "it did not return %d bytes" % _CHUNK
                break
            self.failure = self._health.check(samples)
            out.extend(samples)
        if self.failure is None and out[: count // 2] == out[count // 2 :]:
            self.failure = "repeated half: it gives the same bytes again"
        return bytes(out) if self.failure is None else None


class Pool:
    """Random bytes from `sources`, read from the first request on. extras: further input without credit; one that
    raises OSError is skipped."""

    _drbg: HmacDrbg

    def __init__(self, sources: "list[Random]", extras: "list[Random] | tuple[()]" = ()) -> None:
        self._sources = [_Source(read, number) for number, read in enumerate(sources)]
        self._extras = extras
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

        Raises EntropyFailed if a reseed is due and every source has failed, Malformed for another size.
        """
        if not isinstance(size, int) or size < 0:
            raise Malformed("a count of random bytes is a whole number, 0 or more")
        if self._requests_left == 0:
            self.mix()
        self._requests_left -= 1
        return self._drbg.generate(size, extra)
