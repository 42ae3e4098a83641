"""The store's file: a SQLite database of this kind, and the numbered steps that make its tables."""

from typing import Final

from ..database.kind import Kind, Migration
from ..database.sqlite import SqliteFile
from . import schema
from .faults import FAMILY

MIGRATIONS: Final = (Migration(1, schema.TABLES, "60ef97c2d52c0b5671c21d59ab5d8a4f99913768e294d0a540d8fbb27f63eb93"),)
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
