"""What an operator does with devices: provision, command, collect, listen, trade, and set what they may spend.

Imports `link`, `emulator`, `targets`, `home` and `wire`; nothing of `bench`, `ledger`, `cli` or `demo`.
"""
