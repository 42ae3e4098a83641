"""The file `fleet.db`: what a hub noticed of its devices. Nothing in it is proof, and nothing rests on it: it may be
removed while the hub is stopped."""

from typing import Final

from ..database import faults
from ..database.kind import Kind, Migration
from ..database.sqlite import SqliteFile
from ..errors import SealwrightError

APPLICATION: Final = 0x53454148  # "SEAH", in the file's header

TABLES: Final = (
    # seen: unix seconds; how: broker, url or bundle; info: JSON of the last answer to `info`
    "CREATE TABLE devices (device TEXT PRIMARY KEY, seen INTEGER NOT NULL, how TEXT NOT NULL, info TEXT) STRICT",
    "CREATE TABLE faults (at INTEGER NOT NULL, device TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL) STRICT",
    "CREATE INDEX faults_by_time ON faults (at)",
    "CREATE INDEX faults_by_device ON faults (device, at)",
    "CREATE TABLE verdicts (code TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT",
    # offer: a message as received; the last one of each device
    "CREATE TABLE offers (device TEXT PRIMARY KEY, at INTEGER NOT NULL, offer BLOB NOT NULL) STRICT",
)


class FleetError(SealwrightError):
    """The file cannot be used."""

    exit_code = 4
    code = "fleet_error"
    remedy = "Stop the hub and remove HOME/hub/fleet.db: nothing rests on it, and it is made anew."


class FleetMissing(FleetError):
    """There is none, and reading does not make one."""

    exit_code = 2
    code = "no_fleet"
    remedy = "`sealwright hub` makes it."


class FleetBusy(FleetError):
    """Another process holds the write lock for longer than we wait."""

    code = "fleet_busy"
    remedy = "Try again."


class FleetFull(FleetError):
    """No room for the next row."""

    code = "fleet_full"
    remedy = "Free space on its disk."


FAMILY: Final = faults.Family(FleetError, FleetMissing, FleetError, FleetError, FleetBusy, FleetFull, FleetError)


class FleetFile(SqliteFile):
    """A connection to the file."""

    @classmethod
    def kind(cls) -> Kind:
        """What a hub noticed of its devices."""
        return Kind(
            noun="fleet of a hub",
            application=APPLICATION,
            steps=(Migration(1, TABLES, "e125585006b33e94792e9187f3383b8598f88bd731a543010539b5bbf815cdfc"),),
            faults=FAMILY,
            whole="SELECT 1",
            again="start the hub",
            writes="Start the hub",
        )
