"""All SQL of the ledger, and the file it lives in: schema, tables, the engine and its faults.

Imports the plain values of `ledger.book` and `ledger.chain`; decides nothing.
"""
