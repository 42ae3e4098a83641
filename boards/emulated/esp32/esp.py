"""The module `esp` of an emulated board, as far as boards use it: it logs nothing."""


def osdebug(level: int | None) -> None:
    """Which of the drivers' log comes out on the console; None: none."""
