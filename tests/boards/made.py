"""Run by MicroPython where a board would run: make the board and check it against the ports.

As a program it reads contract.json. Prints the kinds of the radio's links, if there is one, and "a board" at the end.
"""


def _fits(part, port, ports):
    for name in ports[port]:
        assert hasattr(part, name), f"{part} is no {port}: it has no {name}"


def check(made, ports, description):
    """made: what `make()` returned; ports: {port: members}; description: its board.json."""
    parts = [(made, "Board"), (made.clock, "Clock"), (made.keystore, "KeyStore"), (made.entropy, "Entropy")]
    parts += [(made.store, "Store"), (made.button, "Button"), (made.sleeper, "Sleeper")]
    parts += [(sensor, "Sensor") for sensor in made.sensors] + [(link, "Link") for link in made.command_links]
    parts += [(link, "PeerLink") for link in made.peer_links]
    if made.radio:
        parts.append((made.radio, "Radio"))
    if made.uplink:
        parts.append((made.uplink(), "Uplink"))
    for part, port in parts:
        _fits(part, port, ports)
    assert made.command_links
    assert made.peer_links or made.radio, "every board buys and sells"
    assert bool(made.radio) == ("wifi" in description["features"])
    assert made.meter is None or made.meter in made.sensors
    assert made.console is None or callable(made.console)
    assert made.model == description["model"] and made.keystore.custody == description["custody"]
    assert made.button.pressed() is False
    _check_clock(made.clock)
    _check_reads(made)
    assert made.sleeper.light(2) is False
    made.sleeper.rise()


def _check_clock(clock):
    before = clock.quality
    assert isinstance(clock.now(), int) and before in (0, 1, 2, 3)
    clock.set(1_790_000_000, 2)  # `seal.timekeeping` says which times are believed; a clock takes what it gets
    assert clock.quality == 2 or before > 2  # the unix board's is kept by the system
    assert before > 2 or 0 <= clock.now() - 1_790_000_000 < 5


def _check_reads(made):
    for source in made.entropy.sources:
        assert len(source(64)) == 64
    for extra in made.entropy.extras:
        assert extra(64)
    for sensor in made.sensors:
        assert sensor.read()
    made.store.write("a-record", b"kept")
    assert made.store.read("a-record") == b"kept" and "a-record" in made.store.names()
    made.store.remove("a-record")


def check_radio(radio, ports):
    """Every link that the owner may choose is made, has addresses of its kind, and keeps to what its air carries.
    Returns the kinds."""
    for kind in radio.kinds:
        link = radio.link(kind)
        _fits(link, "PeerLink", ports)
        assert link.address.partition(":")[0] == kind.replace("-", ""), link.address
        if kind == "esp-now":
            assert _longest(link) == 250
        if kind != "tcp":
            link._port.close()
    return " ".join(radio.kinds)


def _longest(link):
    """Bytes of the longest datagram that a session makes of a long message."""
    import asyncio

    from links.datagram import Session

    port, sizes = link._port, []
    port.send = lambda place, data: sizes.append(len(data))
    session = Session(port, None, bytes(8))
    session.write(bytes(1000))

    async def begin():
        try:
            await asyncio.wait_for(session.drain(), 1)
        except asyncio.TimeoutError:  # noqa: UP041  MicroPython has no other
            pass  # nobody acknowledges the first

    asyncio.run(begin())
    return max(sizes)


def main():
    import json

    with open("contract.json") as file:
        contract = json.load(file)
    if contract["description"]["port"] != "unix":
        from emulated.flash import mount

        mount("flash.img", "/state")  # on the board a folder of its one file system
    import board

    made = board.make()
    check(made, contract["ports"], contract["description"])
    if made.radio:
        import network

        station = network.WLAN(network.WLAN.IF_STA)
        station.active(True)
        station.connect("any", "any")
        print("radio:", check_radio(made.radio, contract["ports"]))
    print("a board")


if __name__ == "__main__":
    main()
