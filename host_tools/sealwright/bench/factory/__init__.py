"""A factory's bench: trays of boards made ready side by side, and the signed ledger of what left it."""

from .batch import Finished, jobs, run
from .job import Job, Result
from .records import add_record, ledger_path, records, verify_ledger
from .tray import Place, read_tray

__all__ = [
    "Finished",
    "Job",
    "Place",
    "Result",
    "add_record",
    "jobs",
    "ledger_path",
    "read_tray",
    "records",
    "run",
    "verify_ledger",
]
