"""Runs one device test file under MicroPython: `micropython run_on_micropython.py FOLDER MODULE`. A line a test."""

import asyncio
import gc
import sys

gc.threshold(16384)  # while modules load, as in firmware/main.py
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2])
gc.threshold(-1)
for name in sorted(dir(module)):
    if name.startswith("test_"):
        asyncio.new_event_loop()  # tasks outlive their `run`, and a failed test's must not become the next one's
        gc.collect()
        try:
            getattr(module, name)()
        except Exception as error:  # every failure is reported, whatever it is
            print("FAIL", name)
            sys.print_exception(error, sys.stdout)
        else:
            print("ok", name)
