"""The option that names shards of a ledger."""

from typing import Annotated, Final

import typer

from ..errors import Usage

ALL: Final = "all"

ShardsOption = Annotated[
    str,
    typer.Option(
        "--shards", metavar="N,N", help="Of a ledger in shards, those to settle into, such as 0,2; leave the rest."
    ),
]


def named_shards(text: str) -> list[int] | None:
    """The shards that are named, None for all. Raises Usage."""
    if text.strip().lower() == ALL:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and len(part) < 5 for part in parts):
        raise Usage(f"{text!r} names no shards", remedy="Write their numbers with commas between, such as 0,2; or all.")
    return [int(part) for part in parts]
