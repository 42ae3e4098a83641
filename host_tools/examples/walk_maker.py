"""A maker's walk: a tray of five boards, from nothing to labelled devices that have each signed a reading.

python walk_maker.py FOLDER       a new folder, for the home, the boards and what the walk makes

Real boards differ in one column of the tray: `serial:/dev/ttyACM0` instead of `emulated:shed-1`.
"""

import json
from pathlib import Path

from steps import Walk, expect, new_folder

NAMES = [f"shed-{number}" for number in range(1, 6)]


def main(folder: Path) -> None:
    walk = Walk(folder, folder / "home")
    try:
        make(walk)
        look(walk)
        check(walk)
    finally:
        walk.run("emulate", "--stop", "all", show=False)
    walk.finish()


def make(walk: Walk) -> None:
    with walk.step("make a home"):
        walk.run("init", "--network", "orchard")
        walk.run("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
    with walk.step("put five boards on the bench"):
        walk.run("emulate", "unix", "-n", len(NAMES), "--name", "shed", "--sensor", "bme280", "--detach")
    with walk.step("write the tray"):
        (walk.folder / "policy.json").write_text(
            '{"assets": {"nEUR": {"per_voucher": "0.001 EUR", "per_day": "1 EUR"}}}'
        )
        lines = [f"{name},emulated:{name},unix,policy.json" for name in NAMES]
        (walk.folder / "tray.csv").write_text("\n".join(["name,device,board,policy", *lines, ""]))
    with walk.step("make the batch"):
        walk.run("batch", "--boards", "tray.csv", "--by", "bench 1")
    with walk.step("make it again: nothing is left to do"):
        made = [json.loads(line) for line in walk.run("batch", "--boards", "tray.csv", "--json").splitlines()]
        expect(made[-1]["ready"] == len(NAMES) and all(one["state"] == "already made" for one in made[:-1]), made)


def look(walk: Walk) -> None:
    with walk.step("print the labels"):
        walk.run("label", "--tray", "tray.csv", "--out", "labels.html")
        page = (walk.folder / "labels.html").read_text()
        expect(page.count("<svg") == len(NAMES) and all(f"<h1>{name}</h1>" in page for name in NAMES), page[:400])
    with walk.step("look at the factory's records"):
        walk.run("ledger", "factory", "--allow-test")


def check(walk: Walk) -> None:
    with walk.step("collect from each board"):
        walk.run("collect", "--all", "--out", "first.bundle")
    with walk.step("verify what each board signed"):
        walk.run("verify", "first.bundle", "--allow-test")
        lines = walk.run("verify", "first.bundle", "--allow-test", "--json", show=False).splitlines()
        said = [json.loads(line) for line in lines]
        readings = {one["name"] for one in said if one.get("type") == "reading" and one["ok"]}
        expect(readings == set(NAMES), said)


if __name__ == "__main__":
    main(new_folder("usage: walk_maker.py FOLDER"))
