"""A model of an ESP chip's boot ROM on a pty, after Espressif's "Serial Protocol" documentation: SLIP frames, the
commands that esptool needs to find out which chip it is and to flash it, and the greeting of the stub that it uploads.

It stands for the ROM's side of the dialogue alone: no chip, no reset lines, and the stub is not run but answered for.
"""

import hashlib
import os
import pty
import select
import struct
import threading
import tty
import zlib

SYNC, WRITE_REG, READ_REG, SECURITY_INFO = 0x08, 0x09, 0x0A, 0x14
FLASH_BEGIN, FLASH_DATA, MEM_END, DEFL_BEGIN, DEFL_DATA, MD5, ERASE_FLASH = 0x02, 0x03, 0x06, 0x10, 0x11, 0x13, 0xD0
SYNC_VALUE = 0x20120707  # not 0, which a stub that runs already would say
MAGIC_REGISTER = 0x40001000
FLASH_ID = 0x164020  # 4 MB


class Rom:
    """magic: what ESP32's magic register holds, on chips that answer no security-info; chip: the id in that, on newer
    ones. Both None: nobody answers. pull_after: the cable comes out at that many pieces of the image."""

    def __init__(self, folder, magic=None, chip=None, pull_after=None, forgets=False):
        self.flash = bytearray(b"\xff" * (4 << 20))
        self.erased = False
        self._magic, self._chip, self._left, self._forgets = magic, chip, pull_after, forgets
        self._wire, self._other = pty.openpty()
        tty.setraw(self._other)
        self._at, self._inflate = 0, None
        link = folder / "rom"
        link.symlink_to(os.ttyname(self._other))
        self.url = f"serial:{link}"
        self._open = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._open = False
        self._thread.join()

    def _serve(self):
        buffer = b""
        while self._open:
            if not select.select([self._wire], [], [], 0.05)[0]:
                continue
            buffer += os.read(self._wire, 65536)
            *frames, buffer = buffer.split(b"\xc0")
            for frame in filter(None, frames):
                self._answer(frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb"))
        os.close(self._wire)
        os.close(self._other)

    def _send(self, data):
        escaped = data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        os.write(self._wire, b"\xc0" + escaped + b"\xc0")

    def _answer(self, frame):
        if (self._magic is None and self._chip is None) or len(frame) < 8 or frame[0] != 0:
            return
        op, body, value, data = frame[1], frame[8:], 0, b""
        if op == SYNC:
            for _ in range(7):
                self._reply(op, SYNC_VALUE, b"")
            value = SYNC_VALUE
        elif op == READ_REG:
            (address,) = struct.unpack("<I", body)
            value = self._magic or 0 if address == MAGIC_REGISTER else FLASH_ID if address & 0xFF in (0x58, 0x80) else 0
        elif op == SECURITY_INFO:
            if self._chip is None:
                return self._reply(op, 0, b"", status=b"\x01\x05")
            data = struct.pack("<IB7sII", 0, 0, bytes(7), self._chip, 0)
        elif op in (FLASH_BEGIN, DEFL_BEGIN):
            self._at, self._inflate = struct.unpack("<4I", body[:16])[3], zlib.decompressobj()
        elif op == FLASH_DATA:
            self._write(body[16:])
        elif op == DEFL_DATA:
            self._write(self._inflate.decompress(body[16:]))
        elif op == MD5:
            address, size = struct.unpack("<2I", body[:8])
            data = hashlib.md5(self.flash[address : address + size]).digest()
        elif op == ERASE_FLASH:
            self.flash[:], self.erased = b"\xff" * len(self.flash), True
        if self._open:
            self._reply(op, value, data)
        if op == MEM_END:
            self._send(b"OHAI")

    def _reply(self, op, value, data, status=b"\x00\x00"):
        payload = data + status
        self._send(struct.pack("<BBHI", 1, op, len(payload), value) + payload)

    def _write(self, data):
        if self._left is not None:
            self._left -= 1
            self._open = self._left > 0
        if self._forgets:
            data = bytes(len(data))
        self.flash[self._at : self._at + len(data)] = data
        self._at += len(data)
