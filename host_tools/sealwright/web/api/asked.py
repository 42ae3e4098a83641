"""What a request to the API asks for: numbers within bounds, cursors that were given by an answer before.

Every refusal is a Usage, which is a 400 with its cause and remedy.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from ...errors import Usage

LIMIT: Final = 50
MOST: Final = 500
LONGEST_TEXT: Final = 100  # characters
_LONGEST: Final = 400  # characters of a cursor


def known(query: Mapping[str, str], *names: str) -> None:
    """That nothing else is asked: a name that is written wrong would be silently left out. Raises Usage."""
    for name in query:
        if name not in names:
            takes = f"It takes {', '.join(names)}." if names else "It takes none."
            raise Usage("the query has a name that this does not take", remedy=takes, code="unknown_parameter")


def number(query: Mapping[str, str], name: str, usual: int, most: int, least: int = 0) -> int:
    """A whole number of the query. Raises Usage."""
    given = query.get(name)
    if given is None:
        return usual
    if not (given.isascii() and given.isdigit() and len(given) < 20 and least <= int(given) <= most):
        remedy = f"Give a whole number from {least} to {most}."
        raise Usage(f"{name} is no such number", remedy=remedy, code="bad_parameter")
    return int(given)


def choice(query: Mapping[str, str], name: str, usual: str, choices: Mapping[str, Any] | tuple[str, ...]) -> str:
    """One of several words. Raises Usage."""
    given = query.get(name, usual)
    if given not in choices:
        raise Usage(f"{name} is no such word", remedy=f"Give one of {', '.join(choices)}.", code="bad_parameter")
    return given


def text(query: Mapping[str, str], name: str) -> str:
    """A short text. Raises Usage."""
    found = query.get(name, "")
    if len(found) > LONGEST_TEXT:
        remedy = f"Give at most {LONGEST_TEXT} characters."
        raise Usage(f"{name} is too long", remedy=remedy, code="bad_parameter")
    return found


def limit(query: Mapping[str, str]) -> int:
    """How many to give."""
    return number(query, "limit", LIMIT, MOST, 1)


def cursor(values: list[Any]) -> str:
    """Where the next page begins, as text for the query."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def after(query: Mapping[str, str], *kinds: type) -> list[Any] | None:
    """Where the page begins: values of these kinds, or None for the first. Raises Usage for what no answer gave."""
    given = query.get("cursor")
    if given is None:
        return None
    try:
        if len(given) > _LONGEST or not given.isascii():
            raise ValueError
        found = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        if not isinstance(found, list) or [type(one) for one in found] != list(kinds):
            raise ValueError
        if any(isinstance(one, int) and not 0 <= one < 2**63 for one in found):
            raise ValueError
        for one in found:
            str(one).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        remedy = "Give the `next` of an answer, or none for the first page."
        raise Usage("the cursor is none of ours", remedy=remedy, code="bad_cursor") from error
    return found
