"""The bench: firmware onto boards (`flashing`, `deploying`, `updates`), and the signed record of each board that
left it (`factory`).

Imports `operate` and all below it; nothing of `ledger`, `cli` or `demo`.
"""
