"""The module `esp` of an emulated board, with the functions that boards use: it logs nothing."""


def osdebug(level: int | None) -> None:
    """Set the log level of the drivers on the console; None: no log."""
