"""Run by MicroPython in a board's place: make the board and hold it against the ports. Prints "a board" at the end."""

import json

with open("contract.json") as file:
    contract = json.load(file)
ports, told = contract["ports"], contract["told"]
if told["port"] != "unix":
    from emulated.flash import mount

    mount("flash.img", "/state")  # on the board a folder of its one file system

import board  # noqa: E402


def fits(part, port):
    for name in ports[port]:
        assert hasattr(part, name), f"{part} is no {port}: it has no {name}"


made = board.make()
fits(made, "Board")
for part, port in (("clock", "Clock"), ("keystore", "KeyStore"), ("store", "Store"), ("button", "Button")):
    fits(getattr(made, part), port)
fits(made.entropy, "Entropy")
for sensor in made.sensors:
    fits(sensor, "Sensor")
for link in made.command_links:
    fits(link, "Link")
assert made.command_links
if made.peer_link:
    fits(made.peer_link, "PeerLink")
assert made.meter is None or made.meter in made.sensors
assert made.console is None or callable(made.console)

assert made.model == told["model"] and made.keystore.custody == told["custody"]
assert isinstance(made.clock.now(), int) and made.clock.quality in (0, 1, 2, 3)
before = made.clock.quality
made.clock.set(1_790_000_000, 0)  # a worse source
assert made.clock.quality == before
made.clock.set(1_790_000_000, 2)
assert made.clock.quality == max(before, 2)
assert before > 2 or 0 <= made.clock.now() - 1_790_000_000 < 5
for source in made.entropy.sources:
    assert len(source(64)) == 64
for extra in made.entropy.extras:
    assert extra(64)
assert made.button.pressed() is False
for sensor in made.sensors:
    assert sensor.read()
made.store.write("a-record", b"kept")
assert made.store.read("a-record") == b"kept" and "a-record" in made.store.names()
made.store.remove("a-record")
print("a board")
