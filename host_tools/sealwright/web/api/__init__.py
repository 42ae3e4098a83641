"""The API for programs: read-only JSON under /api/v1, events as they happen, metrics.

Numbers that JavaScript would round are text, and so are amounts and measured values; ids and digests are hexadecimal.
"""
