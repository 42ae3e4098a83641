"""The store's file: a SQLite database of this kind, and the numbered steps that make its tables."""

from typing import Final

from ..database.kind import Kind, Migration
from ..database.sqlite import SqliteFile
from . import schema
from .faults import FAMILY

MIGRATIONS: Final = (Migration(1, schema.TABLES, "d37a3057b8ccbbb85c338fc3074f9fb8406fd4f321b32d00a945d1c11045f71c"),)
PAGE: Final = 16384  # bytes


class ReadingsFile(SqliteFile):
    """A connection to a store of readings."""

    @classmethod
    def kind(cls) -> Kind:
        """A store of readings."""
        return Kind(
            noun="store of readings",
            application=schema.APPLICATION,
            steps=MIGRATIONS,
            faults=FAMILY,
            whole="SELECT 1",
            again="import the bundles since then again: nothing is taken twice",
            writes="Import a bundle",
            page=PAGE,
        )
