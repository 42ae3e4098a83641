"""The partition on which a host leaves a sealed board its token, as a model: a file, plain, in the board's folder.

The chip decrypts what a program reads; here nothing is encrypted. So a folder with a token is a board that says it is
sealed and can prove it, for the tests of hosts.
"""


class TokenPartition:
    """`readblocks` and `info` of esp32.Partition, for the partition `token`."""

    def __init__(self, content: bytes) -> None:
        self._content = content + b"\xff" * (4096 - len(content))

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        """Fill the buffer with what is there."""
        at = block * 4096 + offset
        buffer[:] = self._content[at : at + len(buffer)]

    def info(self) -> "tuple[int, int, int, int, str, bool]":
        """Type, subtype, address, bytes, label, encrypted."""
        return (1, 6, 0x19000, 4096, "token", True)


def find(path: str) -> "list[TokenPartition]":
    """The partition in this file; nothing on a board that was never sealed."""
    try:
        with open(path, "rb") as file:
            return [TokenPartition(file.read())]
    except OSError:
        return []
