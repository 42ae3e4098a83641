"""What an emulated ATECC608 does for each command, and what it refuses (data sheet DS40001977, "Security Commands").

Its arithmetic is `seal.p256`, as this runs where the board runs; its nonces are random, as the chip's are.
Limits: P-256 keys only. No MAC, SHA, AES, KDF, ECDH, PrivWrite, SecureBoot. GenDig of the configuration alone; of
Verify the external and the stored mode.
"""

import os

from emulated.atecc608_memory import LOCK_CONFIG, LOCK_DATA, LOCKED, MOST, SIZES, SLOTS, Memory
from emulated.atecc608_tempkey import TempKey
from seal import p256
from seal.compat import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

SUCCESS, MISCOMPARE, PARSE_ERROR, ECC_FAULT, EXECUTION_ERROR = 0x00, 0x01, 0x03, 0x05, 0x0F

_CONFIG, _OTP, _DATA = range(3)
_P256 = 4
_FIXED = b"\xff\xff\x00\x00" * 8  # what the generator gives until the configuration is locked


class Refuse(Exception):
    """`args[0]` is the status code."""


def _require(condition: bool, status: int = EXECUTION_ERROR) -> None:
    if not condition:
        raise Refuse(status)


class Commands:
    """The commands on `memory`, with the registers that sleep forgets."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._table: "dict[int, Callable[[int, int, bytes], bytes]]" = {
            0x02: self._read,
            0x12: self._write,
            0x15: self._gendig,
            0x16: self._nonce,
            0x17: self._lock,
            0x1B: self._random,
            0x20: self._update_extra,
            0x24: self._counter,
            0x30: self._info,
            0x40: self._genkey,
            0x41: self._sign,
            0x45: self._verify,
        }
        self.forget()

    def forget(self) -> None:
        """The registers are in RAM."""
        self._tempkey = TempKey()

    def execute(self, opcode: int, param1: int, param2: int, data: bytes) -> bytes:
        """The answer's data. Raises Refuse."""
        _require(opcode in self._table, PARSE_ERROR)
        return self._table[opcode](param1, param2, data)

    def _info(self, mode: int, param: int, data: bytes) -> bytes:
        _require(mode <= 2 and not data, PARSE_ERROR)
        if mode == 0:
            return bytes(self._memory.config[4:8])
        if mode == 1:
            return bytes((1 if self._secret(param) else 0, 0, 0, 0))
        return bytes((0x80 if self._tempkey.value is not None else 0, 0, 0, 0))

    def _random_bytes(self) -> bytes:
        return os.urandom(32) if self._memory.is_config_locked else _FIXED

    def _random(self, mode: int, param: int, data: bytes) -> bytes:
        _require(mode <= 1 and param == 0 and not data, PARSE_ERROR)
        return self._random_bytes()

    def _nonce(self, mode: int, param: int, data: bytes) -> bytes:
        target = mode >> 6
        if mode & 3 == 3:
            _require(len(data) == (64 if mode & 0x20 else 32) and target <= 1, PARSE_ERROR)
            if target == 0:
                self._tempkey.load(data[:32], True)
            else:
                self._tempkey.buffer = data[:32]
            return bytes((SUCCESS,))
        _require(mode <= 1 and len(data) == 20, PARSE_ERROR)
        drawn = self._random_bytes()
        self._tempkey.load(sha256(drawn + data + bytes((0x16, mode, param & 0xFF))), False)
        return drawn

    def _gendig(self, zone: int, block: int, data: bytes) -> bytes:
        _require(zone == _CONFIG and block < 4 and not data and self._tempkey.value is not None)
        self._tempkey.mix_block(self._memory, zone, block)
        return bytes((SUCCESS,))

    def _secret(self, slot: int) -> bytes:
        """The private key in a slot, b"" where there is none."""
        _require(slot < SLOTS, PARSE_ERROR)
        _require(self._memory.key_config(slot) & 0x1D == _P256 << 2 | 1)
        secret = bytes(self._memory.slots[slot][4:36])
        return secret if secret != bytes(32) else b""

    def _genkey(self, mode: int, slot: int, data: bytes) -> bytes:
        memory = self._memory
        _require(mode in (0x00, 0x04, 0x08) and not data, PARSE_ERROR)
        _require(memory.is_config_locked)
        secret = self._secret(slot)
        if mode == 0x04:
            _require(not memory.is_slot_locked(slot))
            _require(not memory.is_data_locked or bool(memory.slot_config(slot) >> 13 & 1))
            secret = p256.secret_from(os.urandom)
            memory.slots[slot][:36] = bytes(4) + secret
            memory.save()
        _require(secret != b"", ECC_FAULT)
        _require(mode == 0x04 or bool(memory.key_config(slot) >> 1 & 1))
        public = p256.public_key(secret)
        if mode == 0x08:
            _require(self._tempkey.value is not None)
            self._tempkey.mix_key(memory, mode, slot, public)
        return public

    def _take(self, mode: int) -> bytes:
        """The message digest: of its own buffer, or of TempKey, which one use empties."""
        digest = self._tempkey.take(bool(mode & 0x20))
        if digest is None:
            raise Refuse(EXECUTION_ERROR)
        return digest

    def _sign(self, mode: int, slot: int, data: bytes) -> bytes:
        is_external = bool(mode & 0x80)
        _require((is_external or mode in (0x00, 0x40)) and not data, PARSE_ERROR)
        _require(self._memory.is_config_locked and self._memory.is_data_locked)
        secret = self._secret(slot)
        _require(bool(self._memory.slot_config(slot) >> (0 if is_external else 1) & 1))
        _require(is_external or self._tempkey.is_about_a_key)
        _require(secret != b"", ECC_FAULT)
        digest = self._take(mode) if is_external else self._tempkey.statement(self._memory, mode, slot)
        return p256.sign(secret, digest, os.urandom(32))

    def _verify(self, mode: int, param: int, data: bytes) -> bytes:
        kind = mode & 7
        if kind == 2:
            _require(len(data) == 128 and param == _P256, PARSE_ERROR)
            public = data[64:]
        else:
            _require(kind == 0 and len(data) == 64 and param < SLOTS, PARSE_ERROR)
            _require(self._memory.key_config(param) & 0x1D == _P256 << 2 and SIZES[param] >= 72)
            kept = self._memory.slots[param]
            public = bytes(kept[4:36]) + bytes(kept[40:72])
        digest = self._take(mode)
        try:
            p256.check_public(public)
        except Exception:
            raise Refuse(ECC_FAULT)
        return bytes((SUCCESS if p256.verify(public, digest, data[:64]) else MISCOMPARE,))

    def _counter(self, mode: int, number: int, data: bytes) -> bytes:
        _require(mode <= 1 and number <= 1 and not data, PARSE_ERROR)
        counters = self._memory.counters
        if mode == 1:
            _require(counters[number] < MOST)
            counters[number] += 1
            self._memory.save()
        return counters[number].to_bytes(4, "little")

    def _read(self, zone: int, address: int, data: bytes) -> bytes:
        size, start, area = self._place(zone, address, data)
        if zone & 3 == _DATA:
            slot = address >> 3 & 15
            _require(self._memory.is_data_locked)
            _require(not self._memory.slot_config(slot) & 0xC0)  # secret, or in the clear to nobody
            _require(not self._memory.key_config(slot) & 1)
        elif zone & 3 == _OTP:
            _require(self._memory.is_data_locked)
        return bytes(area[start : start + size])

    def _write(self, zone: int, address: int, data: bytes) -> bytes:
        size, start, area = self._place(zone, address, data[: 32 if zone & 0x80 else 4])
        _require(len(data) == size and not zone & 0x40, PARSE_ERROR)
        memory = self._memory
        if zone & 3 == _CONFIG:
            _require(not memory.is_config_locked)
            _require(start >= 16 and (start + size <= 84 or start >= 88))
        else:
            _require(memory.is_config_locked)
            if not memory.is_data_locked:
                _require(size == 32)
            elif zone & 3 == _OTP:
                raise Refuse(EXECUTION_ERROR)
            else:
                self._require_writable(address >> 3 & 15)
        area[start : start + size] = data[: len(area) - start]
        memory.save()
        return bytes((SUCCESS,))

    def _require_writable(self, slot: int) -> None:
        _require(not self._memory.is_slot_locked(slot))
        _require(not self._memory.key_config(slot) & 1)  # a private key is written by PrivWrite alone
        _require(self._memory.slot_config(slot) >> 12 == 0)

    def _place(self, zone: int, address: int, data: bytes) -> "tuple[int, int, bytearray]":
        """(size, first byte, area) of a Read or Write."""
        size = 32 if zone & 0x80 else 4
        _require(zone & 3 <= _DATA and len(data) in (0, size), PARSE_ERROR)
        if zone & 3 == _DATA:
            area = self._memory.slots[address >> 3 & 15]
            start = (address >> 8) * 32 + (0 if size == 32 else (address & 7) * 4)
            _require(start < len(area), PARSE_ERROR)
            return size, start, area
        area = self._memory.config if zone & 3 == _CONFIG else self._memory.otp
        start = (address >> 3) * 32 + (0 if size == 32 else (address & 7) * 4)
        _require(start + size <= len(area), PARSE_ERROR)
        return size, start, area

    def _update_extra(self, mode: int, value: int, data: bytes) -> bytes:
        """Bytes 84 and 85: as often as wanted until the configuration is locked, then once."""
        _require(mode <= 1 and value <= 0xFF and not data, PARSE_ERROR)
        memory = self._memory
        _require(not memory.is_config_locked or memory.config[84 + mode] == 0)
        memory.config[84 + mode] = value
        memory.save()
        return bytes((SUCCESS,))

    def _lock(self, mode: int, crc: int, data: bytes) -> bytes:
        memory, kind = self._memory, mode & 3
        _require(not data and kind <= 2, PARSE_ERROR)
        if kind == 0:
            _require(not memory.is_config_locked)
            _require(bool(mode & 0x80) or crc == _summary([memory.config]))
            memory.config[LOCK_CONFIG] = LOCKED
        elif kind == 1:
            _require(memory.is_config_locked and not memory.is_data_locked)
            _require(bool(mode & 0x80) or crc == _summary(memory.slots + [memory.otp]))
            memory.config[LOCK_DATA] = LOCKED
        else:
            slot = mode >> 2 & 15
            _require(memory.is_data_locked and not memory.is_slot_locked(slot))
            _require(bool(memory.key_config(slot) >> 5 & 1))
            memory.lock_slot(slot)
        memory.save()
        return bytes((SUCCESS,))


def _summary(areas: "list[bytearray]") -> int:
    from emulated.atecc608 import crc16

    return int.from_bytes(crc16(b"".join([bytes(area) for area in areas])), "little")
