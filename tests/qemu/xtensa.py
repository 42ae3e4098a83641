"""The functions in a .mpy for xtensawin, called one by one on QEMU's Xtensa `sim` machine, which has no MicroPython.

The files that an ESP32 and an ESP32-S3 get are loaded as their MicroPython loads them (py/persistentcode.c of 1.26,
format 6), and a function is called as it calls one. A viper function of the curve needs the interpreter for its
arguments and its result alone: each of its entries is a stub that gives back what it got, so these are addresses and
numbers as they stand. A loop in the guest reads a call from standard input and writes its result, by simcalls.

It shows that instructions of these files compute what they should; not the chip's core (LX6, LX7), whose options differ
from `dc232b`'s, nor MicroPython there.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

QEMU: Final = "qemu-system-xtensa"
_RAM: Final = 0xD0001000  # an address of `dc232b`'s region that is mapped to memory from 0 on
_RESET: Final = 0xFE000000  # where it begins
_LITERALS, _CODE, _STUB, _SELF, _CONTEXT, _TABLE, _ENTRIES = (0x100 * n for n in range(7))
_CALL, _FUNCTIONS, _BLOB, _STACK = 0x1000, 0x2000, 0x10000, 0x20000
_VIPER: Final = 4
_TEXTS, _TUPLE = (5, 6), 10  # kinds of objects; those from texts to tuples have bytes
_OWN_DATA: Final = 0x70  # flags of a function with read-only data, variables or relocations
_READ, _WRITE = 3, 4  # simcalls
_PS: Final = 0x40000  # windows on


def require() -> None:
    """Skip the test where there is no QEMU for Xtensa."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"there is no {QEMU} here")


class _Mpy:
    """A reader of a file's bytes."""

    def __init__(self, data: bytes) -> None:
        assert data[:2] == b"M\x06", "not a .mpy of format 6"
        self._data, self._at = data, 4
        self.functions: list[bytes] = []  # the viper functions in the order of the source
        names, objects = self._number(), self._number()
        for _ in range(names):
            size = self._number()
            self._at += 0 if size & 1 else (size >> 1) + 1
        for _ in range(objects):
            self._object()
        self._code()

    def _bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def _number(self) -> int:
        value = 0
        while True:
            byte = self._bytes(1)[0]
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def _object(self) -> None:
        kind = self._bytes(1)[0]
        if kind == _TUPLE:
            for _ in range(self._number()):
                self._object()
        elif kind >= _TEXTS[0]:
            self._bytes(self._number() + (kind in _TEXTS))

    def _code(self) -> None:
        head = self._number()
        kind, body = (head & 3) + 2, self._bytes(head >> 3)
        if kind == _VIPER:
            assert not self._number() & _OWN_DATA
            self.functions.append(body)
        for _ in range(self._number() if head & 4 else 0):
            self._code()


def _instructions(*values: int) -> bytes:
    return b"".join(value.to_bytes(3, "little") for value in values)


def _loop() -> bytes:
    """The guest's program, from _CODE on: a1 the stack, a6 where a call is read to."""
    literals = {"ps": 0, "stack": 4, "call": 8, "blob": 12, "self": 16}
    at = _CODE

    def take(register: int, name: str) -> int:  # l32r
        nonlocal code
        pc = at + len(code)
        back = (literals[name] + _LITERALS - (pc + 3 & ~3)) >> 2
        return (back & 0xFFFF) << 8 | register << 4 | 1

    def put(register: int, number: int) -> int:  # movi
        return (number & 0xFF) << 16 | 0xA << 12 | register << 4 | 2

    def load(register: int, word: int) -> int:  # l32i from a6
        return word << 16 | 0x2602 | register << 4

    code = b""
    for name, register in (("ps", 2), ("stack", 1)):
        code += _instructions(take(register, name))
    code += _instructions(0x13E620, put(3, 1), 0x134930, 0x002010)  # wsr.ps a2; wsr.windowstart a3; rsync
    start = len(code)
    simcall = 0x005100
    code += _instructions(take(4, "call"))
    code += _instructions(put(2, _READ), put(3, 0), put(5, 16), simcall)
    for register, name in ((6, "call"), (4, "blob")):
        code += _instructions(take(register, name))
    code += _instructions(load(5, 1))
    rest = len(code)  # a pipe gives what it has
    code += _instructions(put(2, _READ), put(3, 0), simcall, 0x804420, 0xC05520)  # add a4, a4, a2; sub a5, a5, a2
    code += _instructions((rest - len(code) - 4 & 0xFFF) << 12 | 0x556)  # bnez a5
    for register, name in ((10, "self"), (13, "blob")):
        code += _instructions(take(register, name))
    code += _instructions(load(7, 0), load(11, 2), put(12, 0), 0x0007E0)  # callx8 a7
    code += _instructions(3 << 16 | 0x66A2)  # s32i a10, a6, 12
    code += _instructions(take(4, "blob"))
    code += _instructions(load(5, 1), put(2, _WRITE), put(3, 1), simcall)
    code += _instructions(put(2, _WRITE), put(3, 1), 12 << 16 | 0xC642, put(5, 4), simcall)  # addi a4, a6, 12
    return code + _instructions((start - len(code) - 4 & 0x3FFFF) << 6 | 6)  # j


def _image(functions: list[bytes]) -> tuple[bytes, list[int]]:
    """Memory from _RAM on, and the address of each function."""
    memory, addresses = bytearray(_BLOB), []

    def place(at: int, data: bytes) -> None:
        memory[at : at + len(data)] = data

    words = (_PS, _RAM + _STACK, _RAM + _CALL, _RAM + _BLOB, _RAM + _SELF)
    place(_LITERALS, struct.pack("<5I", *words))
    place(_CODE, _loop())
    place(_STUB, bytes.fromhex("3641001df0"))  # entry a1, 32; retw.n
    place(_SELF, struct.pack("<2I", 0, _RAM + _CONTEXT))
    place(_CONTEXT, struct.pack("<4I", 0, 0, 0, _RAM + _TABLE))
    place(_TABLE, struct.pack("<I", _RAM + _ENTRIES) * 16)  # one of a module's objects is the table of entries
    place(_ENTRIES, struct.pack("<I", _RAM + _STUB) * 128)
    at = _FUNCTIONS
    for body in functions:
        place(at, body)
        addresses.append(_RAM + at)
        at += len(body) + 15 & ~15
    assert at <= _BLOB
    return bytes(memory), addresses


def _elf(memory: bytes) -> bytes:
    """The least file that QEMU loads: the memory, and a jump to the program where the core begins."""
    jump = _instructions(4 << 6 | 6) + b"\0" + struct.pack("<I", _RAM + _CODE)  # j, over a literal to the next
    jump += _instructions(0xFFFF21, 0x0002A0)  # l32r a2; jx a2
    head = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 2, 94, 1, _RAM + _CODE, 52, 0, 0, 52, 32, 2, 40, 0, 0)
    at = len(head) + 64
    for address, data in ((_RESET, jump), (_RAM, memory)):
        head += struct.pack("<8I", 1, at, address, address, len(data), len(data), 7, 4)
        at += len(data)
    return head + jump + memory


class Xtensa:
    """A machine that has the functions of some modules. files: their .mpy, by name. `call` names them "module.place",
    the place among the module's viper functions."""

    def __init__(self, files: dict[str, bytes], folder: Path) -> None:
        found = {name: _Mpy(data).functions for name, data in files.items()}
        names = [(name, place) for name, bodies in found.items() for place in range(len(bodies))]
        memory, addresses = _image([body for bodies in found.values() for body in bodies])
        self._addresses = dict(zip(names, addresses, strict=True))
        path = folder / "functions.elf"
        path.write_bytes(_elf(memory))
        command = [QEMU, "-M", "sim", "-semihosting", "-display", "none", "-monitor", "none", "-serial", "none"]
        self._process = subprocess.Popen(
            [*command, "-kernel", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def __enter__(self) -> "Xtensa":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def call(self, module: str, place: int, *arguments: Any) -> int:
        """The result of a function, a signed word. Arguments: integers, bytes, or bytearrays that it may change."""
        buffers: dict[int, tuple[int, Any]] = {}  # where each is, by identity: an argument may come twice
        words, at = [], 4 * len(arguments)
        for argument in arguments:
            if isinstance(argument, int):
                words.append(argument & 0xFFFFFFFF)
                continue
            if id(argument) not in buffers:
                buffers[id(argument)] = at, argument
                at += len(argument) + 3 & ~3
            words.append(_RAM + _BLOB + buffers[id(argument)][0])
        blob = struct.pack(f"<{len(words)}I", *words)
        blob += b"".join(bytes(buffer) + bytes(-len(buffer) % 4) for _, buffer in buffers.values())
        assert len(blob) < _STACK - _BLOB - 0x1000 and self._process.stdin is not None
        self._process.stdin.write(struct.pack("<4I", self._addresses[module, place], len(blob), len(words), 0) + blob)
        self._process.stdin.flush()
        said = self._read(len(blob) + 4)
        for at, buffer in buffers.values():
            if isinstance(buffer, bytearray):
                buffer[:] = said[at : at + len(buffer)]
        return int.from_bytes(said[-4:], "little", signed=True)

    def _read(self, count: int) -> bytes:
        assert self._process.stdout is not None
        said = b""
        while len(said) < count:
            piece = os.read(self._process.stdout.fileno(), count - len(said))
            assert piece, "the machine stopped"
            said += piece
        return said
