"""What a reading measured: sensor quantities as SenML records (RFC 8428), and back."""

from . import cbor, labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cose import Message
    from .ports import Claims, Item, Quantity


def write_records(quantities: "list[Quantity]") -> "list[Claims]":
    """SenML records (RFC 8428) of sensor quantities [(name, unit, exponent, mantissa), ...]."""
    records = []
    for name, unit, exponent, mantissa in quantities:
        value = cbor.Tag(4, [exponent, mantissa]) if exponent else mantissa
        records.append({labels.SENML_NAME: name, labels.SENML_UNIT: unit, labels.SENML_VALUE: value})
    return records


def count(message: "Message", unit: str) -> int | None:
    """The integer in a reading's first record in `unit`, or None."""
    base = None  # holds for the records after it too (RFC 8428 section 4.6)
    for record in message.payload:
        base = record.get(labels.SENML_BASE_UNIT, base)
        if record.get(labels.SENML_UNIT, base) == unit:
            value = record.get(labels.SENML_VALUE)
            return value if isinstance(value, int) else None
    return None


def find_count(quantities: "list[Quantity]", unit: str) -> int | None:
    """The integer in the first quantity in `unit`, or None."""
    return next((mantissa for _, name, exponent, mantissa in quantities if name == unit and exponent == 0), None)


def summary(message: "Message") -> "list[list[Item]]":
    """[[name, unit, exponent, mantissa], ...] of a reading's values, for display."""
    rows = []
    base_name = base_unit = ""
    for record in message.payload:
        base_name = record.get(labels.SENML_BASE_NAME, base_name)
        base_unit = record.get(labels.SENML_BASE_UNIT, base_unit)
        value = record.get(labels.SENML_VALUE)
        exponent, mantissa = value.value if isinstance(value, cbor.Tag) else (0, value)
        name, unit = base_name + record.get(labels.SENML_NAME, ""), record.get(labels.SENML_UNIT, base_unit)
        rows.append([name, unit, exponent, mantissa])
    return rows
