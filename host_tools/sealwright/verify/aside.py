"""Messages put aside until what they rest on has come, on disk past a few megabytes.

Limits: a hostile bundle can put any number aside; each is judged again a bounded number of times.
"""

from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Final, TypeVar

_IN_MEMORY: Final = 4 << 20  # bytes
_ROUNDS: Final = 8  # four certificates of a ledger, its funding, an open, a voucher and a receipt, in the worst order
_IDLE: Final = 1  # rounds that settle nothing, and may yet teach the judge what the next one needs

T = TypeVar("T")


class Aside:
    """Numbered messages in the order they were put aside."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with the last reference
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, n: int, raw: bytes) -> None:
        """Put message `n` aside."""
        self._file.write(n.to_bytes(8, "big") + len(raw).to_bytes(4, "big") + raw)
        self._count += 1

    def put_all(self, items: Iterable[tuple[int, bytes]]) -> None:
        """Put several aside."""
        for n, raw in items:
            self.put(n, raw)

    def take(self) -> Iterator[tuple[int, bytes]]:
        """Every message put aside, with its number. Put no more aside meanwhile."""
        self._file.seek(0)
        for _ in range(self._count):
            n = int.from_bytes(self._file.read(8), "big")
            yield n, self._file.read(int.from_bytes(self._file.read(4), "big"))

    def retry(
        self,
        judge: Callable[[Iterator[tuple[int, bytes]]], Iterator[T]],
        waits: Callable[[T], tuple[int, bytes] | None],
    ) -> Iterator[T]:
        """Judge all again until no more of them hold; yields what `judge` gave last for each.

        waits: what to put aside once more after this outcome, None for one that is settled.
        """
        here, idle = self, 0
        for _ in range(_ROUNDS):
            left = Aside()
            for outcome in judge(here.take()):
                again = waits(outcome)
                if again is None:
                    yield outcome
                else:
                    left.put(*again)
            idle = idle + 1 if len(left) == len(here) else 0
            here = left
            if not len(left) or idle > _IDLE:
                break
        yield from judge(here.take())
