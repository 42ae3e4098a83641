"""A decoded CBOR value as text that no interpreter renders its own way (after RFC 8949 section 8). Runs on both."""

from binascii import hexlify


def hexadecimal(data):
    return hexlify(data).decode()


def show(value):
    """Byte and text strings in hexadecimal, map entries in the order of their text; a tag is any object with
    `number` and `value`."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"h'{hexadecimal(value)}'"
    if isinstance(value, str):
        return f"u'{hexadecimal(value.encode())}'"
    if isinstance(value, list):
        return "[" + ", ".join([show(item) for item in value]) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(sorted([f"{show(key)}: {show(item)}" for key, item in value.items()])) + "}"
    if isinstance(value, int):
        return str(value)
    return f"{value.number}({show(value.value)})"
