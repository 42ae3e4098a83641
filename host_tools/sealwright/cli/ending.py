"""How a command that goes on ends: Ctrl-C, a plain kill or a closed terminal let it finish what is under way.

It writes its messages whole, shows its sum and exits with the code of its work. A second signal ends it at once.
"""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Final

_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Ending:
    """Whether the end was wished for. Use as a context manager, in the main thread."""

    def __init__(self) -> None:
        self._wished = threading.Event()
        self._before: dict[int, Any] = {}

    @property
    def over(self) -> bool:
        """Whether to end now."""
        return self._wished.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the end is wished for; returns whether it is."""
        return self._wished.wait(seconds)

    def _wish(self, number: int, frame: FrameType | None) -> None:
        if self.over:
            raise KeyboardInterrupt
        self._wished.set()

    def __enter__(self) -> "Ending":
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job, wants it ignored
                self._before[number] = signal.signal(number, self._wish)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
