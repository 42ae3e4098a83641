"""Files of this package that are SQLite databases: made whole, opened with care, brought up to date by numbered steps.

`kind` says what a file is one of, such as a ledger; `opening` makes and opens the file, `sqlite` is the engine behind
`asked`, `faults` turns what goes wrong into the kind's own errors. Knows no table. Imports `errors` and `files`.
"""
