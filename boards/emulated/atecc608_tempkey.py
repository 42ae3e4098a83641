"""TempKey of an emulated ATECC608: the register in which the chip gathers what it will sign of itself.

GenDig mixes a block of the configuration into it, GenKey a public key whose private half is in the chip, and Sign in
its internal mode signs it together with what the chip knows of the key that came last: SlotConfig, KeyConfig, its lock,
the serial number. So nobody chooses what such a signature covers but the chip. Layouts: data sheet DS40001977, commands
GenDig, GenKey and Sign; the maker's library computes the same for a host (atca_host.c), which the tests hold it to.
"""

from emulated.atecc608_memory import Memory
from seal.compat import sha256

_IS_INPUT, _IS_GENDIG, _IS_GENKEY = 0x10, 0x20, 0x40


class TempKey:
    """Its value and flags: bits 0-3 the last key's slot, 4 not from the generator, 5 by GenDig, 6 by GenKey.

    buffer: the register beside it, the message digest buffer."""

    def __init__(self) -> None:
        self.value: "bytes | None" = None
        self.buffer: "bytes | None" = None
        self._flags = 0

    def load(self, value: bytes, is_input: bool) -> None:
        """A nonce. is_input: given from outside."""
        self.value, self._flags = value, _IS_INPUT if is_input else 0

    def take(self, is_buffer: bool) -> "bytes | None":
        """The value, or the buffer's, which one use empties; None: there is none."""
        if is_buffer:
            value, self.buffer = self.buffer, None
        else:
            value, self.value = self.value, None
        return value

    def mix_block(self, memory: Memory, mode: int, block: int) -> None:
        """GenDig of a block of the configuration."""
        content = bytes(memory.config[32 * block : 32 * block + 32])
        self.value = sha256(content + _header(memory, 0x15, mode, block) + self._filled())
        self._flags &= _IS_INPUT

    def mix_key(self, memory: Memory, mode: int, slot: int, public: bytes) -> None:
        """GenKey's digest of a public key."""
        self.value = sha256(self._filled() + _header(memory, 0x40, mode, slot) + public)
        self._flags = self._flags & _IS_INPUT | _IS_GENKEY | slot

    @property
    def is_about_a_key(self) -> bool:
        """Whether the chip itself put a key's digest there."""
        return self.value is not None and bool(self._flags & (_IS_GENKEY | _IS_GENDIG))

    def statement(self, memory: Memory, mode: int, slot: int) -> bytes:
        """The digest that Sign's internal mode signs with the key in `slot`; empties it."""
        key, config = self._flags & 0x0F, bytes(memory.config)
        said = bytes((0x41, mode, slot, 0)) + config[20 + 2 * key :][:2] + config[96 + 2 * key :][:2]
        said += bytes((self._flags, 0, 0, config[12]))
        middle, low = (config[8:12], config[2:4]) if mode & 0x40 else (bytes(4), bytes(2))
        said += middle + config[0:2] + low + bytes((0 if memory.is_slot_locked(key) else 1, 0, 0))
        digest = sha256(self._filled() + said)
        self.value = None
        return digest

    def _filled(self) -> bytes:
        assert self.value is not None
        return self.value


def _header(memory: Memory, opcode: int, mode: int, param: int) -> bytes:
    """What GenDig and GenKey put between two digests; of the serial number what all chips have in common."""
    config = memory.config
    return bytes((opcode, mode, param, 0, config[12], config[0], config[1])) + bytes(25)
