"""What locking the chip that keeps a device's keys would do for ever, and the person's word for it."""

import sys

from ..errors import Usage
from ..link import Client
from ..link.element import OPEN, Element, lock_element, read_element
from .session import Session

_WORD = "yes"


def pending(client: Client) -> Element | None:
    """The device's chip if it must be locked before it can have a key; None if there is nothing to lock."""
    if client.info().state != "blank":
        return None
    element = read_element(client)
    return element if element is not None and element.state == OPEN else None


def plan(element: Element) -> list[str]:
    """What would be locked for ever, in words, a line each."""
    lines = [f"ATECC608 {element.serial.hex()}, revision {element.revision.hex()}: would be locked FOR EVER:"]
    lines.append("  the configuration zone and the data zone; then the slot of each key, as it is made:")
    lines.append("  the device's, and the one by which the chip signs what it is")
    for first, now, then in element.changes:
        lines.append(f"  byte {first:3}  {now.hex(' ')}  ->  {then.hex(' ')}")
    for number, slot, key in element.slots:
        lines.append(f"  slot {number:2}  SlotConfig {slot.hex(' ')}  KeyConfig {key.hex(' ')}")
    lines.append("  The firmware's keystore/atecc608_config.py says what each byte means. It cannot be undone.")
    lines.append(f"  Custody 2 takes --chip {element.serial.hex()} (you know that chip), or its maker's certificate.")
    return lines


def facts(element: Element) -> dict[str, object]:
    """The same for programs."""
    return {
        "serial": element.serial.hex(),
        "revision": element.revision.hex(),
        "config": element.config.hex(),
        "would_lock": element.wanted.hex(),
    }


def lock(session: Session, client: Client, element: Element, serial: str | None) -> None:
    """Lock it, once the person has typed the word, or given the chip's serial number by --lock-element. Raises Usage
    (not_confirmed)."""
    remedy = f"See it with --dry-run; then type {_WORD} when asked, or give --lock-element {element.serial.hex()}."
    if serial is not None and serial.strip().lower() != element.serial.hex():
        raise Usage("--lock-element names another chip", remedy=remedy, code="not_confirmed")
    asks = not session.as_json and sys.stdin is not None and sys.stdin.isatty() and session.err.is_terminal
    if serial is None and not asks:
        raise Usage("the chip that keeps its keys is not locked yet", remedy=remedy, code="not_confirmed")
    for line in plan(element):
        session.note(line)
    if serial is None:
        session.note(f"Type {_WORD} to lock it for ever; anything else changes nothing.")
        if sys.stdin.readline().strip() != _WORD:
            raise Usage("nothing was changed", remedy=remedy, code="not_confirmed")
    lock_element(client, element)
    session.emit(ok=True, element=element.serial.hex(), state="locked")
    session.note(f"ATECC608 {element.serial.hex()} is locked.")
