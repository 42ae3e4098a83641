"""`sealwright owner ...`: the owner's signed commands to a device."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ..bench.updates import HssKey
from ..errors import RefusedByDevice, Usage
from ..home import Home
from ..link import Client
from ..money import parse_price, show_price
from ..operate import owner, rotating, spending
from ..operate.pinning import prove
from .commands import Command, command
from .holdings import confirm, holdings, on_board
from .money import AssetOption, NewAssetOption, begun, home_assets, keep_new
from .network import network
from .options import DeviceOption, NamedDevice
from .order import order
from .ownership import OWNERSHIP
from .pace import interval
from .protect import protect
from .session import Session
from .words import spending as spending_words


@command(
    "offer",
    "Set what a device sells.",
    """
    sealwright owner offer --device emulated:solar --price "0.36 EUR/kWh"
    sealwright owner offer --device emulated:station --price 0.002EUR/reading
    sealwright owner offer --device emulated:solar --asset nEUR --unit J --price 100
    sealwright owner offer --device emulated:solar --none
    """,
)
def offer(
    session: Session,
    *,
    device: DeviceOption,
    asset: AssetOption = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", metavar="UNIT", help="What it sells: what its meter counts, or reading [default: J for kWh]."
        ),
    ] = None,
    price: Annotated[
        str | None,
        typer.Option("--price", metavar="PRICE", help='Such as "0.36 EUR/kWh"; a bare number is smallest units.'),
    ] = None,
    new_asset: NewAssetOption = False,
    none: Annotated[bool, typer.Option("--none", help="Sell nothing any more.")] = False,
) -> None:
    """Set what a device sells, and for how much.

    A device counts whole smallest units for each unit that it sells. A price that comes to a fraction is refused, with
    the two nearest: 0.30 EUR/kWh is between 83 and 84 nEUR a joule.
    """
    if none:
        if asset is not None or unit is not None or price is not None:
            raise Usage("--none takes no other option", remedy="Leave out --asset, --unit and --price.")
        _send(session, device, owner.end_offer, "sells nothing now", offer=None)
        return
    if not price:
        raise Usage("an offer wants --price", remedy='Write it as "0.36 EUR/kWh", or give --none.')
    new = begun(asset) if new_asset else []
    assets = home_assets(session, *new)
    if asset is not None:
        assets.known(asset)
    found = parse_price(price, assets, asset=asset, unit=unit)

    def send(home: Home, client: Client) -> None:
        owner.set_offer(home, client, found.asset, found.unit, found.value)

    shown = {"asset": found.asset, "unit": found.unit, "price": str(found.value)}
    _send(session, device, send, f"sells for {show_price(found, assets)} now", offer=shown)
    keep_new(session, *new)


@command("pause", "Stop a device from paying.", "sealwright owner pause --device emulated:charger")
def pause(session: Session, device: DeviceOption) -> None:
    """Stop a device from paying, until `resume`."""
    _send(session, device, owner.pause, "pays nothing until it is resumed", paused=True)


@command("resume", "Let it pay again.", "sealwright owner resume --device emulated:charger")
def resume(session: Session, device: DeviceOption) -> None:
    """Let a paused device pay again."""
    _send(session, device, owner.resume, "may pay again", paused=False)


@command("unlock", "Let it pay again after a rollback.", "sealwright owner unlock --device emulated:charger")
def unlock(session: Session, device: DeviceOption) -> None:
    """Let a device pay again that found its flash put back to an earlier state.

    Somebody had the board, or put back a copy of it. What it promised meanwhile is lost to it, but owed: collect from
    its payees and settle first, and check its policy's limit per day.
    """
    _send(session, device, owner.unlock, "may pay again", locked=False)


@command("policy", "Replace its spending policy.", "sealwright owner policy limits.json --device emulated:charger")
def policy(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new policy, in JSON; see `provision --help`.")],
    device: DeviceOption,
) -> None:
    """Replace a device's spending policy."""
    limits = spending.load_policy(file, home=session.home)

    def send(home: Home, client: Client) -> None:
        owner.set_policy(home, client, limits)

    _send(session, device, send, f"may spend: {spending_words(limits, session.assets, session.names())}")


@command("clock", "Set its clock.", "sealwright owner clock --device serial:/dev/ttyACM0")
def clock(session: Session, device: DeviceOption) -> None:
    """Set a device's clock to this host's, whatever it was: it measures a network's time by this from now on."""
    _send(session, device, owner.set_clock, "has this host's time")


@command("stop", "End the trade it pays in.", "sealwright owner stop --device emulated:charger")
def stop(session: Session, device: DeviceOption) -> None:
    """End the trade that a device pays in. What it promised stays promised."""
    _send(session, device, owner.stop_trade, "has ended its trade")


@command(
    "rotate", "Give it a new key, signed in by the old one.", "sealwright owner rotate --device emulated:solar --yes"
)
def rotate(
    session: Session,
    device: NamedDevice,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Have a device make a new key, which its old one signs in, and erase the old one.

    It stays the device it was: its name, its id, its channels and its money. Verifiers, peers and the ledger follow
    once they see the rotation. A device has 8 rotations in its life; where an ATECC608 keeps the key 6, and nothing
    proves that the chip keeps the new key too: custody 2 counts as 0 then.
    """
    with session.connect(device) as client:
        prove(session.home, client)
        said = client.info()
        rotating.check_left(said, device)
        which = f"rotation {said.raw.get('rotations', 0) + 1} of {rotating.most_rotations(said)}"
        what = f"the key of {device} is erased for good once the new one is signed in: {which}"
        confirm(session, what, f"Collect first if in doubt: `sealwright collect {device} --out FILE`.", yes)
        try:
            turned = owner.rotate(session.home, client)
        except RefusedByDevice as error:
            raise rotating.refused(said, device) if error.code == "refused" else error from error
    shown = {"generation": turned.body.generation, "key": turned.body.key.device_id.hex()}
    session.emit(ok=True, device=device, id=turned.body.device.hex(), rotation=turned.raw.hex(), **shown)
    session.say(
        f"{device} has a new key, of id {turned.body.key.device_id.hex()[:16]}: rotation {turned.body.generation}"
    )


@command("wipe", "Erase its key and all it holds.", "sealwright owner wipe --device serial:/dev/ttyACM0 --yes")
def wipe(
    session: Session,
    device: NamedDevice,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: I have collected what it holds.")] = False,
) -> None:
    """Erase a device's key, promises and readings, for good. Collect first: vouchers it holds are lost with it.

    What it has in the ledger stays there, and its owner may withdraw it.
    """
    with session.connect(device) as client:
        identifier = prove(session.home, client).body.device
        found = holdings(session, identifier)
        what = f"a wipe of {device} cannot be undone: {on_board(client.info())}; {found}"
        confirm(session, what, f"Collect first: `sealwright collect {device} --out FILE`.", yes)
        owner.wipe(session.home, client)
    entry = session.home.find(identifier)
    if entry is not None:
        session.home.retire(entry)
    session.emit(ok=True, device=device, id=identifier.hex(), balances=found.as_dict())
    session.say(f"{device} is wiped; its name is free; {found}.")
    for way in found.ways_out(identifier.hex()):
        session.say(way)


@command(
    "update-key", "Lock its updates with a second key.", "sealwright owner update-key --device emulated:solar --yes"
)
def update_key(
    session: Session,
    device: NamedDevice,
    yes: Annotated[bool, typer.Option("--yes", help="I keep the home, and restore no older copy of its key.")] = False,
) -> None:
    """Have a device refuse every update that the home's hash-based key has not signed too. Only a wipe undoes it."""
    key = HssKey.find(session.home.folder)
    if key is None:
        raise Usage("this home has no hash-based key", remedy="Make one: `sealwright firmware key`.", code="no_hss_key")
    if not yes:
        remedy = "Without update.hss of this home the device can never be updated again; add --yes."
        raise Usage("this cannot be undone", remedy=remedy, code="not_confirmed")

    def send(home: Home, client: Client) -> None:
        owner.set_update_key(home, client, key.public)

    _send(session, device, send, "takes only updates with a hash-based signature now", hss=key.public.hex())


def _send(session: Session, device: str, send: Any, done: str, **shown: Any) -> None:
    """Send one command and tell of it. send: a function(home, client)."""
    home = session.home
    with session.connect(device) as client:
        send(home, client)
    session.emit(ok=True, device=device, **shown)
    session.say(f"{device} {done}")


COMMANDS: Final[tuple[Command, ...]] = (
    offer,
    pause,
    resume,
    unlock,
    policy,
    interval,
    clock,
    network,
    protect,
    order,
    stop,
    update_key,
    rotate,
    wipe,
    *OWNERSHIP,
)
