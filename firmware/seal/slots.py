"""The port of the loader, see `ports`. For type checkers and readers; never imported."""

from typing import Optional, Protocol


class Slots(Protocol):
    """The firmware slots. The loader implements this port. No update replaces a loader: its members are fixed."""

    @property
    def slot(self) -> Optional[str]:
        """The running slot, "a" or "b"; None for the factory firmware."""

    @property
    def spare(self) -> str:
        """The slot for the next update."""

    @property
    def on_trial(self) -> bool: ...

    @property
    def rolled_back(self) -> Optional[int]:
        """The version of the last failed trial."""

    def folder(self, slot: str) -> str: ...

    def begin_trial(self, slot: str, version: int) -> None: ...

    def confirm(self) -> None: ...

    def feed(self) -> None: ...

    def restart(self) -> None: ...
