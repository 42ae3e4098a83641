"""ECDSA over P-256 with SHA-256 digests (FIPS 186-5 section 6), on whichever engine this machine can run.

Keys are bytes: a secret of 32, a public key X||Y of 64, a signature r||s of 64, a digest of 32. Everything
that does not depend on how the arithmetic is done is here or in `curve` and `nonce`: checks of what comes in,
RFC 6979, verify after sign, compression. An engine is a module beside this one and provides, after those
checks have passed:

    public_key(secret32) -> 64 bytes X||Y
    sign_with(secret32, digest32, nonce32) -> 64 bytes r||s, or None when this nonce gives r = 0 or s = 0
    verify(public64, digest32, sig64) -> bool, False for r or s outside 1..N-1
    learn(public64): verifications under this key will be many (where the engine makes use of that)
    forget(keeps_room): drops what it keeps of keys

with secret and nonce 32 bytes in 1..N-1, the public key on the curve, and every exceptional case of addition
handled. The engine is chosen when this module is imported, by one public key of each that is known: a native module
may import and still fail when called. A device tries signing and verifying once for each version, see `selftest`. An
instruction that a Cortex-M lacks cannot be caught, so `asm_umaal` asks the processor first, see `umaal_probe`.
`engine` is the chosen one's name; `fixed_time` tells whether what it does with secrets takes a time that does not
depend on them.

Limits: `plain` is NOT constant-time (see there). A signature (r, N-s) verifies as well as (r, s), as FIPS 186-5 has
it: so a signature never names a message, its digest does. Python cannot erase a secret from memory.
"""

from ..errors import BadKey, EntropyFailed, Fault, Malformed
from .curve import GX, GY, check_public, compress, decompress, is_scalar  # noqa: F401
from .nonce import candidates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from ..ports import Random

ENGINES = ("asm_umaal", "asm_thumb", "viper", "plain")  # fastest first
_TRIES = 64  # a draw fails once in 2^32; 64 failures are a broken source, not bad luck


def choose(names: tuple[str, ...]) -> "tuple[str, Any]":
    """(name, engine) of the first engine of `names` that runs here and knows 1 * G. Raises Fault."""
    one, base = bytes(31) + b"\x01", GX.to_bytes(32, "big") + GY.to_bytes(32, "big")
    for name in names:
        try:
            module = __import__("seal.p256." + name, None, None, ("native",))
            candidate = getattr(module, "native", module)
            if candidate.public_key(one) == base:
                return name, candidate
        except (ImportError, AttributeError, TypeError, ValueError, SyntaxError):
            continue  # not built for this chip, or inline assembler that imports and cannot be called
    raise Fault("no engine for P-256 works on this machine; tried " + ", ".join(names))


engine, _engine = choose(ENGINES)
fixed_time = engine != "plain"
_own = None


def check_secret(secret32: bytes) -> None:
    """Raises BadKey unless the secret is 32 bytes in 1..N-1."""
    if not is_scalar(secret32):
        raise BadKey("a private key is 32 bytes, a number in 1..N-1")


def _check_bytes(data: bytes, size: int, what: str) -> None:
    if not isinstance(data, (bytes, bytearray)) or len(data) != size:
        raise Malformed("a %s is %d bytes" % (what, size))


def check_digest(digest32: bytes) -> None:
    """Raises Malformed unless the digest is 32 bytes."""
    _check_bytes(digest32, 32, "digest")


def native() -> "Any":
    """The fixed-time engine at work, a `native.Native`; for `coupon`. AttributeError where it is `plain`."""
    return _engine


def public_key(secret32: bytes) -> bytes:
    """The public key X||Y, 64 bytes. Raises BadKey if the secret is not 32 bytes in 1..N-1."""
    check_secret(secret32)
    return _engine.public_key(secret32)


def _check_own(public64: bytes) -> None:
    """`check_public`, but not again for the key of the last signature."""
    global _own
    if public64 != _own:
        check_public(public64)
        _own = bytes(public64)


def sign(secret32: bytes, digest32: bytes, extra: bytes = b"", public64: bytes | None = None) -> bytes:
    """Sign a SHA-256 digest: r||s, 64 bytes. RFC 6979; `extra` is added entropy (its section 3.6), any bytes.

    The signature is verified before it is returned. `public64` is the key's public half where the caller has
    it: then the signature must verify under that, which also catches a damaged secret and saves a
    multiplication. Raises BadKey for a bad secret or public key, Malformed for a digest of another length,
    Fault when the result does not verify; nothing is released then.
    """
    check_secret(secret32)
    check_digest(digest32)
    checked = public64 is not None
    if checked:
        _check_own(public64)
        _engine.learn(public64)
    else:
        public64 = _engine.public_key(secret32)
    for nonce in candidates(secret32, digest32, extra):
        signature = _engine.sign_with(secret32, digest32, nonce)
        if signature is not None:
            break
    try:
        if not checked:
            check_public(public64)
        good = len(signature) == 64 and _engine.verify(public64, digest32, signature)
    except BadKey:
        good = False  # what the engine itself gave is no point
    if not good:
        raise Fault("a new signature does not verify: the key or the engine is damaged; nothing was released")
    return signature


def verify(public64: bytes, digest32: bytes, sig64: bytes) -> bool:
    """True if r||s is a signature of the digest under this key; False if not, or if r or s is out of range.

    Raises BadKey for a key of another length, off the curve or infinity, Malformed for a digest that is not
    32 bytes or a signature that is not 64.
    """
    check_public(public64)
    check_digest(digest32)
    _check_bytes(sig64, 64, "signature")
    return _engine.verify(public64, digest32, sig64)


def learn(public64: bytes) -> None:
    """Verifications under this key, which is on the curve, will be many: have a table for it, where that is of use."""
    _engine.learn(public64)


def forget(keeps_room: bool = True) -> None:
    """Drop the tables of all keys. keeps_room: those of other keys take their place; else the heap gets it, and later
    keys may have to do without."""
    _engine.forget(keeps_room)


def secret_from(random: "Random") -> bytes:
    """A new secret, 32 bytes, from `random(n) -> n bytes`, uniform in 1..N-1 (FIPS 186-5 section A.2.2).

    Draws that are out of range are rejected: the result is distributed as A.2.2's c + 1, and a source stuck
    at zero gives no key. Raises EntropyFailed after 64 rejected draws.
    """
    for _ in range(_TRIES):
        secret = random(32)
        if is_scalar(secret):
            return bytes(secret)
    raise EntropyFailed("%d draws gave no number in 1..N-1: the random source is broken" % _TRIES)
