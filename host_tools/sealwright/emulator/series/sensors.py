"""The sensors an emulated board can have, and the columns of a CSV file they are replayed from.

Every CSV has a `time` column: ISO 8601, or whole seconds. Times rise from row to row. Other columns:

| sensor | columns                          | units         | range                                    |
|--------|----------------------------------|---------------|------------------------------------------|
| bme280 | temperature, pressure, humidity  | Cel, Pa, %RH  | -40..85, 30000..110000, 0..100           |
| ina219 | power, optionally voltage        | W, V          | as much as 6.55 A at that voltage, 0..26 |
| mcu    | temperature                      | Cel           | -40..125                                 |

More columns may be there and are ignored. A row in which one of the values is empty or `nan` is left out.
"""

from dataclasses import dataclass

INA219_HIGHEST_MICROAMPERE = 32_767 * 200  # with the 10 mOhm shunt and 200 uA step an emulated board has


@dataclass(frozen=True)
class Column:
    """A quantity in its SenML `unit`, stored as integers of 10**exponent; `low`..`high` are in that unit."""

    name: str
    unit: str
    exponent: int
    low: int
    high: int
    hint: str = ""


SENSORS: dict[str, tuple[Column, ...]] = {
    "bme280": (
        Column("temperature", "Cel", -2, -40, 85, "is it in Fahrenheit or kelvin?"),
        Column("pressure", "Pa", 0, 30_000, 110_000, "is it in hPa? Then multiply by 100"),
        Column("humidity", "%RH", -3, 0, 100, "it is in percent"),
    ),
    "ina219": (
        Column("power", "W", -3, -1_000_000, 1_000_000, "is it in mW?"),
        Column("voltage", "V", -3, 0, 26, "an INA219 measures to 26 V"),
    ),
    "mcu": (Column("temperature", "Cel", -1, -40, 125, "is it in Fahrenheit or kelvin?"),),
}
