"""`sealwright provision`: put identity on a device, once."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from ..home import Registered
from ..home.names import name_key
from ..link import Client
from ..operate import provisioning, spending
from ..operate.chips import check_named
from ..operate.provisioning import Provisioned
from . import chip as chips
from . import element as elements
from .commands import command
from .options import ChipOption, ChipRootOption, DaysOption, DeviceOption
from .session import Session
from .words import custody
from .words import spending as spending_words


@command(
    "provision",
    "Give a device its identity, once.",
    """
    sealwright provision --device serial:/dev/ttyACM0 --name station
    sealwright provision --device emulated:charger --name charger --policy policy.json
    sealwright provision --device emulated:charger --name charger --dry-run
    sealwright provision --device emulated:vault --name vault --lock-element SERIAL    locks its ATECC608 for ever
    sealwright provision --device emulated:vault --name vault --chip SERIAL    custody 2, if that chip signs so
    """,
)
def provision(
    session: Session,
    *,
    device: DeviceOption,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What the register and reports call it.")],
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="What it may spend, in JSON; without one it pays nothing."),
    ] = None,
    valid_days: DaysOption = None,
    lock_element: Annotated[
        str | None,
        typer.Option(
            "--lock-element",
            metavar="SERIAL",
            help="Lock the ATECC608 with this serial number for ever, without asking; --dry-run says with what.",
        ),
    ] = None,
    chip: ChipOption = None,
    chip_root: ChipRootOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
) -> None:
    """Give a device its identity: its own key, a certificate, an owner. Happens once; a call that was cut resumes.

    A policy file looks like {"assets": {"nEUR": {"per_voucher": "0.02 EUR", "per_day": "0.50 EUR"}}}; a number is in
    smallest units. It may also have "payees", "button_above" and "not_after".
    """
    home = session.home
    trust = chips.trust(session, chip, chip_root)
    limits = None if policy is None else spending.load_policy(policy, home=home)
    with session.connect(device) as client:
        if dry_run:
            _dry_run(session, client, device, name)
            return
        open_element = elements.pending(client)
        if open_element is not None:
            provisioning.plan(home, client, name)  # nothing is locked for a name that is taken
            check_named(open_element.serial, trust)  # nor in another chip than the one meant
            elements.lock(session, client, open_element, lock_element)
        with session.resumable(), session.progress("provisioning"):
            done = provisioning.provision(home, client, name, limits, valid_days, trust=trust)
    _tell(session, done)
    if not done.resumed:
        session.say(f"spending   {spending_words(limits, session.assets, session.names())}")
    _tell_limits(session, done)
    _tell_of_earlier(session, done.entry)


def _tell_limits(session: Session, done: Provisioned) -> None:
    """Say what the device's certificate is not worth, and why."""
    if done.resumed:
        session.say("An earlier call had done it; this one noted it. Its policy is that of the earlier call.")
    if done.test:
        session.say("It is an emulated board: verifiers refuse it without --allow-test.")
    if done.judged is not None:
        shown = done.judged.shown
        chips.tell_limits(session, done.judged.chip)
        chips.tell_unvouched(session, None if shown is None else shown.serial, quote(done.entry.name))


def _dry_run(session: Session, client: Client, device: str, name: str) -> None:
    steps = provisioning.plan(session.home, client, name)
    element = elements.pending(client)
    more = {} if element is None else {"element": elements.facts(element)}
    session.emit(ok=True, dry_run=True, device=device, name=name, plan=steps, **more)
    session.say(f"{device} as {name}: would {steps}")
    for line in elements.plan(element) if element is not None else ():
        session.say(line)


def _tell_of_earlier(session: Session, entry: Registered) -> None:
    """Say what still means a retired device of this name: policies have its id, and `--group` would miss this one."""
    same = [one for one in session.home.retired(entry.name) if name_key(one.name) == name_key(entry.name)]
    for group, gone in {group: one for one in same for group in one.groups if group not in entry.groups}.items():
        there = f"`sealwright devices group {quote(group)} {quote(entry.name)}` puts this one there"
        session.note(f"{gone.label} was in the group {group}: {there}.")
    if same:
        again = "`sealwright owner policy FILE` names this one to a device that pays it"
        session.note(f"Where a policy has {same[-1].label} as payee, it still means that one: {again}.")


def _tell(session: Session, done: Provisioned) -> None:
    entry, certificate = done.entry, done.certificate.body
    kept = session.home.chips.find(entry.chip) if entry.chip else None
    session.emit(
        ok=True,
        name=entry.name,
        device=entry.device,
        did=certificate.subject,
        url=entry.url,
        model=entry.model,
        custody=entry.custody,
        network=certificate.network.hex(),
        certificate=entry.certificate,
        test=done.test,
        resumed=done.resumed,
        **chips.facts(kept),
        **({"unvouched": done.judged.shown.serial} if done.judged and done.judged.shown else {}),
    )
    session.say(f"{entry.name} is provisioned.")
    session.facts(
        [
            ("device id", entry.device),
            ("did", certificate.subject),
            ("model", entry.model),
            ("custody", custody(entry.custody)),
            *([("chip", chips.words(kept))] if kept is not None else []),
            ("network", certificate.network.hex()),
        ]
    )
