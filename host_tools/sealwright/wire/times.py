"""Times of the wire for people."""

from datetime import UTC, datetime


def utc(unix: int | None) -> str:
    """Unix seconds as UTC, to the second; the bare number where no calendar has it; "never" for None."""
    if unix is None:
        return "never"
    try:
        return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"second {unix}"
