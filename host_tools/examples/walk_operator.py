"""An operator's walk: 200 devices, many of them silent; money is settled, a device replaced and its money paid out.

python walk_operator.py FOLDER       a new folder, for the home, the boards and what the walk makes

Eight of the devices are emulated boards, of which two stop. The others are lines of the register: of these a fifth take
a call and never answer, as a device that hangs does, and the rest are switched off.
"""

import json
import secrets
import socket
import time
from dataclasses import replace
from pathlib import Path

from sealwright.home import DONE, Home, Registered
from steps import Walk, expect, new_folder

COUNT, BOARDS = 200, 8
METERS = [f"meter-{number}" for number in range(1, BOARDS)]
STOPPED = METERS[-2:]
OFF = "tcp:127.0.0.1:1"


def main(folder: Path) -> None:
    walk = Walk(folder, folder / "home")
    try:
        with socket.create_server(("127.0.0.1", 0), backlog=COUNT) as mute:
            make(walk)
            register(walk, f"tcp:127.0.0.1:{mute.getsockname()[1]}")
            trade(walk)
            gather(walk)
            gone = renew(walk)
        pay_out(walk, gone)
    finally:
        walk.run("emulate", "--stop", "all", show=False)
    walk.finish()


def make(walk: Walk) -> None:
    with walk.step("make a home and eight boards"):
        walk.run("init", "--network", "grid")
        walk.run("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
        walk.run("emulate", "unix", "-n", len(METERS), "--name", "meter", "--sensor", "ina219", "--detach", show=False)
        walk.run("emulate", "unix", "--name", "car", "--detach", show=False)
        policy = {"assets": {"nEUR": {"per_voucher": "0.00002 EUR", "per_day": "0.05 EUR"}}}
        (walk.folder / "policy.json").write_text(json.dumps(policy))
        lines = [*(f"{name},emulated:{name},unix," for name in METERS), "car,emulated:car,unix,policy.json"]
        (walk.folder / "tray.csv").write_text("\n".join(["name,device,board,policy", *lines, ""]))
        walk.run("batch", "--boards", "tray.csv")


def register(walk: Walk, mute: str) -> None:
    with walk.step("register 192 more"):
        home = Home.open(walk.folder / "home")
        known = Registered("", "", OFF, "emulated-unix", 0, DONE, "00" * 32, int(time.time()))
        for number in range(BOARDS, COUNT):
            url = OFF if number % 5 else mute
            home.register(replace(known, name=f"meter-{number}", device=secrets.token_hex(32), url=url))
    with walk.step("list all 200"):
        lines = walk.run("devices", "--json", show=False).splitlines()
        expect(sum(json.loads(line)["kind"] == "registered" for line in lines) == COUNT, lines)
    with walk.step("put the eight boards into a group"):
        walk.run("devices", "group", "street", *METERS, "car")


def trade(walk: Walk) -> None:
    with walk.step("have the car buy energy from meter-1"):
        walk.run("owner", "offer", "meter-1", "--price", "0.36 EUR/kWh")
        walk.run("ledger", "deposit", "car", "--amount", "1.50EUR")
        walk.run("pay", "--payer", "car", "--payee", "meter-1", "--amount", "0.00001EUR", "--pause-ms", 100)
    with walk.step("two boards go silent"):
        for name in STOPPED:
            walk.run("emulate", "--stop", name)


def gather(walk: Walk) -> None:
    with walk.step("collect from all 200, though most are silent"):
        asked = ("collect", "--all", "--out", "day.bundle", "--timeout", 3, "--jobs", 64, "--json")
        lines = [json.loads(line) for line in walk.run(*asked, code=3, show=False).splitlines()]
        good = [one["device"] for one in lines[-1]["devices"] if one["ok"]]
        print(f"{len(good)} of {COUNT} answered: {', '.join(good)}")
        expect(set(good) == {*METERS, "car"} - set(STOPPED), lines[-1])
    with walk.step("collect from the group alone"):
        walk.run("collect", "--group", "street", "--out", "day.bundle", "--timeout", 3, code=3)
    with walk.step("verify and settle"):
        walk.run("verify", "day.bundle", "--allow-test")
        walk.run("settle", "day.bundle", "--allow-test")
        walk.run("ledger", "balances")


def renew(walk: Walk) -> str:
    """Its id: of the board that was replaced."""
    with walk.step("replace meter-1 under its old name"):
        walk.run("emulate", "--stop", "meter-1")
        gone = str(json.loads(walk.run("devices", "forget", "meter-1", "--yes", "--json"))["device"])
        walk.run("emulate", "unix", "--name", "new-board", "--sensor", "ina219", "--detach")
        walk.run("provision", "emulated:new-board", "--name", "meter-1")
        walk.run("devices", "group", "street", "meter-1")
        walk.run("collect", "meter-1", "--out", "day.bundle")
    return gone


def pay_out(walk: Walk, gone: str) -> None:
    with walk.step("pay out what the old meter-1 earned"):
        reference = ("--reference", "invoice 12", "--allow-test")
        walk.run("ledger", "withdraw", gone[:8], "--amount", "0.00001EUR", *reference)
        walk.run("ledger", "balances")
    with walk.step("audit, export and back up"):
        walk.run("ledger", "audit", "--allow-test")
        walk.run("ledger", "export", "--out", "entries.json")
        walk.run("home", "backup", "grid.backup")


if __name__ == "__main__":
    main(new_folder("usage: walk_operator.py FOLDER"))
