"""What a reading measured: sensor quantities as SenML records (RFC 8428), and back.

A reading of several samples has a base time, its own, and before each quantity's values their base name and base unit:
first the newest sample's, then each earlier one's with its time before the base time. So the first value of a quantity
is the newest.

A sensor that failed is a record too: its model's name, and the text NO_VALUE in place of a value.
"""

from . import cbor, labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from .cose import Message
    from .ports import Claims, Item, Quantity, Sample


NO_VALUE = "no value"


def no_value(model: str) -> "Quantity":
    """What a sensor that failed measured."""
    return model, "", 0, None


def write_records(quantities: "list[Quantity]") -> "list[Claims]":
    """SenML records (RFC 8428) of sensor quantities [(name, unit, exponent, mantissa), ...]."""
    records = []
    for name, unit, exponent, mantissa in quantities:
        record = {labels.SENML_NAME: name}
        if unit:
            record[labels.SENML_UNIT] = unit
        records.append(_with_value(record, exponent, mantissa))
    return records


def write_samples(quantities: "list[Quantity]", earlier: "Sequence[Sample]", now: int) -> "list[Claims]":
    """SenML records of the newest sample's quantities and of `earlier` samples [(seconds before it, quantities), ...],
    oldest first. now: unix seconds."""
    if not earlier:
        return write_records(quantities)
    records = []
    for index, quantity in enumerate(quantities):
        records.append(_first_record(quantity))
        for age, sample in reversed(earlier):
            if _is_same(sample, index, quantity):
                records.append(_with_value({labels.SENML_TIME: -age}, *sample[index][2:]))
    for age, sample in reversed(earlier):  # what another sensor failed beside, or the newest sample lacks
        for index, quantity in enumerate(sample):
            if not _is_same(quantities, index, quantity):
                records.append(_first_record(quantity))
                records[-1][labels.SENML_TIME] = -age
    records[0][labels.SENML_BASE_TIME] = now
    return records


def _is_same(sample: "list[Quantity]", index: int, quantity: "Quantity") -> bool:
    """Whether the sample has the quantity's name and unit at this place."""
    return index < len(sample) and sample[index][:2] == quantity[:2]


def _first_record(quantity: "Quantity") -> "Claims":
    name, unit, exponent, mantissa = quantity
    return _with_value({labels.SENML_BASE_NAME: name, labels.SENML_BASE_UNIT: unit}, exponent, mantissa)


def _with_value(record: "Claims", exponent: int, mantissa: int | None) -> "Claims":
    if mantissa is None:
        record[labels.SENML_STRING] = NO_VALUE
    else:
        record[labels.SENML_VALUE] = cbor.Tag(4, [exponent, mantissa]) if exponent else mantissa
    return record


def count(message: "Message", unit: str) -> int | None:
    """The integer in a reading's first record in `unit` that is of the newest sample, or None."""
    base = None  # holds for the records after it too (RFC 8428 section 4.6)
    for record in message.payload:
        base = record.get(labels.SENML_BASE_UNIT, base)
        if record.get(labels.SENML_UNIT, base) == unit and labels.SENML_TIME not in record:
            value = record.get(labels.SENML_VALUE)
            return value if isinstance(value, int) else None
    return None


def find_count(quantities: "list[Quantity]", unit: str) -> int | None:
    """The integer in the first quantity in `unit`, or None."""
    return next((mantissa for _, name, exponent, mantissa in quantities if name == unit and exponent == 0), None)


def summary(message: "Message") -> "list[list[Item]]":
    """[[name, unit, exponent, mantissa], ...] of the newest values in a reading, for display."""
    rows = []
    base_name = base_unit = ""
    for record in message.payload:
        base_name = record.get(labels.SENML_BASE_NAME, base_name)
        base_unit = record.get(labels.SENML_BASE_UNIT, base_unit)
        if labels.SENML_TIME in record:
            continue
        value = record.get(labels.SENML_VALUE)
        exponent, mantissa = value.value if isinstance(value, cbor.Tag) else (0, value)
        name, unit = base_name + record.get(labels.SENML_NAME, ""), record.get(labels.SENML_UNIT, base_unit)
        rows.append([name, unit, exponent, mantissa])
    return rows
