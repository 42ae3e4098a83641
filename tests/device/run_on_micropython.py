"""Runs one device test file under MicroPython: `micropython run_on_micropython.py FOLDER MODULE`. A line a test."""

import sys

sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2])
for name in sorted(dir(module)):
    if name.startswith("test_"):
        try:
            getattr(module, name)()
        except Exception as error:  # every failure is reported, whatever it is
            print("FAIL", name)
            sys.print_exception(error, sys.stdout)
        else:
            print("ok", name)
