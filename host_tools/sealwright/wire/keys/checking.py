"""A process that checks signatures for another one: `python -m sealwright.wire.keys.checking`, and how to ask it.

Protocol, on standard input and output: a count (4 bytes, big-endian), then so many questions of 160 bytes, a public key
X || Y, a digest and a signature r || s; the answer has a byte for each, 1 where the signature holds. It ends with its
input. Limits: its answers are believed, so it must be a process that the asking one started.
"""

import signal
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Final, TypeAlias

from .public import PublicKey

Question: TypeAlias = tuple[bytes, bytes, bytes]  # key, digest, signature
Outcomes: TypeAlias = Mapping[Question, bool]
_SIZE: Final = 64 + 32 + 64


def ask(questions: Sequence[Question], sink: IO[bytes], source: IO[bytes]) -> Outcomes:
    """What the process at the other end finds. Raises OSError or EOFError where it has ended."""
    sink.write(len(questions).to_bytes(4, "big") + b"".join(map(b"".join, questions)))
    sink.flush()
    answer = source.read(len(questions))
    if len(answer) != len(questions):
        raise EOFError("the process that checks signatures has ended")
    return {question: one == 1 for question, one in zip(questions, answer, strict=True)}


def serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer until the input ends."""
    keys: dict[bytes, PublicKey] = {}
    while len(head := source.read(4)) == 4:
        data = source.read(size := int.from_bytes(head, "big") * _SIZE)
        if len(data) != size:
            return
        answer = bytearray()
        for at in range(0, size, _SIZE):
            xy = data[at : at + 64]
            key = keys.get(xy) or keys.setdefault(xy, PublicKey(xy))
            answer.append(key.verify(data[at + 64 : at + 96], data[at + 96 : at + _SIZE]))
        sink.write(answer)
        sink.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process ends this one
    serve(sys.stdin.buffer, sys.stdout.buffer)
