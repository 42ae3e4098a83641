"""Sensor drivers, one chip per file. Each is a Sensor (see seal.ports): `model` and `read()`, integers only.

`read()` returns a list of (name, unit, exponent, mantissa); the value is mantissa * 10**exponent in a SenML
unit. A driver never invents a value: it raises SensorFailed for a value that it cannot have measured.
"""
